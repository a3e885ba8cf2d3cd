import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach } from 'vitest';
import { formatProblem, type Problem } from '../../src/core/problem.ts';

const created: string[] = [];

afterEach(async () => {
  await Promise.all(created.splice(0).map((path) => rm(path, { recursive: true, force: true })));
});

/** A directory of its own with these files, removed after the test. */
export async function aDirectory(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bellwether-config-'));
  created.push(directory);
  for (const [name, text] of Object.entries(files)) await write(directory, name, text);
  return directory;
}

export async function write(directory: string, name: string, text: string): Promise<void> {
  const path = join(directory, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Problems as people see them, with paths relative to `directory`. */
export function told(problems: readonly Problem[], directory: string): readonly string[] {
  return problems.map((problem) => formatProblem({ ...problem, file: relative(directory, problem.file) }));
}

export const MAIN = `prometheus: {url: "http://prometheus:9090"}
policies: [policies/*.yaml]
calendars: [calendars/*.yaml]
defaults: {policy: default}
`;

export const POLICY = `policy: default
maxReplicas: 4
calendar: desk
`;

export const CALENDAR = `calendar: desk
timezone: America/New_York
sessions:
  regular: {days: mon-fri, hours: 09:30-16:00}
windows:
  - {name: market-hours, on: regular, floor: 2}
`;

/** A whole configuration; files given override or add. */
export function aConfiguration(files: Readonly<Record<string, string>> = {}): Promise<string> {
  return aDirectory({
    'bellwether.yaml': MAIN,
    'policies/default.yaml': POLICY,
    'calendars/desk.yaml': CALENDAR,
    ...files,
  });
}

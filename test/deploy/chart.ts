import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type parse, parseAllDocuments } from 'yaml';
import { helmBinary } from '../support/helm-binary.ts';

const run = promisify(execFile);

export const CHART = fileURLToPath(new URL('../../deploy/helm/bellwether', import.meta.url));

/** An object as YAML gives it: manifests are of every kind, and tests look into them field by field. */
export type Manifest = ReturnType<typeof parse>;

export type Values = Readonly<Record<string, unknown>>;

async function withValues<T>(values: Values, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-chart-'));
  try {
    const file = join(folder, 'values.yaml');
    // JSON is YAML in which no text can be taken for something else.
    await writeFile(file, JSON.stringify(values));
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What `helm lint --strict` says; rejects where it finds fault. */
export async function lint(values: Values = {}): Promise<string> {
  const helm = await helmBinary();
  return withValues(
    values,
    async (file) => (await run(helm, ['lint', CHART, '--strict', '-f', file])).stdout,
  );
}

/** The chart as text, for the release `bellwether` in the namespace `bellwether`; rejects with helm's own words. */
export async function template(values: Values = {}): Promise<string> {
  const helm = await helmBinary();
  const args = ['template', 'bellwether', CHART, '--namespace', 'bellwether'];
  return withValues(values, async (file) => (await run(helm, [...args, '-f', file])).stdout);
}

export async function render(values: Values = {}): Promise<readonly Manifest[]> {
  return parseAllDocuments(await template(values))
    .map((document) => {
      if (document.errors[0]) throw document.errors[0];
      return document.toJS();
    })
    .filter((manifest) => manifest !== null);
}

/** The one object of a kind; throws where there are none or several. */
export function one(manifests: readonly Manifest[], kind: string): Manifest {
  const [found, ...more] = manifests.filter((each) => each.kind === kind);
  if (found === undefined || more.length > 0)
    throw new Error(`${more.length + (found ? 1 : 0)} of kind ${kind}`);
  return found;
}

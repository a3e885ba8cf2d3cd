import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');

/** Which rooms a room may import from, itself aside. The pure ones come first. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  signal: ['core'],
  calendar: ['core'],
  policy: ['core', 'signal', 'calendar'],
  decision: ['core', 'signal', 'calendar', 'policy'],
  // control/scaler.ts holds only the words of the servers' side: TriggerRef. Of ingest only label selectors are used.
  config: ['core', 'calendar', 'control', 'ingest'],
  // Other autoscalers' files, read by what reads ours.
  translate: ['core', 'calendar', 'config'],
  ingest: ['core'],
  control: ['core', 'signal', 'calendar', 'policy', 'decision', 'config', 'ingest'],
  serve: ['core', 'decision', 'control', 'ingest'],
  simulate: ['core', 'signal', 'calendar', 'policy', 'decision', 'ingest', 'serve'],
};
const PURE = ['core', 'signal', 'calendar', 'policy', 'decision'];
/** Packages that a pure room may use. */
const PURE_PACKAGES = ['zod', 'luxon'];
const IMPURE =
  /\b(Date\.now|new Date\(\)|DateTime\.(now|local|utc)\(\)|Math\.random|process\.|performance\.|setTimeout|setInterval|fetch\()/;

interface Source {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => {
    const file = join(entry.parentPath, entry.name);
    const text = readFileSync(file, 'utf8');
    const path = relative(SRC, file);
    const imports = [...text.matchAll(/(?:^(?:import|export)[^';]*from |\bimport\()\s*'([^']+)'/gm)].map(
      ([, specifier]) => specifier ?? '',
    );
    return { path, room: path.includes('/') ? (path.split('/')[0] ?? '') : '', text, imports };
  });

const code = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
const roomOf = ({ path }: Source, specifier: string): string =>
  relative(SRC, resolve(SRC, dirname(path), specifier)).split('/')[0] ?? '';

describe('the rooms of src', () => {
  it('are all known', () => {
    const rooms = new Set(sources.map(({ room }) => room));
    expect([...rooms].sort()).toEqual(['', 'cli', ...Object.keys(MAY_IMPORT)].sort());
  });

  it.each(sources.filter(({ room }) => room in MAY_IMPORT))(
    '$path imports only what its room may',
    (source) => {
      const allowed = [source.room, ...(MAY_IMPORT[source.room] ?? [])];
      const foreign = source.imports.filter(
        (specifier) => specifier.startsWith('.') && !allowed.includes(roomOf(source, specifier)),
      );
      expect(foreign).toEqual([]);
    },
  );

  it.each(sources.filter(({ room }) => PURE.includes(room)))(
    '$path has no clock, no chance and no I/O',
    (source) => {
      expect(code(source.text)).not.toMatch(IMPURE);
      const packages = source.imports.filter((specifier) => !specifier.startsWith('.'));
      expect(packages.filter((name) => !PURE_PACKAGES.includes(name))).toEqual([]);
    },
  );
});

describe('the files of src', () => {
  it.each(sources)('$path is no longer than 400 lines', ({ text }) => {
    expect(text.split('\n').length).toBeLessThanOrEqual(400);
  });

  it.each(sources)('$path has named exports, no any, no enum, no non-null assertion', ({ text }) => {
    const bare = code(text).replace(/'[^'\n]*'|`[^`]*`/g, "''");
    expect(bare).not.toMatch(/export default|\benum\s+\w+\s*\{|: any\b|as any\b|<any>/);
  });

  it('are reached from the command line: none is dead', () => {
    const reached = new Set<string>();
    const visit = (path: string): void => {
      const source = sources.find((candidate) => candidate.path === path);
      if (source === undefined || reached.has(path)) return;
      reached.add(path);
      for (const specifier of source.imports)
        if (specifier.startsWith('.')) visit(relative(SRC, resolve(SRC, dirname(path), specifier)));
    };
    const evaluation = ['load-test', 'page', 'run-workload'].map((name) => `simulate/evaluate/${name}.ts`);
    for (const entry of [
      'cli.ts',
      'backtest-worker.ts',
      'grpc-thread.ts',
      'simulate/golden.ts',
      ...evaluation,
    ])
      visit(entry);
    expect(sources.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  });
});

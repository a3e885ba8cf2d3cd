import { createHash } from 'node:crypto';
import { dirname, relative, resolve } from 'node:path';
import { expandGlob } from './globs.ts';
import { type FileText, faultOfFile, readText } from './read-file.ts';
import { parseYaml } from './yaml.ts';

/** Where bellwether.yaml names a file whose content is a secret or a certificate. */
export const SECRET_PATHS: readonly (readonly string[])[] = [
  ...['bearerTokenFile', 'caFile', 'certFile', 'keyFile'].map((key) => ['prometheus', key]),
  ['prometheus', 'basicAuth', 'passwordFile'],
  ['listen', 'http', 'bearerTokenFile'],
  ['kubernetes', 'kubeconfig'],
  ...['certFile', 'keyFile', 'clientCaFile'].map((key) => ['tls', key]),
];

export interface SourceFile {
  /** As people are shown it: relative to where bellwether.yaml was named from. */
  readonly path: string;
  readonly read: FileText;
}

/** Everything that a revision is made of, read at one moment; what is made of it needs no disk any more. */
export interface Sources {
  readonly main: SourceFile;
  readonly policies: readonly SourceFile[];
  readonly calendars: readonly SourceFile[];
  /** Patterns that matched nothing, by their place in the configuration. */
  readonly unmatched: readonly (readonly ['policies' | 'calendars', number])[];
  /** Why the file of a SECRET_PATHS entry cannot be used; one entry for each that cannot. */
  readonly faults: ReadonlyMap<readonly string[], string>;
  readonly directories: readonly string[];
  /** Hash of all that is above: equal digests make equal revisions and equal problems. */
  readonly digest: string;
}

/** Reads bellwether.yaml and all files that it names, as far as they can be read. Never rejects. */
export async function gatherSources(file: string): Promise<Sources> {
  const main = { path: file, read: await readText(file) };
  const value = 'text' in main.read ? parseYaml(main.read.text, file).documents[0]?.value : undefined;
  const base = dirname(file);
  const policies = await gatherGlobs(base, at(value, ['policies']));
  const calendars = await gatherGlobs(base, at(value, ['calendars']));
  const faults = await secretFaults(base, value);
  const found = {
    main,
    policies: policies.files,
    calendars: calendars.files,
    unmatched: [
      ...policies.unmatched.map((index) => ['policies', index] as const),
      ...calendars.unmatched.map((index) => ['calendars', index] as const),
    ],
    faults,
  };
  const directories = [...new Set([base, ...policies.directories, ...calendars.directories])];
  return { ...found, directories, digest: digestOf(base, found) };
}

/** The value at `path`; undefined where the way there does not exist. */
export function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );
}

interface Gathered {
  readonly files: readonly SourceFile[];
  readonly directories: readonly string[];
  readonly unmatched: readonly number[];
}

/** Globs are taken from the raw value: a mistake elsewhere in bellwether.yaml must not hide those in other files. */
async function gatherGlobs(base: string, patterns: unknown): Promise<Gathered> {
  const texts = Array.isArray(patterns) ? patterns : [];
  const matches = await Promise.all(
    texts.map((each) => (typeof each === 'string' ? expandGlob(base, each) : { files: [], directories: [] })),
  );
  const paths = [...new Set(matches.flatMap((match) => match.files))].filter((path) => !isTest(path));
  return {
    files: await Promise.all(paths.map(async (path) => ({ path, read: await readText(path) }))),
    directories: matches.flatMap((match) => match.directories),
    unmatched: matches.flatMap((match, index) =>
      match.files.length === 0 && typeof texts[index] === 'string' ? [index] : [],
    ),
  };
}

/** `calendars/*.yaml` means the calendars, not the tests that lie beside them. */
function isTest(path: string): boolean {
  return /\.test\.ya?ml$/.test(path);
}

async function secretFaults(base: string, value: unknown): Promise<ReadonlyMap<readonly string[], string>> {
  const faults = new Map<readonly string[], string>();
  for (const path of SECRET_PATHS) {
    const file = at(value, path);
    const fault =
      typeof file === 'string' && file !== '' ? await faultOfFile(resolve(base, file)) : undefined;
    if (fault !== undefined) faults.set(path, fault);
  }
  return faults;
}

/** Paths count relative to bellwether.yaml, so that the same configuration has the same digest wherever it is mounted. */
function digestOf(base: string, found: Omit<Sources, 'directories' | 'digest'>): string {
  const hash = createHash('sha256');
  for (const { path, read } of [found.main, ...found.policies, ...found.calendars]) {
    hash.update(
      JSON.stringify([
        relative(base, path),
        'text' in read ? read.text : null,
        'fault' in read ? read.fault : null,
      ]),
    );
  }
  hash.update(JSON.stringify([...found.faults]));
  return hash.digest('hex');
}

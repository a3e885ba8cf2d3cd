import type { Problem } from '../core/problem.ts';
import { errorAt, type Issue } from './issue.ts';
import { unreadableFile } from './read-file.ts';
import { at, type SourceFile } from './sources.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

/** What reading one document gave: its value when nothing is wrong with it. */
export interface ReadDocument<T> {
  readonly value: T | undefined;
  readonly issues: readonly Issue[];
}

export interface NamedDocument<T> extends ReadDocument<T> {
  /** Undefined where the document gives none. */
  readonly name: string | undefined;
  readonly document: YamlDocument;
}

/** All documents of one kind, each called by the value of its first key: `policy: default`. */
export interface Collection<T> {
  readonly documents: readonly NamedDocument<T>[];
  /** Of files that cannot be read, and of names given twice. */
  readonly problems: readonly Problem[];
}

export function collect<T>(
  key: 'policy' | 'calendar',
  files: readonly SourceFile[],
  read: (value: unknown) => ReadDocument<T>,
): Collection<T> {
  const parsed = files.map((file) => parseSource(file, key));
  const documents = parsed
    .flatMap((file) => file.documents)
    .map((document) => ({ ...read(document.value), document, name: nameOf(document, key) }));
  return { documents, problems: [...parsed.flatMap((file) => file.problems), ...duplicates(key, documents)] };
}

/** A file's documents; one that cannot be read, or holds nothing, is a problem. */
export function parseSource({ path, read }: SourceFile, key: string) {
  if ('fault' in read) return { documents: [], problems: [unreadableFile(path, read.fault)] };
  const { documents, problems } = parseYaml(read.text, path);
  if (documents.length > 0 || problems.length > 0) return { documents, problems };
  const message = `must hold a document that begins with "${key}:", was empty`;
  const empty: Problem = { severity: 'error', file: path, line: 1, column: 1, path: '', message };
  return { documents, problems: [empty] };
}

function nameOf(document: YamlDocument, key: string): string | undefined {
  const name = at(document.value, [key]);
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function duplicates(key: string, documents: readonly NamedDocument<unknown>[]): readonly Problem[] {
  const first = new Map<string, string>();
  return documents.flatMap(({ name, document }) => {
    if (name === undefined) return [];
    const earlier = first.get(name);
    if (earlier !== undefined)
      return document.toProblems([errorAt([key], `must be a name of its own, ${earlier} has it too`)]);
    const [place] = document.toProblems([errorAt([key], '')]);
    first.set(name, place ? `${place.file}:${place.line}` : document.file);
    return [];
  });
}

/** The documents that are right, by name. */
export function byName<T>({ documents }: Collection<T>): ReadonlyMap<string, T> {
  return new Map(
    documents.flatMap(({ name, value }) =>
      name === undefined || value === undefined ? [] : [[name, value]],
    ),
  );
}

/** Every name that is given, by right and wrong documents: a reference to a broken document is not unknown too. */
export function namesOf({ documents }: Collection<unknown>): ReadonlySet<string> {
  return new Set(documents.flatMap(({ name }) => (name === undefined ? [] : [name])));
}

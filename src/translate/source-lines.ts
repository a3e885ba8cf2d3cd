import { errorAt } from '../config/issue.ts';
import type { YamlDocument } from '../config/yaml.ts';
import type { Note } from './translation.ts';

export type Path = readonly (string | number)[];

/** The line at which something of a document stands. */
export function lineOf(document: YamlDocument, path: Path): number {
  return document.toProblems([errorAt(path, '')])[0]?.line ?? 1;
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The map at `path`, or an empty one. */
export function mapAt(value: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> {
  let found: unknown = value;
  for (const key of path) found = isMap(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  return isMap(found) ? found : {};
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const holder = mapAt(value, ...path.slice(0, -1));
  const key = path.at(-1) ?? '';
  const found = Object.hasOwn(holder, key) ? holder[key] : undefined;
  return Array.isArray(found) ? found : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A value as a note shows it. */
export function shownShort(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** A note for each document that is none of those translated. */
export function leftAlone(
  documents: readonly YamlDocument[],
  wanted: readonly YamlDocument[],
): readonly Note[] {
  return documents
    .filter((document) => !wanted.includes(document))
    .map((document) => {
      const kind = textOf(mapAt(document.value).kind);
      const what =
        kind === undefined ? 'a document of another kind' : `a document of kind ${shownShort(kind)}`;
      return { kind: 'lost' as const, line: lineOf(document, []), text: `${what}: left alone` };
    });
}

import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  visit,
  type YAMLError,
} from 'yaml';
import type { Problem } from '../core/problem.ts';
import type { Issue } from './issue.ts';
import { repairOf } from './repair.ts';
import { boundedTokens } from './yaml-size.ts';

/** No file of ours comes near it; what is larger is refused before it is parsed. */
export const MAX_YAML_BYTES = 10 * 1024 * 1024;

/** Aliases may repeat at most so much of a document: above it, it is built to exhaust memory. */
const MAX_ALIAS_COUNT = 100;

/** One document of a YAML file: its value, and where everything in it stands. */
export interface YamlDocument {
  readonly file: string;
  readonly value: unknown;
  /** Gives issues their file, line and column: of the value, of the nearest thing that exists, or of the key itself. */
  toProblems(issues: readonly Issue[]): readonly Problem[];
}

export interface YamlFile {
  readonly file: string;
  /** Documents that could be read; empty ones (`---` at the end, comments alone) are left out. */
  readonly documents: readonly YamlDocument[];
  /** Every syntax error of the file. */
  readonly problems: readonly Problem[];
}

/**
 * Reads YAML 1.2 (so `09:30`, `no` and `on` stay text), several documents a file. Never throws: duplicate keys, alias
 * bombs, cycles and bottomless nesting are problems like any other. Messages never quote the text, which may hold secrets.
 */
export function parseYaml(text: string, file: string): YamlFile {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES)
    return unreadable(file, `must be at most ${MAX_YAML_BYTES} bytes`);
  const lines = new LineCounter();
  try {
    const read = boundedTokens(text, lines);
    if ('excess' in read) return unreadable(file, read.excess);
    const composed = new Composer({
      strict: true,
      uniqueKeys: true,
      stringKeys: true,
      version: '1.2',
    }).compose(read.tokens);
    const context = { file, text, lines, hasAliases: read.hasAliases };
    const documents = [...composed].map((document) => readDocument(document, context));
    return {
      file,
      documents: documents.flatMap((each) => ('document' in each ? [each.document] : [])),
      problems: documents.flatMap((each) => ('problems' in each ? each.problems : [])),
    };
  } catch {
    return unreadable(file, 'must be YAML that can be read');
  }
}

function unreadable(file: string, message: string): YamlFile {
  return {
    file,
    documents: [],
    problems: [{ severity: 'error', file, line: 1, column: 1, path: '', message }],
  };
}

type Read = { readonly document: YamlDocument } | { readonly problems: readonly Problem[] };

interface Context {
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  readonly hasAliases: boolean;
}

function readDocument(document: Document, { file, text, lines, hasAliases }: Context): Read {
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), path: '' };
  };
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map((error) => ({
        severity: 'error',
        ...place(error.pos[0]),
        message: syntaxMessage(error),
      })),
    };
  }
  const start = document.contents?.range?.[0] ?? 0;
  if (document.contents === null || (isScalar(document.contents) && document.contents.source === ''))
    return { problems: [] };
  const alias = hasAliases ? badAlias(document) : undefined;
  if (alias) return { problems: [{ severity: 'error', ...place(alias.at), message: alias.message }] };
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    const toProblems = (issues: readonly Issue[]): readonly Problem[] =>
      issues.map(({ path, message, severity, atKey, edits }) => {
        const offset = offsetOf(document, path, atKey === true) ?? start;
        const repair = edits && repairOf(text, document, edits);
        return { severity, ...place(offset), path: path.join('.'), message, ...(repair && { repair }) };
      });
    return { document: { file, value, toProblems } };
  } catch {
    return { problems: [{ severity: 'error', ...place(start), message: 'must repeat less by aliases' }] };
  }
}

/** The parser's own sentence up to its colon: behind it some of them quote the file. */
function syntaxMessage(error: YAMLError): string {
  if (error.code === 'DUPLICATE_KEY')
    return 'must be valid YAML: a key may stand only once in a map (delete one, or join their values)';
  if (error.code === 'TAB_AS_INDENT')
    return 'must be valid YAML: tabs are not allowed as indentation (use spaces)';
  const sentence = error.message.replace(/:.*$/s, '');
  return `must be valid YAML: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}

/** The first alias that leads nowhere, or to something that contains it. */
function badAlias(document: Document): { readonly at: number; readonly message: string } | undefined {
  let bad: { readonly at: number; readonly message: string } | undefined;
  visit(document, {
    Alias(_, alias, ancestors) {
      const target = alias.resolve(document);
      if (target !== undefined && !ancestors.includes(target)) return undefined;
      const message = target
        ? 'must not be an alias of what contains it'
        : 'must be an alias of an anchor that stands before it (a glob that begins with * needs quotes)';
      bad = { at: alias.range?.[0] ?? 0, message };
      return visit.BREAK;
    },
  });
  return bad;
}

/** Offset of what `path` leads to; of the deepest thing on the way that exists, if it does not lead to the end. */
function offsetOf(
  document: Document,
  path: readonly (string | number)[],
  atKey: boolean,
): number | undefined {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0];
  for (const [depth, key] of path.entries()) {
    const container: Node | null | undefined = isAlias(node) ? node.resolve(document) : node;
    const step = stepInto(container, key);
    if (step === undefined) return offset;
    node = step.value;
    offset = atKey && depth === path.length - 1 ? step.key : (node?.range?.[0] ?? step.key ?? offset);
  }
  return offset;
}

interface StepInto {
  readonly key: number | undefined;
  readonly value: Node | null;
}

function stepInto(container: Node | null | undefined, key: string | number): StepInto | undefined {
  if (isSeq<Node>(container)) {
    const item = container.items[Number(key)];
    return item && { key: item.range?.[0], value: item };
  }
  if (!isMap<Node, Node | null>(container)) return undefined;
  const pair = container.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
  if (pair === undefined) return undefined;
  // A key without a value has an empty node behind its colon; the key is the better place to look.
  const empty = isScalar(pair.value) && pair.value.source === '';
  return { key: pair.key.range?.[0], value: empty ? null : pair.value };
}

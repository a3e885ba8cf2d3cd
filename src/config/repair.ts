import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, stringify } from 'yaml';
import type { Repair } from '../core/problem.ts';
import type { Edit } from './issue.ts';

/** A piece of text to put in place of another, by offsets into the file. */
interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

type BlockMap = { readonly items: readonly Pair<Node, Node | null>[] };

interface Source {
  readonly text: string;
  readonly document: Document;
}

type Path = Edit['path'];

/**
 * The lines that `edits` change, in the file's own words and indentation; undefined where they cannot be written as an
 * edit of the text (an alias on the way, a list that has no such item).
 */
export function repairOf(text: string, document: Document, edits: readonly Edit[]): Repair | undefined {
  const splices = edits.map((edit) => spliceOf({ text, document }, edit));
  const known = splices.filter((splice) => splice !== undefined);
  if (known.length === 0 || known.length < splices.length) return undefined;
  const repaired = [...known]
    .sort((a, b) => b.from - a.from)
    .reduce((whole, { from, to, text: put }) => whole.slice(0, from) + put + whole.slice(to), text);
  return changedLines(text.split(/\r?\n/), repaired.split(/\r?\n/));
}

function changedLines(before: readonly string[], after: readonly string[]): Repair | undefined {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const removed = before.slice(start, before.length - end);
  const added = after.slice(start, after.length - end);
  return removed.length + added.length === 0 ? undefined : { line: start + 1, removed, added };
}

function spliceOf(source: Source, edit: Edit): Splice | undefined {
  const { container, rest } = deepest(source.document.contents, edit.path);
  if (container === undefined) return undefined;
  if ('drop' in edit) return rest.length === 1 ? dropped(source, container, rest[0]) : undefined;
  const [key, ...below] = rest;
  if (!isMap<Node, Node | null>(container) || typeof key !== 'string') return undefined;
  const value = nested(below, edit.to);
  const pair = pairOf(container, key);
  if (pair) return replaced(source, pair, value);
  return container.flow ? intoFlow(source, container, key, value) : intoBlock(source, container, key, value);
}

/** The deepest map or list on the way, and what of the path is left below it. */
function deepest(
  root: Node | null,
  path: Path,
): { readonly container: Node | undefined; readonly rest: Path } {
  let node: Node | null | undefined = root;
  let depth = 0;
  while (depth < path.length - 1) {
    const inner: Node | null | undefined = childOf(node, path[depth] ?? '');
    if (!isMap(inner) && !isSeq(inner)) break;
    node = inner;
    depth += 1;
  }
  return { container: node && !isAlias(node) ? node : undefined, rest: path.slice(depth) };
}

function childOf(node: Node | null | undefined, key: string | number): Node | null | undefined {
  if (isSeq<Node>(node)) return node.items[Number(key)];
  return isMap<Node, Node | null>(node) ? pairOf(node, String(key))?.value : undefined;
}

function pairOf(map: BlockMap, key: string): Pair<Node, Node | null> | undefined {
  return map.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
}

function nested(path: Path, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

const FLOW = { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 } as const;

/** A value on one line, as it may stand within brackets too. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, inner]) => `${flow(key)}: ${flow(inner)}`)
      .join(', ')}}`;
  if (typeof value === 'string' && value.includes('\n')) return JSON.stringify(value);
  return stringify([value], FLOW).trim().slice(1, -1);
}

/** Everything behind the colon of `key:`, without the comment that may follow. */
function replaced({ text }: Source, pair: Pair<Node, Node | null>, value: unknown): Splice | undefined {
  if (isAlias(pair.value)) return undefined;
  const colon = text.indexOf(':', pair.key.range?.[1] ?? 0);
  const end = Math.max(colon + 1, endOf(text, pair.value));
  return { from: colon + 1, to: end, text: ` ${flow(value)}` };
}

/** Where a value ends: block collections themselves reach over the line break and the comments behind them. */
function endOf(text: string, node: Node | null | undefined): number {
  if ((isMap<Node, Node | null>(node) || isSeq<Node>(node)) && node.flow !== true) {
    const last: Node | Pair<Node, Node | null> | undefined = node.items.at(-1);
    if (last !== undefined) return spanOf(text, last).to;
  }
  const [from = 0, to = 0] = node?.range ?? [];
  return from + text.slice(from, to).trimEnd().length;
}

function intoFlow(
  { text }: Source,
  map: BlockMap & { readonly range?: readonly number[] | null },
  key: string,
  value: unknown,
): Splice {
  const last = map.items.at(-1);
  const put = `${flow(key)}: ${flow(value)}`;
  if (last === undefined) {
    const [from = 0, to = 0] = map.range ?? [];
    return { from, to, text: `{${put}}` };
  }
  const at = spanOf(text, last).to;
  return { from: at, to: at, text: `, ${put}` };
}

/** A line of its own behind the last setting that is one line long, so that lists stay at the end. */
function intoBlock({ text }: Source, map: BlockMap, key: string, value: unknown): Splice | undefined {
  const ends = map.items.map((pair) => spanOf(text, pair));
  const first = ends[0];
  if (first === undefined) return undefined;
  const indent = first.from - (text.lastIndexOf('\n', first.from - 1) + 1);
  const after = ends.findLast(({ from, to }) => !text.slice(from, to).includes('\n')) ?? ends.at(-1) ?? first;
  const breakAt = text.indexOf('\n', after.to);
  const at = breakAt < 0 ? text.length : breakAt;
  return { from: at, to: at, text: `\n${block({ [key]: value }, ' '.repeat(indent))}` };
}

/** Maps as lines, what they hold at last in flow: `policies: [{type: Pods, value: 100}]`. */
function block(value: Readonly<Record<string, unknown>>, indent: string): string {
  return Object.entries(value)
    .map(([key, inner]) => {
      const single = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
      return single && Object.values(inner).some((leaf) => typeof leaf === 'object')
        ? `${indent}${flow(key)}:\n${block(inner as Readonly<Record<string, unknown>>, `${indent}  `)}`
        : `${indent}${flow(key)}: ${flow(inner)}`;
    })
    .join('\n');
}

function dropped({ text }: Source, container: Node, key: string | number | undefined): Splice | undefined {
  if (!isMap<Node, Node | null>(container) && !isSeq<Node>(container)) return undefined;
  const spans = container.items.map((item) => spanOf(text, item));
  const index = isSeq(container)
    ? Number(key)
    : container.items.findIndex(({ key: name }) => isScalar(name) && String(name.value) === key);
  const span = spans[index];
  if (span === undefined) return undefined;
  const [before, next] = [spans[index - 1], spans[index + 1]];
  if (before === undefined && next === undefined) return undefined;
  if (container.flow === true)
    return before
      ? { from: before.to, to: span.to, text: '' }
      : { from: span.from, to: next?.from ?? span.to, text: '' };
  const lineStart = text.lastIndexOf('\n', span.from - 1) + 1;
  const isOwnLine = /^\s*(?:- *)?$/.test(text.slice(lineStart, span.from));
  const startsItem = isMap(container) && text.slice(lineStart, span.from).includes('-');
  // The first key of a list's item shares its line with the dash: the next key moves up to it.
  if (startsItem || !isOwnLine) return next && { from: span.from, to: next.from, text: '' };
  const breakAt = text.indexOf('\n', span.to);
  return { from: lineStart, to: breakAt < 0 ? text.length : breakAt + 1, text: '' };
}

function spanOf(
  text: string,
  item: Node | Pair<Node, Node | null>,
): { readonly from: number; readonly to: number } {
  if (!('key' in item)) return { from: item.range?.[0] ?? 0, to: endOf(text, item) };
  return {
    from: item.key.range?.[0] ?? 0,
    to: Math.max(endOf(text, item.value), item.key.range?.[1] ?? 0),
  };
}

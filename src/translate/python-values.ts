import type { Token } from './python-tokens.ts';

/** A literal's value; undefined for what only running the code would tell. */
export type Literal = number | string | boolean | null | undefined;

export interface Argument {
  /** Null for a positional argument, or for `**something`. */
  readonly key: string | null;
  readonly value: Literal;
  /** The source text, roughly: tokens joined. */
  readonly text: string;
  readonly line: number;
}

/** The value of tokens that are one literal, a known name, or arithmetic of numbers (`5 * 60`). */
export function literalOf(tokens: readonly Token[], names: ReadonlyMap<string, Literal>): Literal {
  if (tokens.length === 0 || tokens.length > 64) return undefined;
  const reader = { tokens, names, at: 0 };
  const value = sum(reader, 0);
  return reader.at === tokens.length ? value : undefined;
}

interface Reader {
  readonly tokens: readonly Token[];
  readonly names: ReadonlyMap<string, Literal>;
  at: number;
}

function operator(reader: Reader, among: string): string | undefined {
  const token = reader.tokens[reader.at];
  if (token?.kind !== 'operator' || !among.includes(token.text)) return undefined;
  reader.at++;
  return token.text;
}

function sum(reader: Reader, depth: number): Literal {
  let value = product(reader, depth);
  for (let sign = operator(reader, '+-'); sign !== undefined; sign = operator(reader, '+-')) {
    const other = product(reader, depth);
    value =
      typeof value === 'number' && typeof other === 'number'
        ? value + (sign === '+' ? other : -other)
        : undefined;
  }
  return value;
}

function product(reader: Reader, depth: number): Literal {
  let value = atom(reader, depth);
  for (let sign = operator(reader, '*/'); sign !== undefined; sign = operator(reader, '*/')) {
    const other = atom(reader, depth);
    value =
      typeof value === 'number' && typeof other === 'number'
        ? sign === '*'
          ? value * other
          : value / other
        : undefined;
  }
  return value;
}

const WORDS: ReadonlyMap<string, Literal> = new Map<string, Literal>([
  ['True', true],
  ['False', false],
  ['None', null],
]);

function atom(reader: Reader, depth: number): Literal {
  if (depth > 20) return undefined;
  if (operator(reader, '-') !== undefined) {
    const value = atom(reader, depth + 1);
    return typeof value === 'number' ? -value : undefined;
  }
  if (operator(reader, '(') !== undefined) {
    const value = sum(reader, depth + 1);
    return operator(reader, ')') === undefined ? undefined : value;
  }
  const token = reader.tokens[reader.at];
  if (token === undefined || token.kind === 'operator') return undefined;
  reader.at++;
  if (token.kind === 'number') return Number(token.text.replaceAll('_', ''));
  if (token.kind === 'string') return token.text;
  return WORDS.has(token.text) ? WORDS.get(token.text) : reader.names.get(token.text);
}

/** What one pair of brackets holds, split at its commas, and the index behind the closing one. */
export function bracketed(
  tokens: readonly Token[],
  open: number,
): { readonly parts: readonly (readonly Token[])[]; readonly next: number } {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined || token.kind === 'comment') continue;
    const bracket = token.kind === 'operator' ? token.text : '';
    if ('([{'.includes(bracket) && bracket !== '') depth++;
    if (')]}'.includes(bracket) && bracket !== '') depth--;
    if (depth === 0) return { parts: parts.filter((part) => part.length > 0), next: at + 1 };
    if (depth === 1 && bracket === ',') parts.push([]);
    else if (at > open) parts.at(-1)?.push(token);
  }
  return { parts: parts.filter((part) => part.length > 0), next: tokens.length };
}

/** `min_replicas=1` of a call, or `"min_replicas": 1` of a dict. */
export function argumentOf(part: readonly Token[], names: ReadonlyMap<string, Literal>): Argument {
  const [first, second] = part;
  const line = first?.line ?? 1;
  const keyed =
    (first?.kind === 'name' && second?.text === '=' && second.kind === 'operator') ||
    (first?.kind === 'string' && second?.text === ':' && second.kind === 'operator');
  const value = keyed ? part.slice(2) : part;
  const text = value.map((token) => token.text).join(' ');
  return {
    key: keyed ? (first?.text ?? '') : null,
    value: literalOf(value, names),
    text: text.slice(0, 60),
    line,
  };
}

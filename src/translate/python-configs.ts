import { pythonTokens, type Token } from './python-tokens.ts';
import { argumentOf, bracketed, type Literal, literalOf } from './python-values.ts';
import type { RayConfig, RayField } from './ray-fields.ts';

export interface PythonSource {
  readonly configs: readonly RayConfig[];
  readonly comments: readonly { readonly text: string; readonly line: number }[];
}

/** More than any file has that is meant to be translated. */
const MOST_CONFIGS = 50;

/**
 * Every `AutoscalingConfig(...)` and every `autoscaling_config` dict of Python text, with the literals in it. The text is
 * read, never run: what is computed is told as unreadable.
 */
export function pythonConfigs(text: string): PythonSource {
  const tokens = pythonTokens(text);
  const names = constants(tokens);
  const configs: RayConfig[] = [];
  const code = tokens.filter(({ kind }) => kind !== 'comment');
  for (let at = 0; at < code.length && configs.length < MOST_CONFIGS; at++) {
    const open = openingOf(code, at);
    if (open === undefined) continue;
    const { parts, next } = bracketed(code, open);
    const lines = { line: code[at]?.line ?? 1, lastLine: code[next - 1]?.line ?? 1 };
    configs.push({ ...nameOf(code, at, next), ...lines, fields: fieldsOf(parts, names) });
    at = next - 1;
  }
  const comments = tokens.filter(({ kind }) => kind === 'comment');
  return { configs, comments };
}

/** The index of the bracket that a config at `at` opens; undefined where none begins. */
function openingOf(code: readonly Token[], at: number): number | undefined {
  const token = code[at];
  const [next, value] = [code[at + 1], code[at + 2]];
  if (token?.kind === 'name' && token.text === 'AutoscalingConfig')
    return isOperator(next, '(') && code[at - 1]?.text !== 'class' ? at + 1 : undefined;
  if (token?.text !== 'autoscaling_config' || !isOperator(value, '{')) return undefined;
  const assigned = token.kind === 'name' ? '=' : ':';
  return token.kind !== 'operator' && isOperator(next, assigned) ? at + 2 : undefined;
}

function isOperator(token: Token | undefined, text: string): boolean {
  return token?.kind === 'operator' && token.text === text;
}

/** `NAME = literal` wherever it stands; a name that is given two values has none. */
function constants(tokens: readonly Token[]): ReadonlyMap<string, Literal> {
  const code = tokens.filter(({ kind }) => kind !== 'comment');
  const names = new Map<string, Literal>();
  const given = new Set<string>();
  for (const [index, token] of code.entries()) {
    const before = code[index - 1];
    const starts = before === undefined || before.line < token.line;
    if (token.kind !== 'name' || !starts || !isOperator(code[index + 1], '=')) continue;
    const rest: Token[] = [];
    for (let at = index + 2; at < code.length && rest.length < 32; at++) {
      const each = code[at];
      if (!each || each.line !== token.line) break;
      rest.push(each);
    }
    const value = literalOf(rest, names);
    names.set(token.text, given.has(token.text) && names.get(token.text) !== value ? undefined : value);
    given.add(token.text);
  }
  return names;
}

/** What the config is assigned to; of a decorator's or an option's argument the class or function that follows. */
function nameOf(code: readonly Token[], at: number, next: number): Pick<RayConfig, 'name' | 'deployment'> {
  let start = at;
  while (isOperator(code[start - 1], '.') && code[start - 2]?.kind === 'name') start -= 2;
  const target = isOperator(code[start - 1], '=') ? code[start - 2]?.text : undefined;
  if (target !== undefined && target !== 'autoscaling_config') return { name: target, deployment: undefined };
  for (let index = next; index < Math.min(code.length, next + 400); index++) {
    const word = code[index]?.text;
    if ((word === 'class' || word === 'def') && code[index]?.kind === 'name') {
      const name = code[index + 1]?.text ?? '';
      return { name, deployment: name };
    }
  }
  return { name: 'autoscaling', deployment: undefined };
}

function fieldsOf(
  parts: readonly (readonly Token[])[],
  names: ReadonlyMap<string, Literal>,
): readonly RayField[] {
  return parts.map((part) => {
    const { key, value, text, line } = argumentOf(part, names);
    return { key: key ?? '', value, text, line };
  });
}

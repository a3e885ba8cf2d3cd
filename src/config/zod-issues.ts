import type { z } from 'zod';
import { didYouMean } from '../core/nearest.ts';
import { shown } from '../core/problem.ts';
import { errorAt, type Issue } from './issue.ts';
import { knownKeys } from './known-keys.ts';

type ZodIssue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

/** Fields whose value may be, or be mistaken for, a secret: their values are never repeated. */
const SECRETIVE = /auth|token|password|secret|headers|^url$|file$/i;

/** What zod found wrong with `input`, in our words: one issue for each unknown key and each wrong value. */
export function zodIssues(error: z.ZodError, schema: z.core.$ZodType, input: unknown): readonly Issue[] {
  return error.issues.flatMap((issue) => translate(issue, [], { schema, input }));
}

interface Context {
  readonly schema: z.core.$ZodType;
  readonly input: unknown;
}

function translate(issue: ZodIssue, prefix: Path, context: Context): readonly Issue[] {
  const path = [...prefix, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, path, context);
  if (issue.code === 'invalid_union') return ofUnion(issue, path, context);
  if (issue.code === 'invalid_key') {
    const [first] = issue.issues;
    const message = first && isOurs(first.message) ? first.message : 'must be a valid name';
    return [{ ...errorAt(path, `${message}, was ${shown(path.at(-1))}`), atKey: true }];
  }
  const isAcross = issue.code === 'custom' && typeof valueAt(context.input, path) === 'object';
  // A rule across fields that stands at a whole group says all without repeating the group.
  return [errorAt(path, `${ruleOf(issue, path, context)}${isAcross ? '' : was(path, context.input)}`)];
}

/** One issue a key, so that each gets its own line; the nearest known name, or else all of them. */
function unknownKeys(keys: readonly string[], path: Path, { schema }: Context): readonly Issue[] {
  const known = knownKeys(schema, path);
  return keys.map((key) => ({ ...errorAt([...path, key], unknownKeyMessage(key, known)), atKey: true }));
}

/** `must be a known key` with the nearest one; where none is near, with all of them. */
export function unknownKeyMessage(key: string, known: Iterable<string>): string {
  const names = [...known];
  const hint = didYouMean(key, names) || extension(key, names);
  return hint === '' ? `must be a known key: one of ${names.join(', ')}` : `must be a known key${hint}`;
}

/** Somebody who wrote `bearerToken` meant `bearerTokenFile`, though five letters are far. */
function extension(key: string, names: readonly string[]): string {
  const found =
    key.length < 4 ? undefined : names.find((name) => name.toLowerCase().startsWith(key.toLowerCase()));
  return found === undefined ? '' : ` (did you mean "${found}"?)`;
}

/** The option that fits best is the one that takes the value's type; where none does, what they all want is listed. */
function ofUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, context: Context): readonly Issue[] {
  const fitting = issue.errors.filter(
    (issues) => !issues.some((each) => each.code === 'invalid_type' && each.path.length === 0),
  );
  const best = fitting.toSorted((a, b) => a.length - b.length)[0];
  if (best) return best.flatMap((each) => translate(each, path, context));
  const wants = issue.errors.flatMap((issues) =>
    issues.flatMap((each) => (each.code === 'invalid_type' ? [typeName(each.expected)] : [])),
  );
  const rule = wants.length > 0 ? [...new Set(wants)].join(' or ') : 'one of the forms that this field takes';
  return [errorAt(path, `must be ${rule}${was(path, context.input)}`)];
}

const isOurs = (message: string): boolean => message.startsWith('must ');

function ruleOf(issue: ZodIssue, path: Path, { input }: Context): string {
  if (isOurs(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeName(issue.expected)}`;
    case 'invalid_value':
      return oneOf(issue.values, valueAt(input, path));
    case 'too_small':
      return `must ${limit(issue.origin, Number(issue.minimum), issue.inclusive !== false, 'at least', 'greater than')}`;
    case 'too_big':
      return `must ${limit(issue.origin, Number(issue.maximum), issue.inclusive !== false, 'at most', 'less than')}`;
    case 'invalid_format':
      return `must be ${issue.format === 'regex' ? `text of the form ${issue.pattern ?? 'given'}` : `a valid ${issue.format}`}`;
    default:
      return `must be valid (${issue.message})`;
  }
}

function oneOf(values: readonly unknown[], value: unknown): string {
  const names = values.map(String);
  const hint = typeof value === 'string' ? didYouMean(value, names) : '';
  return `must be ${names.length === 1 ? '' : 'one of '}${values.map((each) => shown(each)).join(', ')}${hint}`;
}

function limit(origin: string, bound: number, inclusive: boolean, within: string, beyond: string): string {
  const words = `${inclusive ? within : beyond} ${bound}`;
  if (origin === 'string')
    return bound === 1 && within === 'at least' ? 'not be empty' : `have ${words} characters`;
  if (origin === 'array')
    return bound === 1 && within === 'at least' ? 'not be empty' : `have ${words} entries`;
  return `be ${words}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of fields',
  record: 'a map of fields',
  nonoptional: 'given',
};

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? `of type ${expected}`;
}

/** `, was <value>`; of what may be a secret only the type. */
function was(path: Path, input: unknown): string {
  const value = valueAt(input, path);
  if (value === undefined) return ', was missing';
  if (!path.some((key) => SECRETIVE.test(String(key)))) return `, was ${shown(value)}`;
  return typeof value === 'object' ? `, was ${Array.isArray(value) ? 'a list' : 'a map'}` : '';
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Record<string | number, unknown>)[key];
  }, input);
}

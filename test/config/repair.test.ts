import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Edit, warningAt } from '../../src/config/issue.ts';
import { parseYaml } from '../../src/config/yaml.ts';
import type { Repair } from '../../src/core/problem.ts';

type Path = Edit['path'];

function repairOf(text: string, edits: readonly Edit[]): Repair | undefined {
  const { documents } = parseYaml(text, 'a.yaml');
  const [problem] = documents.at(-1)?.toProblems([{ ...warningAt([], ''), edits }]) ?? [];
  return problem?.repair;
}

function applied(text: string, { line, removed, added }: Repair): string {
  const lines = text.split('\n');
  expect(lines.slice(line - 1, line - 1 + removed.length)).toEqual(removed);
  lines.splice(line - 1, removed.length, ...added);
  return lines.join('\n');
}

/** The value with the edit made, as an edit of the value would have made it; undefined where there is none to make. */
function edited(value: unknown, path: Path, to: unknown): unknown {
  const [key = '', ...rest] = path;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  if (rest.length > 0) {
    const inner = copy[key];
    const next = typeof inner === 'object' && inner !== null ? inner : {};
    copy[key] = edited(next, rest, to);
  } else if (to !== undefined) copy[key] = to;
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else delete copy[key];
  return copy;
}

const leaf = fc.oneof(
  fc.integer({ min: 0, max: 500 }),
  fc.constantFrom('text', '0', 'true', 'with: colon', '# no comment', '', "it's", 'a, b', 'two\nlines'),
  fc.boolean(),
);
const key = fc.constantFrom('alpha', 'beta', 'gamma', 'with.dots/and', 'x-y');
const { tree } = fc.letrec((tie) => ({
  tree: fc.dictionary(key, tie('node'), { minKeys: 1, maxKeys: 4 }),
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc.dictionary(key, tie('node'), { maxKeys: 3 }),
    fc.array(tie('node'), { maxLength: 3 }),
  ),
}));

/** Every path to something that is there, parents before what they hold. */
function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([name, child]) =>
    pathsOf(child, [...path, Array.isArray(value) ? Number(name) : name]),
  );
  return path.length === 0 ? inner : [path, ...inner];
}

const style = fc.record({
  indent: fc.constantFrom(2, 4),
  indentSeq: fc.boolean(),
  collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
  lineWidth: fc.constant(0),
});

describe('a repair', () => {
  it('writes what it says and nothing else, however the file is written', () => {
    let made = 0;
    fc.assert(
      fc.property(tree, style, fc.nat(), leaf, fc.nat(3), (value, options, pick, to, kind) => {
        const text = `# before\n${stringify(value, options)}`;
        const paths = pathsOf(value);
        const found = paths[pick % paths.length] ?? [];
        const isNew = kind >= 2;
        const path = isNew ? [...found.slice(0, kind - 1), 'fresh', 'inner'] : found;
        const edit: Edit = kind === 1 ? { path, drop: true } : { path, to };
        const repair = repairOf(text, [edit]);
        if (repair === undefined) return;
        made += 1;
        const repaired = applied(text, repair);
        expect(parse(repaired)).toEqual(edited(value, path, kind === 1 ? undefined : to));
        expect(repaired.startsWith('# before\n')).toBe(true);
      }),
      { numRuns: 500, seed: 20_261_121 },
    );
    expect(made).toBeGreaterThan(250);
  });

  it.each([
    ['an alias', 'a: &x {b: 1}\nc: *x\n', { path: ['c', 'b'], to: 2 }],
    ['an index that is not there', 'a: [1]\n', { path: ['a', 3], drop: true as const }],
    ['a key that is not there', 'a: {b: 1}\n', { path: ['a', 'c'], drop: true as const }],
    ['what is there already', 'a: {b: 1}\n', { path: ['a', 'b'], to: 1 }],
    ['the only key of all', 'a: 1\n', { path: ['a'], drop: true as const }],
  ])('is not offered for %s', (_, text, edit) => {
    expect(repairOf(text, [edit])).toBeUndefined();
  });

  it.each([
    ['keeps comments', 'a: 1 # why\nb: 2\n', { path: ['a'], to: 3 }, ['a: 3 # why']],
    ['fills a key without a value', 'a:\nb: 2\n', { path: ['a', 'c'], to: 3 }, ['a: {c: 3}']],
    ['fills an empty map', 'a: {}\n', { path: ['a', 'c'], to: 3 }, ['a: {c: 3}']],
    [
      'moves the next key up to the dash of its list',
      'a:\n  - b: 1\n    c: 2\n',
      { path: ['a', 0, 'b'], drop: true as const },
      ['  - c: 2'],
    ],
    [
      'stands behind the one-line settings, before lists',
      'a: 1\nlist:\n  - x\n',
      { path: ['b'], to: '0' },
      ['b: "0"'],
    ],
  ])('%s', (_, text, edit, added) => {
    expect(repairOf(text, [edit])?.added).toEqual(added);
  });

  it('is of the document that has the problem', () => {
    expect(repairOf('a: 1\n---\na: 1\n', [{ path: ['a'], to: 2 }])).toEqual({
      line: 3,
      removed: ['a: 1'],
      added: ['a: 2'],
    });
  });
});

import { describe, expect, it } from 'vitest';
import { errorAt } from '../../src/config/issue.ts';
import { MAX_YAML_BYTES, parseYaml } from '../../src/config/yaml.ts';
import { formatProblem } from '../../src/core/problem.ts';

const problemsOf = (text: string) => parseYaml(text, 'f.yaml').problems.map(formatProblem);

describe('parseYaml', () => {
  it('keeps times, no and dates as text, as YAML 1.2 has them', () => {
    const [document] = parseYaml('a: 09:30\nb: no\nc: 2026-11-27\nd: 16:00-17:00', 'f.yaml').documents;
    expect(document?.value).toEqual({ a: '09:30', b: 'no', c: '2026-11-27', d: '16:00-17:00' });
  });

  it('gives each document of a file and leaves empty ones out', () => {
    expect(
      parseYaml('# a\n---\na: 1\n---\n---\nb: 2\n---\n', 'f.yaml').documents.map((each) => each.value),
    ).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it('tells the syntax errors of every document at their places', () => {
    expect(problemsOf('a: 1\na: 2\n---\nb: [1, 2\nc: 3\n---\nd: *x\n')).toEqual([
      'f.yaml:2:1: must be valid YAML: a key may stand only once in a map (delete one, or join their values)',
      'f.yaml:5:1: must be valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
      'f.yaml:7:4: must be an alias of an anchor that stands before it (a glob that begins with * needs quotes)',
    ]);
  });

  it.each([
    { name: 'flow brackets', text: '['.repeat(20_000) },
    { name: 'flow maps', text: '{a: '.repeat(20_000) },
    { name: 'block sequences', text: '- '.repeat(5_000) },
    { name: 'explicit keys', text: '? '.repeat(5_000) },
  ])('refuses bottomless nesting of $name', ({ text }) => {
    expect(problemsOf(text)).toEqual(['f.yaml:1:1: must be nested less deeply']);
  });

  it('refuses an alias bomb', () => {
    const row = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]\n`;
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${row('b', 'a')}${row('c', 'b')}${row('d', 'c')}${row('e', 'd')}`;
    expect(problemsOf(bomb)).toEqual(['f.yaml:1:1: must repeat less by aliases']);
  });

  it('refuses an alias of what contains it, and of nothing', () => {
    expect(problemsOf('a: &a\n  b: *a\n')).toEqual(['f.yaml:2:6: must not be an alias of what contains it']);
    expect(problemsOf('a: *nothing\n')).toEqual([
      'f.yaml:1:4: must be an alias of an anchor that stands before it (a glob that begins with * needs quotes)',
    ]);
  });

  it('refuses a file larger than the limit before it parses it', () => {
    expect(problemsOf(`a: ${'x'.repeat(MAX_YAML_BYTES)}`)).toEqual([
      `f.yaml:1:1: must be at most ${MAX_YAML_BYTES} bytes`,
    ]);
  });

  it.each([
    '"hunter2',
    'a: @hunter2',
    'a: b: hunter2',
    '*hunter2',
    'a: |hunter2',
    '!<hunter2',
    'a: [hunter2',
    '"\\hunter2"',
    '- hunter2\nhunter2',
    "'hunter2' hunter2",
  ])('does not repeat the text of %s', (text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join()).not.toContain('hunter2');
  });
});

describe('positions', () => {
  const [document] = parseYaml('# top\na:\n  b: [1, {c: 2}]\nd:\n  e:\n', 'f.yaml').documents;

  it.each([
    { name: 'a value', path: ['a', 'b', 1, 'c'], at: '3:14' },
    { name: 'a list item', path: ['a', 'b', 0], at: '3:7' },
    { name: 'a missing key at its parent', path: ['a', 'x'], at: '3:3' },
    { name: 'a missing key below a missing key at what exists', path: ['a', 'b', 7, 'y'], at: '3:6' },
    { name: 'an empty value at its key', path: ['d', 'e'], at: '5:3' },
    { name: 'the document', path: [], at: '2:1' },
  ])('are of $name', ({ path, at }) => {
    const [problem] = document?.toProblems([errorAt(path, 'x')]) ?? [];
    expect(`${problem?.line}:${problem?.column}`).toBe(at);
  });

  it('are of the key itself when the key is wrong', () => {
    const [problem] = document?.toProblems([{ ...errorAt(['a', 'b'], 'x'), atKey: true }]) ?? [];
    expect([problem?.line, problem?.column, problem?.path]).toEqual([3, 3, 'a.b']);
  });

  it('lead through an alias', () => {
    const [aliased] = parseYaml('a: &x {b: 1}\nc: *x\n', 'f.yaml').documents;
    const [problem] = aliased?.toProblems([errorAt(['c', 'b'], 'x')]) ?? [];
    expect([problem?.line, problem?.column]).toEqual([1, 11]);
  });
});

it.each(['a: 1', 'a: [', '\u0000'])('leaves the environment where it was after %j', (text) => {
  const { env } = process;
  parseYaml(text, 'f.yaml');
  expect(process.env).toBe(env);
});

import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFiles } from '../../src/config/check.ts';
import { aDirectory, told } from './files.ts';

const NOW = Date.parse('2026-07-01T12:00:00Z');
const CALENDARS = ['us-equities', 'tse', 'us-futures', 'us-macro'].map((name) =>
  readFileSync(new URL(`../../calendars/${name}.yaml`, import.meta.url), 'utf8').slice(0, 4_000),
);

async function checkBytes(bytes: Uint8Array | string): Promise<{ told: readonly string[]; ms: number }> {
  const directory = await aDirectory({});
  const path = join(directory, 'a.yaml');
  await writeFile(path, bytes);
  // Of the processor, not of the clock: other tests run at the same time.
  const start = process.cpuUsage();
  const { problems } = await checkFiles([path], NOW);
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1_000;
  for (const { line, column } of problems) expect(Math.min(line, column)).toBeGreaterThanOrEqual(0);
  return { told: told(problems, directory), ms };
}

const MB = 1_000_000;
const rows = (count: number) =>
  `calendar: a\ntimezone: UTC\nsessions: {s: {days: daily, hours: "09:30-16:00"}}\nholidays:\n${'  - {date: 2026-01-01, name: x, source: y}\n'.repeat(count)}`;

describe('a large file', () => {
  const tokens = 'a.yaml:1:1: must have at most 300000 lines and YAML tokens: split it into several files';
  const large = (size: number) =>
    `a.yaml:0:0: must be a file that can be read, was larger than ${size} bytes`;
  it.each([
    ['rows', rows(230_000), tokens],
    ['flow', `[${'1,'.repeat(5 * MB)}]`, tokens],
    ['nested flow', '['.repeat(250_000), 'a.yaml:1:1: must be nested less deeply'],
    ['nested dashes', '- '.repeat(140_000), 'a.yaml:1:1: must be nested less deeply'],
    ['brackets in text', `a: |\n${'  [\n'.repeat(400)}b: "[[["\n`, undefined],
    ['documents', '---\na: 1\n'.repeat(MB), tokens],
    ['line ends', '\n'.repeat(10 * MB), tokens],
    ['dashes', '- '.repeat(5 * MB), tokens],
    ['colons', ': '.repeat(5 * MB), tokens],
    [
      'many keys',
      Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join('\n'),
      'a.yaml:1:1: must have at most 5000 keys in one map',
    ],
    [
      'one key again and again',
      'a: 1\n'.repeat(40_000),
      'a.yaml:1:1: must have at most 5000 keys in one map',
    ],
    ['aliases', `- &a x\n${'- *a\n'.repeat(50_000)}`, 'a.yaml:1:1: must have at most 100 aliases'],
    ['ten megabytes and one byte', 'a'.repeat(10 * 1024 * 1024 + 1), large(10_485_760)],
    ['one scalar', `calendar: ${'x'.repeat(10 * MB)}`, undefined],
    ['one quoted scalar without an end', `a: "${'x\n'.repeat(5 * MB)}`, tokens],
    ['a comment', `# ${'x'.repeat(10 * MB)}`, undefined],
    ['spaces', ' '.repeat(10 * MB), undefined],
    ['NUL bytes', '\u0000'.repeat(10 * MB), undefined],
  ])('of %s is refused, or read, soon', async (_, text, first) => {
    const { told, ms } = await checkBytes(text);
    if (first !== undefined) expect(told).toEqual([first]);
    expect(ms).toBeLessThan(2_500);
  });

  it('of as many rows as a list may have is read soon', async () => {
    const dates = Array.from({ length: 2_000 }, (_, index) =>
      new Date(Date.UTC(2020, 0, 1) + index * 86_400_000).toISOString().slice(0, 10),
    );
    const text = `calendar: a\ntimezone: UTC\nsessions: {s: {days: daily, hours: "09:30-16:00"}}\nholidays:\n${dates.map((date) => `  - {date: ${date}}\n`).join('')}`;
    const { told, ms } = await checkBytes(text);
    expect(told).toEqual([]);
    expect(ms).toBeLessThan(2_500);
  });
});

describe('a bomb of aliases', () => {
  it('is refused and not expanded', async () => {
    const levels = Array.from(
      { length: 20 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(5)}]`,
    ).join('\n');
    const { told, ms } = await checkBytes(`l0: &l0 x\n${levels}\n`);
    expect(told).toEqual(['a.yaml:1:1: must repeat less by aliases']);
    expect(ms).toBeLessThan(1_000);
  });
});

/** Edits that people, editors and merges make, and some that only malice does. */
const FRAGMENTS = [
  '\t',
  '  ',
  '\n',
  ':',
  ': ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '#',
  '&a ',
  '*a',
  '!!str ',
  '|',
  '>',
  '%YAML 1.1\n',
  '---\n',
  '...\n',
  '<<: ',
  '\u0000',
  '\u2028',
  '\ufeff',
  'no',
  '780',
  '1e9',
  '09:30',
  '2026-13-45',
  '<<<<<<< HEAD\n',
  '=======\n',
  '? ',
  '~',
  'null',
  '__proto__: 1\n',
  'date',
  'floor: -1',
];

describe('a mutated calendar', () => {
  it('is read or refused with places, and never crashes', async () => {
    const edit = fc.record({
      at: fc.nat({ max: 4_000 }),
      cut: fc.nat({ max: 30 }),
      put: fc.constantFrom(...FRAGMENTS),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CALENDARS),
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        async (source, edits) => {
          let text = source;
          for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut);
          const { told } = await checkBytes(text);
          for (const line of told) expect(line).toMatch(/^a\.yaml:\d+:\d+/);
        },
      ),
      { numRuns: 120 },
    );
  });

  it('of any bytes is too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        const { told } = await checkBytes(bytes);
        for (const line of told) expect(line).toMatch(/^a\.yaml:\d+:\d+/);
      }),
      { numRuns: 80 },
    );
  });
});

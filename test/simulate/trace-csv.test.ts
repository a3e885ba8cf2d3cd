import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/core/problem.ts';
import { scaleTrace } from '../../src/simulate/scale-trace.ts';
import { parseTrace } from '../../src/simulate/trace-csv.ts';
import { loadTrace } from '../../src/simulate/trace-file.ts';

const HEADER = 'arrival_s,prompt_tokens,output_tokens';
const read = (...rows: readonly string[]) => parseTrace([HEADER, ...rows, ''].join('\n'), 't.csv', 1_000_000);
const said = (...rows: readonly string[]) => read(...rows).problems.map(formatProblem);

describe('a trace', () => {
  it('is read into columns, seconds from its start', () => {
    const { trace, problems } = read('0,10,2', '0.25,20,3', '0.25,21,1');
    expect(problems).toEqual([]);
    expect([...trace.arrivedAt]).toEqual([1_000_000, 1_000_250, 1_000_250]);
    expect([...trace.promptTokens, ...trace.outputTokens]).toEqual([10, 20, 21, 2, 3, 1]);
  });

  it('may have its columns in any order, tenants, a byte order mark and Windows line ends', () => {
    const text = '\uFEFFtenant,output_tokens,arrival_s,prompt_tokens\r\nb,2,1,10\r\na,3,2,11\r\n';
    const { trace, problems } = parseTrace(text, 't.csv', 0);
    expect(problems).toEqual([]);
    expect(trace.tenants).toEqual(['b', 'a']);
    expect([...trace.tenant]).toEqual([0, 1]);
    expect([...trace.promptTokens]).toEqual([10, 11]);
  });

  it.each([
    {
      name: 'unsorted',
      rows: ['5,1,1', '4,1,1'],
      says: 't.csv:3:1 arrival_s: must not be before the row above (5), was 4',
    },
    { name: 'negative', rows: ['-1,1,1'], says: 't.csv:2:1 arrival_s: must be seconds from 0, was "-1"' },
    { name: 'NaN', rows: ['NaN,1,1'], says: 't.csv:2:1 arrival_s: must be seconds from 0, was "NaN"' },
    {
      name: 'infinite',
      rows: ['1e999,1,1'],
      says: 't.csv:2:1 arrival_s: must be seconds from 0, was "1e999"',
    },
    { name: 'empty cell', rows: [',1,1'], says: 't.csv:2:1 arrival_s: must be seconds from 0, was ""' },
    {
      name: 'no output',
      rows: ['1,1,0'],
      says: 't.csv:2:1 output_tokens: must be a whole number from 1 to 10000000, was "0"',
    },
    {
      name: 'fraction of a token',
      rows: ['1,1.5,1'],
      says: 't.csv:2:1 prompt_tokens: must be a whole number from 1 to 10000000, was "1.5"',
    },
    { name: 'a cell too few', rows: ['1,1'], says: 't.csv:2:1: must have 3 cells as the header has, was 2' },
    { name: 'nothing', rows: [], says: 't.csv:1:1: must have at least one row below the header' },
  ])('is refused by its row: $name', ({ rows, says }) => {
    expect(said(...rows)).toContain(says);
  });

  it.each([
    {
      header: 'arrival_s,prompt_tokens',
      says: 't.csv:1:1 output_tokens: must be a column of the header, was missing',
    },
    {
      header: `${HEADER},arrival_s`,
      says: 't.csv:1:1 arrival_s: must stand in the header once',
    },
    {
      header: `${HEADER},tennant`,
      says: 't.csv:1:1: must be one of arrival_s, prompt_tokens, output_tokens, tenant, was "tennant" (did you mean "tenant"?)',
    },
  ])('is refused by its header alone: $header', ({ header, says }) => {
    const { problems } = parseTrace(`${header}\n1,x,y,z\n`, 't.csv', 0);
    expect(problems.map(formatProblem)).toEqual([says]);
  });

  it('tells every error, the first 20 in full', () => {
    const problems = said(...Array.from({ length: 50 }, () => 'x,1,1'));
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toContain('and 30 more errors');
  });

  it('that repeats rows is read with a warning that counts them', () => {
    const { problems, trace } = read('1,2,3', '1,2,3', '1,2,3');
    expect(trace.length).toBe(3);
    expect(problems).toMatchObject([{ severity: 'warning', line: 3 }]);
    expect(problems[0]?.message).toContain('and 1 more repeats');
  });

  it('of twenty times the volume has twenty times the requests, in order and within its own span', () => {
    const rows = Array.from({ length: 100 }, (_, index) => `${index * 60},5,5`);
    const scaled = scaleTrace(read(...rows).trace, 20, 1);
    expect(scaled.length).toBe(2_000);
    expect([...scaled.arrivedAt]).toEqual([...scaled.arrivedAt].sort((a, b) => a - b));
    expect(scaled.arrivedAt[0]).toBeGreaterThanOrEqual(1_000_000);
    expect(scaled.arrivedAt.at(-1)).toBeLessThanOrEqual(1_000_000 + 99 * 60_000);
  });
});

describe('a trace file', () => {
  let folder = '';
  const text = [HEADER, ...Array.from({ length: 500 }, (_, index) => `${index},10,2`), ''].join('\n');
  const file = async (name: string, bytes: string | Buffer) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trace-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is told by its bytes, not by its name, to be gzipped', async () => {
    for (const [name, bytes] of [['plain.gz', text] as const, ['zipped.csv', gzipSync(text)] as const]) {
      const { trace } = await loadTrace(await file(name, bytes), 0);
      expect(trace?.length).toBe(500);
    }
  });

  it('cut short in its gzip is refused whole', async () => {
    const path = await file('cut.csv.gz', gzipSync(text).subarray(0, 400));
    const { trace, problems } = await loadTrace(path, 0);
    expect(trace).toBeNull();
    expect(problems.map(({ message }) => message)).toEqual(['must be a whole gzip file, was cut short']);
  });

  it('with a broken gzip is refused', async () => {
    const bytes = gzipSync(text);
    bytes.fill(0xff, 20, 60);
    const { trace, problems } = await loadTrace(await file('broken.csv.gz', bytes), 0);
    expect(trace).toBeNull();
    expect(problems[0]?.message).toMatch(/^must be a gzip file that unpacks/);
  });

  it('that is not there says so', async () => {
    await expect(loadTrace(join(folder, 'none.csv'), 0)).rejects.toThrow(
      /none\.csv: cannot be read \(ENOENT\)/,
    );
  });
});

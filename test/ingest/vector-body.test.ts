import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pointsIn } from '../../src/ingest/points.ts';
import { parseAnswer, parseVector } from '../../src/ingest/prometheus-answer.ts';
import { SeriesBook } from '../../src/ingest/series-book.ts';
import { createSlicer } from '../../src/ingest/slices.ts';
import { readVectorBody } from '../../src/ingest/vector-body.ts';

const slicer = createSlicer();

/** The text in chunks that end at these bytes, which may cut a character; each chunk's memory is used again. */
async function* chunked(text: string, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  let from = 0;
  for (const cut of [...cuts, bytes.length].map((one) => one % (bytes.length + 1)).sort((a, b) => a - b)) {
    if (cut <= from) continue;
    const chunk = Buffer.from(bytes.subarray(from, cut));
    yield chunk;
    chunk.fill(0x7b);
    from = cut;
  }
}

/** What the client makes of a body: the points taken on the way and those that were left, or why there are none. */
async function read(
  text: string,
  { cuts = [], book = new SeriesBook() }: { cuts?: number[]; book?: SeriesBook },
) {
  const { vector, rest } = await readVectorBody(chunked(text, cuts), {
    limit: 1e8,
    slicer,
    book,
    query: 'up',
  });
  const items = [...pointsIn(vector)];
  const answer = parseAnswer(200, rest);
  if (!answer.ok) return answer;
  const left = parseVector(answer.value);
  return left.ok ? { ok: true, value: [...items, ...left.value] } : left;
}

const nasty = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('},"value":[', '"result":[{"metric":', ']}}', '\\', '"', 'é'.repeat(40), '__proto__', '1'),
);
const number = fc.oneof(
  fc.constantFrom(
    'NaN',
    '+Inf',
    '-Inf',
    '0',
    '-0',
    '-1.5',
    '1e9',
    '1.',
    '.5',
    '00.10',
    '9007199254740993',
    '',
  ),
  fc.double().map(String),
  fc.integer().map(String),
  fc.nat(1e6).map((value) => String(value / 1000)),
);
const vector = fc.array(
  fc.record({
    metric: fc.dictionary(nasty, nasty),
    value: fc.tuple(fc.oneof(fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true })), number),
  }),
  { maxLength: 12 },
);
const textOf = (result: unknown, space = 0): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }, null, space);

describe('the points of an instant query', () => {
  it('are those that JSON.parse sees, wherever it is cut, whatever its labels hold, read again and again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(vector, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.constantFrom(0, 2),
        async (results, cuts, space) => {
          const book = new SeriesBook();
          for (const result of [...results, ...results]) {
            const text = textOf(result, space);
            const plain = parseVector(JSON.parse(text).data);
            expect(await read(text, { cuts, book })).toMatchObject(plain);
            book.sweep();
          }
        },
      ),
      { numRuns: 300, seed: 11 },
    );
  });

  const many = (value: (pod: number) => string) =>
    Array.from({ length: 3_000 }, (_, pod) => ({
      metric: { pod: `p${pod}`, zone: 'a' },
      value: [1.5, value(pod)],
    }));

  const once = (book: SeriesBook, result: readonly unknown[]) =>
    readVectorBody(chunked(textOf(result), [50_000]), { limit: 1e8, slicer, book, query: 'up' });

  it('are the same list of labels as long as the same series come in the same order', async () => {
    const book = new SeriesBook();
    const first = await once(book, many(String));
    const second = await once(
      book,
      many((pod) => (pod === 7 ? 'NaN' : String(-pod))),
    );
    expect(first.vector.metrics).toHaveLength(3_000);
    expect(second.vector.metrics).toBe(first.vector.metrics);
    expect([...second.vector.values.slice(6, 9)]).toEqual([-6, Number.NaN, -8]);
    expect(book.size).toBe(3_000);
  });

  it.each<{ name: string; change: (all: unknown[]) => unknown[] }>([
    { name: 'one has gone', change: (all) => all.toSpliced(100, 1) },
    { name: 'the last ones have gone', change: (all) => all.slice(0, -5) },
    { name: 'many have gone', change: (all) => all.toSpliced(100, 1_000) },
    {
      name: 'one is new',
      change: (all) => all.toSpliced(2_000, 0, { metric: { pod: 'new' }, value: [1.5, '7'] }),
    },
    {
      name: 'many are new, some side by side',
      change: (all) =>
        all.flatMap((one, index) => {
          const newcomers = index === 1_500 ? 40 : index % 50 === 0 ? 1 : 0;
          return [...Array(newcomers).fill({ metric: { pod: 'new' }, value: [1.5, '7'] }), one];
        }),
    },
    { name: 'they come in another order', change: (all) => all.toReversed() },
  ])('keep their labels when $name', async ({ change }) => {
    const book = new SeriesBook();
    const first = await once(book, many(String));
    const known = new Map(first.vector.metrics.map((metric) => [metric.pod, metric]));
    const changed = change(many(String));
    const second = await once(book, changed);
    expect({ ok: true, value: [...pointsIn(second.vector)] }).toEqual(
      parseVector(JSON.parse(textOf(changed)).data),
    );
    for (const metric of second.vector.metrics)
      if (metric.pod !== 'new') expect(metric).toBe(known.get(metric.pod));
    const third = await once(book, changed);
    expect(third.vector.metrics).toBe(second.vector.metrics);
    expect(book.size).toBe(second.vector.metrics.length);
  });

  it('are forgotten when their query is no longer asked', async () => {
    const book = new SeriesBook();
    await read(textOf(many(String)), { book });
    book.sweep();
    expect(book.size).toBe(3_000);
    book.sweep();
    expect(book.size).toBe(0);
  });

  it('of an answer that was cut off do not take the place of those that are known', async () => {
    const book = new SeriesBook();
    await once(book, many(String));
    await read(textOf(many(String)).slice(0, 70_000), { book });
    expect(book.size).toBe(3_000);
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, -40), 'half of it'],
    [
      'with a label that is no text',
      (text: string) => text.replace('"p500"', '500'),
      'a vector that is not one',
    ],
    ['with something between two series', (text: string) => text.replace('},{', '},,{'), 'no JSON'],
    ['with a comma at its end', (text: string) => text.replace(']}]', ']},]'), 'no JSON'],
  ])('%s are an error', async (_, broken, words) => {
    const answer = await read(broken(textOf(many(String))), { cuts: [1_000, 30_000] });
    expect(answer).toMatchObject({ ok: false, error: expect.stringContaining(words) });
  });

  it('end with what is allowed and no more', async () => {
    const reading = readVectorBody(chunked(textOf(many(String)), [10, 20, 5_000]), {
      limit: 4_000,
      slicer,
      book: new SeriesBook(),
      query: 'up',
    });
    await expect(reading).rejects.toThrow('4000 bytes');
  });
});

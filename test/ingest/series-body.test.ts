import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnswer, parseVector, pointOf } from '../../src/ingest/prometheus-answer.ts';
import { readSeriesBody } from '../../src/ingest/series-body.ts';
import { createSlicer } from '../../src/ingest/slices.ts';

const slicer = createSlicer();

/** The text in chunks that end at these bytes, which may cut a character. */
async function* chunked(text: string, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const to = cut % (bytes.length + 1);
    if (to > from) yield bytes.subarray(from, to);
    from = Math.max(from, to);
  }
  yield bytes.subarray(from);
}

/** What the client makes of a body: the series taken on the way and those that were left, or why there are none. */
async function read(text: string, cuts: readonly number[] = []) {
  const { items, rest } = await readSeriesBody(chunked(text, cuts), { limit: 1e8, slicer, itemOf: pointOf });
  const answer = parseAnswer(200, rest);
  if (!answer.ok) return answer;
  const left = parseVector(answer.value);
  return left.ok ? { ok: true, value: [...items, ...left.value], taken: items.length } : left;
}

const nasty = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('},{"metric":', '"result":[{"metric":', ']}}', '\\', '"', 'é'.repeat(40), '},{', 'metric'),
);
const vector = fc.array(
  fc.record({
    metric: fc.dictionary(nasty, nasty),
    value: fc.tuple(fc.nat(), fc.constantFrom('1', '0.5', 'NaN')),
  }),
  { maxLength: 12 },
);
const documentOf = (result: unknown, more: object = {}): object => ({
  status: 'success',
  data: { resultType: 'vector', result },
  ...more,
});

describe('the series of a body that comes in chunks', () => {
  it('are those that JSON.parse sees, wherever it is cut and whatever its labels hold', async () => {
    await fc.assert(
      fc.asyncProperty(
        vector,
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.boolean(),
        async (result, cuts, pretty) => {
          const text = JSON.stringify(documentOf(result), null, pretty ? 2 : 0);
          const plain = parseVector(JSON.parse(JSON.stringify({ resultType: 'vector', result })));
          expect(await read(text, cuts)).toMatchObject(plain);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are taken while it comes, not left to the end', async () => {
    const result = Array.from({ length: 1_000 }, (_, pod) => ({
      metric: { pod: `p${pod}` },
      value: [1, '2'],
    }));
    const text = JSON.stringify(documentOf(result));
    expect(await read(text, [5_000, 10_000, 30_000])).toMatchObject({
      taken: expect.toSatisfy((n) => n > 500),
    });
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, -40), 'half of it'],
    [
      'with a series that is none',
      (text: string) => text.replace('"p500"', '500'),
      'a vector that is not one',
    ],
    [
      'with a warning behind',
      (text: string) => text.replace(/}$/, ',"warnings":["store b: down"]}'),
      'in part only',
    ],
    ['with an error behind', (text: string) => text.replace(/}$/, ',"status":"error","error":"no"}'), 'no'],
  ])('are none of an answer %s', async (_name, spoil, message) => {
    const result = Array.from({ length: 1_000 }, (_, pod) => ({
      metric: { pod: `p${pod}` },
      value: [1, '2'],
    }));
    const answer = await read(spoil(JSON.stringify(documentOf(result))), [7_000, 20_000]);
    expect(answer).toMatchObject({ ok: false, error: expect.stringContaining(message) });
  });

  it('stop at the limit', async () => {
    const body = chunked('x'.repeat(1_000), [400, 800]);
    await expect(readSeriesBody(body, { limit: 500, slicer, itemOf: pointOf })).rejects.toThrow(
      'more than 500',
    );
  });
});

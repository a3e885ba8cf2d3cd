import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_TEXTS, TextReader, type Texts, TextWriter, viewOf } from '../../src/ingest/texts.ts';

/** Texts as a store's series are: parts of a few kinds, so that many begin or end alike, are the same, or hold another one. */
const aText = fc
  .array(fc.constantFrom('', 'a', 'ab', 'pod="vllm-1"', 'pod="vllm-10"', 'x'.repeat(90)), { maxLength: 5 })
  .map((parts) => parts.join(','));
const someTexts = fc.array(aText, { maxLength: 100 });

function written(texts: readonly string[]): Texts {
  const writer = new TextWriter(texts.length);
  for (const text of texts) writer.add(Buffer.from(`-${text}-`), 1, 1 + text.length);
  return writer.texts();
}

function textAt(reader: TextReader, place: number): string {
  const { bytes, length } = reader.read(place);
  return bytes.toString('latin1', 0, length);
}

describe('texts that are kept without what they share', () => {
  it('are what was written, read in any order', () => {
    fc.assert(
      fc.property(someTexts, fc.array(fc.nat(), { maxLength: 50 }), (texts, order) => {
        const reader = new TextReader(written(texts));
        for (const [place, text] of texts.entries()) expect(textAt(reader, place)).toBe(text);
        for (const any of order
          .map((one) => one % (texts.length || 1))
          .filter((place) => place < texts.length))
          expect(textAt(reader, any)).toBe(texts[any]);
      }),
    );
  });

  it('are found again where they stand and nowhere else, in one buffer or in several', () => {
    fc.assert(
      fc.property(
        someTexts,
        fc.array(fc.tuple(fc.nat(), fc.nat(), aText), { maxLength: 50 }),
        fc.array(fc.boolean(), { maxLength: 100 }),
        (texts, others, cuts) => {
          const reader = new TextReader(written(texts));
          const bodies: Buffer[] = [];
          for (const [place, text] of texts.entries()) {
            const isOn = bodies.length > 0 && !cuts[place];
            const before = isOn ? (bodies.pop() ?? Buffer.alloc(0)) : Buffer.alloc(0);
            bodies.push(Buffer.concat([before, Buffer.from(text)]));
          }
          let at = 0;
          let body = bodies.shift() ?? Buffer.alloc(0);
          let view = viewOf(body);
          for (const [place, text] of texts.entries()) {
            if (at === body.length && bodies.length > 0 && (cuts[place] ?? false) && place > 0) {
              body = bodies.shift() ?? body;
              view = viewOf(body);
              at = 0;
            }
            expect(reader.find(place, view, at)).toBe(text.length);
            at += text.length;
          }
          for (const [any, start, text] of others) {
            if (texts.length === 0) return;
            const place = any % texts.length;
            const from = start % (text.length + 1);
            const wanted = texts[place] ?? '';
            const length = text.startsWith(wanted, from) ? wanted.length : 0;
            expect(reader.find(place, viewOf(Buffer.from(text)), from)).toBe(length);
          }
        },
      ),
    );
  });

  it('are told from one that differs in a single byte, wherever that is', () => {
    const texts = [
      '{"pod":"vllm-1","tenant":"a"}',
      '{"pod":"vllm-2","tenant":"a"}',
      '{"pod":"vllm-2","tenant":"b"}',
    ];
    const kept = written(texts);
    for (let at = 0; at < texts.join('').length; at++) {
      const body = Buffer.from(texts.join(''));
      body[at] = (body[at] ?? 0) ^ 1;
      const reader = new TextReader(kept);
      const view = viewOf(body);
      let start = 0;
      const found = texts.map((text, place) => {
        const length = reader.find(place, view, start);
        start += text.length;
        return length > 0;
      });
      expect(found).toEqual(texts.map((_, place) => place !== Math.floor(at / (texts[0] ?? '').length)));
    }
  });

  it('take a quarter where labels are mostly the same, and all that they have where nothing is', () => {
    const series = Array.from({ length: 1_000 }, (_, pod) => {
      const labels = {
        engine: '0',
        model_name: 'org/model',
        namespace: 'llm',
        pod: `vllm-${pod}`,
        tenant: 't',
      };
      return `{"metric":${JSON.stringify(labels)},"value":[`;
    });
    const length = series.join('').length;
    expect(written(series).bytes.length).toBeLessThan(length / 4);
    const random = Array.from({ length: 100 }, (_, index) => `${index % 10}-${'abcdefghij'[index % 7]}`);
    expect(written(random).bytes.length).toBeLessThanOrEqual(random.join('').length);
    expect(new TextReader(NO_TEXTS).find(0, viewOf(Buffer.from('x')), 0)).toBe(0);
  });

  it('may be longer than what is noted of what they share', () => {
    const long = 'y'.repeat(200_000);
    const texts = [long, `${long}1`, `${long}2`, `0${long}2`];
    const reader = new TextReader(written(texts));
    for (const [place, text] of texts.entries()) expect(textAt(reader, place)).toBe(text);
  });
});

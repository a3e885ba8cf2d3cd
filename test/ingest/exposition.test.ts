import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExposition } from '../../src/ingest/exposition.ts';
import { cpuMs } from '../support/cpu.ts';
import { exposition } from '../support/vllm-exporter.ts';

const parse = (page: string) => parseExposition(page, () => true);

describe('the text format', () => {
  it.each([
    { name: 'a bare sample', line: 'a 1', want: { name: 'a', labels: {}, value: 1, timestamp: null } },
    {
      name: 'a timestamp',
      line: 'a{x="y"} 1 1395066363000',
      want: { labels: { x: 'y' }, timestamp: 1395066363000 },
    },
    {
      name: 'a trailing comma and blanks',
      line: 'a{ x = "y" , } \t 2.5e-1 ',
      want: { labels: { x: 'y' }, value: 0.25 },
    },
    { name: 'escapes', line: String.raw`a{x="q\"\\\n\t"} 1`, want: { labels: { x: 'q"\\\n\\t' } } },
    { name: 'braces and hashes inside values', line: 'a{x="} # 9"} 1', want: { labels: { x: '} # 9' } } },
    { name: 'a colon in the name', line: 'vllm:n{} 3', want: { name: 'vllm:n', value: 3 } },
    { name: 'infinities', line: 'a +Inf', want: { value: Number.POSITIVE_INFINITY } },
    { name: 'NaN', line: 'a NaN', want: { value: Number.NaN } },
    { name: 'an exemplar', line: 'a 1 # {trace="x"} 2', want: { value: 1 } },
    { name: 'Windows line ends', line: 'a 1\r', want: { value: 1 } },
  ])('reads $name', ({ line, want }) => {
    expect(parse(`# HELP a b\n# TYPE a gauge\n\n${line}\n`)).toMatchObject([want]);
  });

  it.each([
    'a',
    'a{x="y" 1',
    'a{x=y} 1',
    'a{x="y"z="w"} 1',
    'a one',
    'a 1 2 3',
    'a 0x10',
    '{"a"} 1',
    'a{x="y\n"} 1',
    '<html>',
  ])('skips %j and reads on', (line) => {
    expect(parse(`${line}\ngood 1\n`)).toMatchObject([{ name: 'good' }]);
  });

  it('keeps a label called __proto__ a label', () => {
    const [sample] = parse('a{__proto__="x"} 1');
    expect(Object.keys(sample?.labels ?? {})).toEqual(['__proto__']);
  });

  it('reads back every label value that an exporter writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.double({ noNaN: true }), (text, value) => {
        expect(
          parse(
            exposition([{ name: 'a', labels: { x: text }, value: String(value).replace('Infinity', 'Inf') }]),
          ),
        ).toEqual([
          {
            name: 'a',
            labels: expect.objectContaining({ x: text }),
            value: value === 0 ? expect.closeTo(0) : value,
            timestamp: null,
          },
        ]);
      }),
    );
  });

  it('never throws, whatever the page', () => {
    const scrap = fc.constantFrom('a', '{', '}', '"', '\\', '=', ',', ' ', '\n', '#', '1', 'NaN', '\0', 'é');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(scrap).map((parts) => parts.join('')),
        ),
        (page) => {
          expect(Array.isArray(parse(page))).toBe(true);
        },
      ),
    );
  });

  it('reads a long hostile line in linear time', () => {
    const ms = cpuMs(() => {
      parse(`a{x="${'\\'.repeat(2_000_001)}`);
      parse(`a{${' '.repeat(200_000)}`);
    });
    expect(ms).toBeLessThan(2_000);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planQueries } from '../../src/ingest/plan.ts';
import { isLabelName, PLAIN_LABELS, quote, quoteAnyOf } from '../../src/ingest/queries.ts';
import { aFleet } from './builders.ts';

describe('a PromQL string', () => {
  it('holds any text between its quotes, on one line, and means that text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const literal = quote(text);
        expect(literal).toMatch(/^"([^"\\\n\r]|\\.)*"$/u);
        expect(JSON.parse(literal)).toBe(text);
      }),
    );
  });

  it('matches, as a regular expression, exactly the texts it was made of', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), (texts, other) => {
        const pattern = new RegExp(`^(?:${JSON.parse(quoteAnyOf(texts))})$`, 's');
        for (const text of texts) expect(pattern.test(text)).toBe(true);
        expect(pattern.test(other)).toBe(texts.includes(other));
      }),
    );
  });
});

describe('the queries of a cycle', () => {
  const plan = (fleets: Parameters<typeof aFleet>[0][], counters = true) =>
    planQueries({
      labels: PLAIN_LABELS,
      matchers: {},
      fleets: fleets.map((over) => aFleet(over)),
      counters,
      seenNamespaces: [],
      scope: null,
    });

  it('are seven, six without counters, and one more for each distinct custom query', () => {
    expect(plan([]).length).toBe(7);
    expect(plan([], false).length).toBe(6);
    expect(plan([{ promql: 'a' }, { promql: 'a' }, { promql: 'b' }, {}]).length).toBe(9);
  });

  it('hold the keys of matchLabels that are label names, and never another', () => {
    const hostile = fc.string().filter((key) => !isLabelName(key) && key.trim().length > 8);
    fc.assert(
      fc.property(hostile, (key) => {
        for (const { promql } of plan([{ matchLabels: { [key]: 'x', cluster: 'y' } }]))
          expect(promql).not.toContain(key);
      }),
    );
    expect(plan([{ matchLabels: { cluster: 'y' } }])[0]?.promql).toContain('server, cluster)');
  });

  it('use no subquery and no function over time', () => {
    for (const { promql } of plan([{}])) expect(promql).not.toMatch(/_over_time|rate\(|increase\(|\[\d/);
  });
});

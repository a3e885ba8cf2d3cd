import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SeenPod } from '../../src/ingest/memory.ts';
import { planQueries, planUp, schemeOf } from '../../src/ingest/plan.ts';
import { isLabelName, PLAIN_LABELS, quote, quoteAnyOf } from '../../src/ingest/queries.ts';
import type { FleetQuery } from '../../src/ingest/source.ts';
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
  const planOf = (fleets: readonly FleetQuery[], up = false) =>
    planQueries({
      scheme: schemeOf({ labels: PLAIN_LABELS, matchers: {}, fleets }),
      fleets,
      up,
      scope: null,
    });
  const plan = (fleets: Parameters<typeof aFleet>[0][]) => planOf(fleets.map((over) => aFleet(over)));

  it('are six, seven with `up`, and one more for each distinct custom query', () => {
    expect(plan([]).length).toBe(6);
    expect(planOf([aFleet()], true).length).toBe(7);
    expect(plan([{ promql: 'a' }, { promql: 'a' }, { promql: 'b' }, {}]).length).toBe(8);
  });

  it('read what only some policies look at where one of them does', () => {
    const needs = { kvCache: false, finished: false, firstTokens: false };
    const asked = (...fleets: readonly FleetQuery[]) => planOf(fleets).map(({ promql }) => promql);
    const plain = asked({ ...aFleet(), needs });
    expect(plain.join()).not.toMatch(/cache_usage|time_to_first_token/);
    const finished = plain.find((promql) => promql.includes('request_success'));
    expect(finished).toMatch(
      / and on \(namespace, model_name\) \{__name__=~"vllm:admission_rejections_total/,
    );
    const mixed = asked({ ...aFleet(), needs }, { ...aFleet(), needs: { ...needs, kvCache: true } });
    expect(mixed.join()).toMatch(/kv_cache_usage/);
    expect(asked({ ...aFleet(), needs }, aFleet()).join()).toMatch(/kv_cache_usage.*time_to_first_token/);
  });

  it('ask for the `up` of few pods by name, of many by namespace, and of very many of all', () => {
    const silent = (count: number, namespaces: number): readonly SeenPod[] =>
      Array.from({ length: count }, (_, index) => ({
        namespace: `n${index % namespaces}`,
        model: 'm',
        pod: `p${index}`,
        metric: {},
        keys: [],
        lastReport: 0,
        lostByStore: false,
      }));
    const upOf = (pods: readonly SeenPod[]) =>
      planUp({ labels: PLAIN_LABELS, matchers: {}, keys: [] }, pods).promql;
    expect(upOf(silent(2, 1))).toContain('pod=~"p0|p1", namespace=~"n0"');
    expect(upOf(silent(500, 2))).toContain('pod!="", namespace=~"n0|n1"');
    expect(upOf(silent(500, 100))).toContain('{__name__="up", pod!=""}');
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

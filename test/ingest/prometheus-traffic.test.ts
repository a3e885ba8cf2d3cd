import { describe, expect, it } from 'vitest';
import { BUCKET_MS } from '../../src/core/traffic-bucket.ts';
import { EMPTY_VECTOR } from '../../src/ingest/points.ts';
import type { PrometheusClient, Range } from '../../src/ingest/prometheus-client.ts';
import { readTraffic } from '../../src/ingest/prometheus-traffic.ts';
import { PLAIN_LABELS } from '../../src/ingest/queries.ts';
import { trafficQueries } from '../../src/ingest/traffic-queries.ts';
import { aFleet } from './builders.ts';

const DAY = 86_400_000;
const NEVER = new AbortController().signal;
const setting = (client: PrometheusClient) => ({ client, labels: PLAIN_LABELS, matchers: {} });

interface Asked {
  readonly promql: string;
  readonly range: Range;
}

interface Growing {
  readonly metric: Record<string, string>;
  readonly times: number[];
  readonly values: number[];
}

/** A client whose series are a function of the query, at every instant of the range. */
function clientOf(
  values: (promql: string, at: number) => readonly { labels?: Record<string, string>; value: number }[],
  limit = Number.POSITIVE_INFINITY,
) {
  const asked: Asked[] = [];
  const client: PrometheusClient = {
    query: async () => ({ ok: true, value: EMPTY_VECTOR }),
    sweep: () => undefined,
    async queryRange(promql, range) {
      asked.push({ promql, range });
      const times: number[] = [];
      for (let at = range.start; at <= range.end; at += range.step) times.push(at);
      if (times.length > limit)
        return { ok: false, error: 'answered 422: too many samples', tooLarge: true, retryAfter: null };
      const series = new Map<string, Growing>();
      for (const at of times) {
        for (const { labels = {}, value } of values(promql, at)) {
          const metric = { namespace: 'llm', model_name: 'm', ...labels };
          const key = JSON.stringify(metric);
          const fresh: Growing = { metric, times: [], values: [] };
          const one = series.get(key) ?? fresh;
          one.times.push(at);
          one.values.push(value);
          series.set(key, one);
        }
      }
      return { ok: true, value: [...series.values()] };
    },
    close: async () => {},
  };
  return { client, asked };
}

const queries = trafficQueries(
  { labels: PLAIN_LABELS, matchers: {}, keys: [] },
  { namespaces: ['llm'], models: ['m'] },
);

describe('the traffic of days past', () => {
  it('is read in five-minute buckets, each by what the five minutes to its end say', async () => {
    const { client } = clientOf((promql, at) => {
      if (promql === queries.finished) return [{ value: at / BUCKET_MS }];
      if (promql === queries.ongoing) return [{ value: 12 }];
      if (promql === queries.waiting) return [{ value: 2 }];
      return promql === queries.replicas ? [{ value: 3 }] : [];
    });
    const fleet = aFleet();
    const read = await readTraffic(setting(client), { from: 0, until: 2 * BUCKET_MS }, [fleet], NEVER);
    expect(read.get(fleet.key)).toEqual([
      { at: 0, arrivals: 1, finished: 1, ongoing: 12, waiting: 2, replicas: 3 },
      { at: BUCKET_MS, arrivals: 2, finished: 2, ongoing: 12, waiting: 2, replicas: 3 },
    ]);
  });

  it('is asked for a day at a time, and for less where a day is too much', async () => {
    const whole = clientOf(() => [{ value: 1 }]);
    const halved = clientOf(() => [{ value: 1 }], 100);
    const fleet = aFleet();
    const range = { from: 0, until: 2 * DAY };
    const [read, again] = [
      await readTraffic(setting(whole.client), range, [fleet], NEVER),
      await readTraffic(setting(halved.client), range, [fleet], NEVER),
    ];
    expect(whole.asked).toHaveLength(4 * 2);
    expect(read.get(fleet.key)).toHaveLength(576);
    expect(again).toEqual(read);
  });

  it('leaves out what is not known, and gives a fleet nobody has seen nothing', async () => {
    const { client } = clientOf((promql, at) =>
      promql === queries.finished && at === 3 * BUCKET_MS ? [{ value: 4 }] : [],
    );
    const [fleet, other] = [aFleet(), aFleet({ model: 'other' })];
    const range = { from: 0, until: 5 * BUCKET_MS };
    const scope = { namespaces: ['llm'], models: ['m', 'other'] };
    const scoped = trafficQueries({ labels: PLAIN_LABELS, matchers: {}, keys: [] }, scope);
    const both = clientOf((promql, at) =>
      promql === scoped.finished && at === 3 * BUCKET_MS ? [{ value: 4 }] : [],
    );
    const alone = await readTraffic(setting(client), range, [fleet], NEVER);
    expect(alone.get(fleet.key)).toEqual([
      { at: 2 * BUCKET_MS, arrivals: 4, finished: 4, ongoing: null, waiting: null, replicas: null },
    ]);
    expect((await readTraffic(setting(both.client), range, [fleet, other], NEVER)).get(other.key)).toEqual(
      [],
    );
  });

  it('adds up the series of a fleet, and keeps those with other labels out', async () => {
    const fleet = aFleet({ matchLabels: { service: 'a' } });
    const { client, asked } = clientOf((promql) =>
      promql.includes('rate(')
        ? [
            { labels: { service: 'a', cluster: '1' }, value: 2 },
            { labels: { service: 'a', cluster: '2' }, value: 3 },
            { labels: { service: 'b' }, value: 100 },
          ]
        : [],
    );
    const read = await readTraffic(setting(client), { from: 0, until: BUCKET_MS }, [fleet], NEVER);
    expect(read.get(fleet.key)).toMatchObject([{ arrivals: 5 }]);
    expect(asked[0]?.promql).toContain('by (namespace, model_name, service)');
  });

  it("counts a gateway's requests from its counter, and says nothing where that fell", async () => {
    const arrivals = 'sum(gateway_requests_total)';
    const fleet = { ...aFleet(), arrivals };
    const counter = [0, 300, 900, 100, 400];
    const { client } = clientOf((promql, at) =>
      promql === arrivals ? [{ labels: {}, value: counter[at / BUCKET_MS - 1] ?? 0 }] : [{ value: 7 }],
    );
    const read = await readTraffic(setting(client), { from: 0, until: 5 * BUCKET_MS }, [fleet], NEVER);
    expect(read.get(fleet.key)?.map((bucket) => bucket.arrivals)).toEqual([null, 1, 2, null, 1]);
    expect(read.get(fleet.key)?.[1]?.finished).toBe(7);
  });

  it('rejects with the reason when Prometheus does not answer', async () => {
    const client: PrometheusClient = {
      ...clientOf(() => []).client,
      queryRange: async () => ({ ok: false, error: 'answered 503', tooLarge: false, retryAfter: null }),
    };
    await expect(readTraffic(setting(client), { from: 0, until: DAY }, [aFleet()], NEVER)).rejects.toThrow(
      'traffic of days past: Prometheus answered 503',
    );
  });
});

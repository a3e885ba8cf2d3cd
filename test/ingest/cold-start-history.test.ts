import { describe, expect, it } from 'vitest';
import { COLD_START_BUCKETS, p95Of } from '../../src/core/cold-start.ts';
import { readColdStarts } from '../../src/ingest/cold-start-history.ts';
import { type Point, vectorOf } from '../../src/ingest/points.ts';
import type { PrometheusClient } from '../../src/ingest/prometheus-client.ts';
import { PLAIN_LABELS } from '../../src/ingest/queries.ts';
import { createMetrics } from '../../src/serve/metrics.ts';
import { AT, aFleet } from './builders.ts';

const fleet = aFleet({ namespace: 'llm', name: 'vllm', model: 'm' });

/** The bucket series of a process, as Prometheus has them after a scrape without honorLabels, or with. */
async function exported(
  starts: readonly number[],
  waits: readonly number[],
  honoured: boolean,
): Promise<Point[]> {
  const metrics = createMetrics({ processMetrics: false });
  for (const ms of starts) metrics.coldStarted(fleet.id, ms);
  for (const node of waits) metrics.coldStartLevers(fleet.id, { node });
  const points: Point[] = [];
  for (const line of (await metrics.text()).split('\n')) {
    const match = /^(bellwether_cold_start\w*_bucket)\{(.*)\} (\d+)$/.exec(line);
    if (match === null) continue;
    const labels = Object.fromEntries(
      [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    ) as Record<string, string>;
    const { namespace = '', ...rest } = labels;
    const spelt = honoured ? { namespace } : { namespace: 'bellwether', exported_namespace: namespace };
    points.push({ metric: { ...rest, ...spelt }, value: Number(match[3]) });
  }
  return points;
}

function clientWith(points: readonly Point[], queries: string[] = []): Pick<PrometheusClient, 'query'> {
  return {
    async query(promql) {
      queries.push(promql);
      return { ok: true, value: vectorOf(points) };
    },
  };
}

const setting = (client: Pick<PrometheusClient, 'query'>) => ({ client, labels: PLAIN_LABELS, matchers: {} });
const signal = AbortSignal.timeout(60_000);

describe('cold starts of earlier processes', () => {
  it.each([true, false])('are read from our own histogram, labels honoured: %s', async (honoured) => {
    const points = await exported([50_000, 60_000, 61_000, 4_000_000, 14_000], [], honoured);
    const read = await readColdStarts(setting(clientWith(points)), AT, [fleet], signal);
    const { totals = [] } = read.get(fleet.key) ?? {};
    expect(totals).toHaveLength(COLD_START_BUCKETS.length + 1);
    const counted = totals.flatMap((count, index) =>
      count > 0 ? [[COLD_START_BUCKETS[index] ?? 'above', count]] : [],
    );
    expect(counted).toEqual([
      [15, 1],
      [60, 2],
      [90, 1],
      ['above', 1],
    ]);
  });

  it('count as waits for a node only what took longer than a scheduler takes', async () => {
    const points = await exported([], [500, 9_000, 9_000, 12_000, 200_000, 210_000, 220_000, 230_000], true);
    const read = await readColdStarts(setting(clientWith(points)), AT, [fleet], signal);
    const { nodeWaits = [] } = read.get(fleet.key) ?? {};
    expect(nodeWaits.reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(p95Of(nodeWaits)).toBe(240_000);
  });

  it('are asked for in groups that a matcher can name, and only for those fleets', async () => {
    const queries: string[] = [];
    const fleets = Array.from({ length: 60 }, (_, index) =>
      aFleet({ namespace: `ns-${index}`, name: 'vllm', model: 'm' }),
    );
    await readColdStarts(setting(clientWith([], queries)), AT, fleets, signal);
    expect(queries).toHaveLength(2);
    expect(queries[1]).toContain('namespace=~"ns-50|');
    expect(queries[1]).not.toContain('ns-49|');
  });

  it('are nothing where nothing was exported, and an error where Prometheus has one', async () => {
    expect(await readColdStarts(setting(clientWith([])), AT, [fleet], signal)).toEqual(new Map());
    const failing = {
      ...clientWith([]),
      query: async () => ({ ok: false as const, error: 'answered 503', retryAfter: null, tooLarge: false }),
    };
    await expect(readColdStarts(setting(failing), AT, [fleet], signal)).rejects.toThrow(
      'cold starts: Prometheus answered 503',
    );
  });
});

import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Sample } from '../../src/core/sample.ts';
import { BUCKET_MS } from '../../src/core/traffic-bucket.ts';
import { createPrometheusSource, type PrometheusSourceOptions } from '../../src/ingest/prometheus-source.ts';
import type { FleetQuery } from '../../src/ingest/source.ts';
import { type PrometheusTarget, startPrometheus, type TestPrometheus } from '../support/prometheus.ts';
import {
  type ExportedSeries,
  startVllmExporter,
  type VllmExporter,
  vllmGauges,
} from '../support/vllm-exporter.ts';
import { aFleet } from './builders.ts';

const NEVER = new AbortController().signal;
const GRID = 500;

let prometheus: TestPrometheus;
const exporters: VllmExporter[] = [];

beforeAll(async () => {
  prometheus = await startPrometheus();
});

afterAll(async () => {
  await prometheus?.stop();
  await Promise.all(exporters.map((exporter) => exporter.stop()));
});

async function anExporter(series: readonly ExportedSeries[]): Promise<VllmExporter> {
  const exporter = await startVllmExporter(series);
  exporters.push(exporter);
  return exporter;
}

function aTarget(
  { address }: VllmExporter,
  namespace: string,
  pod: string,
  more: Partial<PrometheusTarget> = {},
): PrometheusTarget {
  return { address, ...more, labels: { namespace, pod, ...more.labels } };
}

function aSource(over: Partial<PrometheusSourceOptions> = {}) {
  return createPrometheusSource({
    url: prometheus.url,
    timeout: 3_000,
    settle: 0,
    staleAfter: 60_000,
    now: Date.now,
    random: () => 0.5,
    ...over,
  });
}

/** The grid instant that has just passed. */
const lastInstant = () => Math.floor(Date.now() / GRID) * GRID;

async function readOnce(
  fleet: FleetQuery,
  over: Partial<PrometheusSourceOptions> = {},
  others: readonly FleetQuery[] = [],
): Promise<Sample> {
  const source = aSource(over);
  const reading = await source.read(lastInstant(), [fleet, ...others], NEVER);
  await source.close();
  return reading.sampleOf(fleet);
}

const kube = (name: string, labels: Record<string, string>, value: number): ExportedSeries => ({
  name,
  labels,
  value,
});

describe('what a real Prometheus scraped', () => {
  let podA: VllmExporter;
  let podB: VllmExporter;
  let targets: PrometheusTarget[];

  beforeAll(async () => {
    podA = await anExporter([
      ...vllmGauges('m', { running: 3, waiting: 1, kv: 0.5 }, { engine: '0' }),
      ...vllmGauges('m', { running: 2, waiting: 0, kv: 0.7 }, { engine: '1' }),
      ...vllmGauges('quo"te\\n\nline', { running: 8, waiting: 8 }),
      {
        name: 'vllm:request_success_total',
        labels: { model_name: 'm', engine: '0', finished_reason: 'stop' },
        value: 7,
      },
      {
        name: 'vllm:request_success_total',
        labels: { model_name: 'm', engine: '0', finished_reason: 'length' },
        value: 2,
      },
    ]);
    podB = await anExporter([
      { name: 'vllm_num_requests_running', labels: { model_name: 'm', engine: '0' }, value: 4 },
      { name: 'vllm_num_requests_waiting', labels: { model_name: 'm', engine: '0' }, value: 6 },
      { name: 'vllm:gpu_cache_usage_perc', labels: { model_name: 'm', engine: '0' }, value: 0.1 },
    ]);
    const router = await anExporter(vllmGauges('m', { running: 9, waiting: 9 }, { server: 'http://a:8000' }));
    const secret = await anExporter(vllmGauges('m', { running: 1_000, waiting: 1_000 }));
    const state = await anExporter([
      kube('kube_deployment_spec_replicas', { namespace: 'llm', deployment: 'vllm' }, 4),
      kube('kube_deployment_status_replicas', { namespace: 'llm', deployment: 'vllm' }, 4),
      kube('kube_deployment_status_replicas_ready', { namespace: 'llm', deployment: 'vllm' }, 2),
      kube('kube_pod_status_unschedulable', { namespace: 'llm', pod: 'vllm-7d9c-abcde' }, 1),
      kube(
        'kube_horizontalpodautoscaler_info',
        {
          namespace: 'llm',
          horizontalpodautoscaler: 'keda-hpa-vllm',
          scaletargetref_kind: 'Deployment',
          scaletargetref_name: 'vllm',
        },
        1,
      ),
    ]);
    targets = [
      aTarget(podA, 'llm', 'a', { labels: { service: 'one' } }),
      aTarget(podA, 'llm', 'a', { job: 'pod-monitor', labels: { service: 'one' } }),
      aTarget(podB, 'llm', 'b', { labels: { service: 'two' } }),
      aTarget(router, 'llm', 'router'),
      aTarget(secret, 'secret', 'vault'),
      { address: state.address, labels: { namespace: 'monitoring', pod: 'ksm' }, job: 'ksm' },
    ];
    await prometheus.scrape(targets);
    await prometheus.until('count(up == 1) == 6');
    await prometheus.until('kube_horizontalpodautoscaler_info');
    // Two scrapes, so that nothing below depends on which target came first.
    await prometheus.until('min(count_over_time(up[1m])) >= 2');
  });

  it('is traffic of five minutes, too: pods scraped twice counted once, both spellings read, routers left out', async () => {
    const source = aSource();
    const fleet = aFleet();
    const read = async () => {
      const now = Math.floor(Date.now() / BUCKET_MS) * BUCKET_MS;
      const range = { from: now - BUCKET_MS, until: now + BUCKET_MS };
      return (await source.traffic(range, [fleet], AbortSignal.timeout(10_000))).get(fleet.key) ?? [];
    };
    // A rate is of two scrapes in one bucket: where five minutes have just begun, they are still to come.
    const bucket = await vi.waitFor(
      async () => {
        const rated = (await read()).find(
          ({ replicas, finished }) => (replicas ?? 0) > 1.2 && finished !== null,
        );
        expect(rated).toBeDefined();
        return rated;
      },
      { timeout: 15_000, interval: 500 },
    );
    expect(bucket).toMatchObject({ arrivals: 0, finished: 0, ongoing: 16, waiting: 7 });
    await source.close();
  });

  it('is summed over pods and engines, each counted once, with the replicas of the HPA target', async () => {
    expect(await readOnce(aFleet())).toMatchObject({
      presence: 'fresh',
      running: 9,
      waiting: 7,
      kvCacheUsage: expect.closeTo(0.7, 9),
      reporting: 2,
      missing: [],
      replicas: {
        spec: 4,
        ready: 2,
        starting: 2,
        unschedulable: 1,
        source: 'kube-state-metrics deployment/vllm (the target of keda-hpa-vllm)',
      },
      notes: [
        "KV cache use is read from gpu_cache_usage_perc, the gauge's old name",
        'left out 1 series that a router re-exports (label server)',
      ],
    });
  });

  it('carries its own timestamp, not that of the query', async () => {
    const at = lastInstant();
    const sample = await readOnce(aFleet());
    expect(sample.observedAt).not.toBeNull();
    expect(at - (sample.observedAt ?? 0)).toBeGreaterThan(-GRID * 4);
    expect(at - (sample.observedAt ?? 0)).toBeLessThan(3_000);
    expect((sample.observedAt ?? 0) % GRID === 0 && sample.observedAt === sample.at).toBe(false);
  });

  it('is stale by that timestamp', async () => {
    const sample = await readOnce(aFleet(), { staleAfter: 0 });
    expect(sample).toMatchObject({ presence: 'stale', running: null, missing: ['a', 'b'] });
    expect(sample.why).toMatch(/^the newest sample is \S+ old, more than 0s$/);
  });

  it('is narrowed by matchLabels, which each fleet may have its own of', async () => {
    const one = aFleet({ matchLabels: { service: 'one' } });
    const two = aFleet({ matchLabels: { service: 'two' } });
    expect(await readOnce(one, {}, [two])).toMatchObject({ running: 5, reporting: 1 });
    expect(await readOnce(two, {}, [one])).toMatchObject({ running: 4, reporting: 1 });
    expect((await readOnce(aFleet({ matchLabels: { service: 'o.*' } }))).presence).toBe('absent');
  });

  it('is narrowed by constant matchers and read by other label names', async () => {
    expect((await readOnce(aFleet(), { matchers: { service: 'one' } })).running).toBe(5);
    expect((await readOnce(aFleet(), { matchers: { service: 'x"} or vector(1) #' } })).presence).toBe(
      'absent',
    );
    const labels = { namespace: 'service', pod: 'pod', model_name: 'model_name', engine: 'engine' };
    expect((await readOnce(aFleet({ namespace: 'two' }), { labels })).running).toBe(4);
  });

  it('is found for a model whose name holds quotes, backslashes and newlines', async () => {
    const fleet = aFleet({ model: 'quo"te\\n\nline' });
    expect((await readOnce(fleet)).running).toBe(8);
    const source = aSource();
    const at = lastInstant();
    const past = await source.history({ from: at, to: at, step: GRID }, [fleet], NEVER);
    await source.close();
    expect(past.get(fleet.key)?.samples.at(-1)?.running).toBe(8);
  });

  it.each([
    { name: 'namespace', fleet: aFleet({ namespace: 'x"} or {namespace="secret' }) },
    { name: 'namespace as a regular expression', fleet: aFleet({ namespace: 'x|secret' }) },
    { name: 'model', fleet: aFleet({ namespace: 'x', model: 'm"}) or ({namespace="secret"' }) },
    { name: 'model as a regular expression', fleet: aFleet({ namespace: 'llm', model: '.+' }) },
    {
      name: 'value of a label',
      fleet: aFleet({ namespace: 'x', matchLabels: { service: 'x"} or {namespace="secret"\n#' } }),
    },
    { name: 'name of a label', fleet: aFleet({ namespace: 'x', matchLabels: { 'a) (vector(1)) #\n': '' } }) },
    { name: 'replacement character', fleet: aFleet({ namespace: 'x', model: '\ufffd\ufeff\0\u2028' }) },
    { name: 'lone surrogate', fleet: aFleet({ namespace: 'x\ud800', matchLabels: { service: '\udfff"' } }) },
  ])('never shows another namespace to a hostile $name, live or read back', async ({ fleet }) => {
    const source = aSource();
    const at = lastInstant();
    const live = (await source.read(at, [fleet], NEVER)).sampleOf(fleet);
    const past = await source.history({ from: at, to: at, step: GRID }, [fleet], NEVER);
    expect(source.status().up).toBe(true);
    await source.close();
    expect(live).toMatchObject({ presence: 'absent', running: null, reporting: 0 });
    expect(past.get(fleet.key)?.samples).toMatchObject([{ presence: 'absent', running: null }]);
  });

  it('costs at most 10 queries for a hundred fleets', async () => {
    const fleets = Array.from({ length: 100 }, (_, index) =>
      aFleet({ model: `m${index}`, matchLabels: { [`l${index}`]: 'x' } }),
    );
    const source = aSource();
    await source.read(lastInstant(), fleets, NEVER);
    expect(source.status()).toMatchObject({ up: true, error: null });
    expect(source.status().requests).toBeLessThanOrEqual(10);
    await source.close();
  });

  it('answers custom queries, one number each, and says why where there is none', async () => {
    const ask = async (promql: string) => {
      const { query, notes, presence } = await readOnce(aFleet({ promql }));
      expect(presence).toBe('fresh');
      return { query, note: notes.find((one) => one.includes('custom')) };
    };
    expect(await ask('sum(vllm:num_requests_running{namespace="secret"})')).toEqual({
      query: 1_000,
      note: undefined,
    });
    expect(await ask('scalar(vector(2))')).toEqual({ query: 2, note: undefined });
    expect(await ask('up')).toEqual({ query: null, note: 'the custom query must give one number, was 6' });
    expect(await ask('vector(0)/0')).toEqual({
      query: null,
      note: 'the custom query must give one number, was 0',
    });
    expect((await ask('sum(')).note).toMatch(/^the custom query answered 400: .*parse error/);
  });

  it('samples a fleet that nobody knew when the cycle was read', async () => {
    const source = aSource();
    const reading = await source.read(lastInstant(), [], NEVER);
    expect(reading.sampleOf(aFleet()).running).toBe(9);
    await source.close();
  });

  // From here on the exporters change: these run last, in this order.
  it('reads back what an instant query says of each instant, and what it read live, and misses a pod that is scraped in vain until its up is gone', async () => {
    const fleet = aFleet();
    const settle = 1_000;
    const source = aSource({ settle });
    const live: Sample[] = [];
    const read = async () => {
      const at = lastInstant();
      if (live.at(-1)?.at === at) return;
      live.push((await source.read(at, [fleet], NEVER)).sampleOf(fleet));
    };
    const during = async (ms: number) => {
      const end = Date.now() + ms;
      while (Date.now() < end) {
        await read();
        await new Promise((resolve) => setTimeout(resolve, GRID - (Date.now() % GRID) + 5));
      }
    };
    await during(1_500);
    podA.series = podA.series.map((one) => ({ ...one, value: Number(one.value) + 1 }));
    await during(2_500);
    podB.failure = 'error';
    await during(3_500);
    expect(live.at(-1)).toMatchObject({ presence: 'fresh', reporting: 1, missing: ['b'] });
    await prometheus.scrape(targets.filter((target) => target.labels.pod !== 'b'));
    // Prometheus applies a new target list within 5 s, and ends the series of a target two scrapes later.
    for (let second = 0; second < 15 && live.at(-1)?.missing.length !== 0; second++) await during(1_000);
    expect(live.at(-1)).toMatchObject({ presence: 'fresh', reporting: 1, missing: [] });
    expect(live.some((sample) => sample.finished !== null && sample.finished > 0)).toBe(true);

    // The first instant has nothing before it live, and all of the store behind it read back.
    const [first, ...rest] = live;
    const again = aSource({ settle });
    const range = { from: first?.at ?? 0, to: live.at(-1)?.at ?? 0, step: GRID };
    const past = await again.history(range, [fleet], NEVER);
    const byInstant = new Map(past.get(fleet.key)?.samples.map((sample) => [sample.at, sample]));
    expect(rest.length).toBeGreaterThan(10);
    expect(byInstant.size).toBe((range.to - range.from) / GRID + 1);
    // On a busy machine a scrape may have come later than `settle`: then the store knows today what it did not live. It may have kept
    // the reading of an instant from happening, too, after which live growth is over two.
    const now = aSource({ settle });
    await now.read(range.from, [fleet], NEVER);
    const liveAt = new Map(rest.map((sample) => [sample.at, sample]));
    let late = 0;
    for (let at = range.from + GRID; at <= range.to; at += GRID) {
      const asked = (await now.read(at, [fleet], NEVER)).sampleOf(fleet);
      expect(byInstant.get(at)).toEqual(asked);
      const then = liveAt.get(at);
      if (then !== undefined && !isDeepStrictEqual(asked, then)) late++;
    }
    expect(late).toBeLessThan(rest.length / 4);

    for (const one of [source, again, now]) await one.close();
  }, 40_000);

  it('reads back what the scaler exported, under either spelling of its namespace, the larger of two', async () => {
    const fleet = aFleet();
    const answered = (replicas: number, model = 'm') =>
      kube(
        'bellwether_desired_replicas',
        { namespace: 'llm', scaledobject: 'vllm', role: 'replicas', model },
        replicas,
      );
    const [one, two] = await Promise.all([
      anExporter([answered(3), answered(9, 'other')]),
      anExporter([answered(4)]),
    ]);
    await prometheus.scrape([
      { address: one.address, labels: { namespace: 'keda', pod: 'bellwether-0' } },
      { address: two.address, labels: { namespace: 'keda', pod: 'bellwether-1' }, honorLabels: true },
    ]);
    await prometheus.until('count(bellwether_desired_replicas) == 3');
    const source = aSource();
    const to = Math.ceil(Date.now() / GRID) * GRID;
    const past = await source.history({ from: to - 10 * GRID, to, step: GRID }, [fleet], NEVER);
    const exported = past.get(fleet.key)?.exported ?? [];
    expect(exported.at(-1)).toEqual({ at: to, replicas: 4 });
    expect(exported.every(({ at }) => at % GRID === 0)).toBe(true);
    await source.close();
  });

  it('is absent with a reason while Prometheus hangs or is gone, and back by itself', async () => {
    const source = aSource({ timeout: 300 });
    const read = async () => (await source.read(lastInstant(), [], NEVER)).sampleOf(aFleet());
    await prometheus.pause();
    const hung = await read();
    expect(hung).toMatchObject({ presence: 'absent', running: null });
    expect(hung.why).toMatch(/Prometheus did not answer within 300ms$/);
    expect(source.status()).toMatchObject({ up: false, error: hung.why });
    prometheus.resume();
    await prometheus.until('vector(1)');
    await read();
    expect(source.status()).toMatchObject({ up: true, error: null });
    await source.close();
  });
});

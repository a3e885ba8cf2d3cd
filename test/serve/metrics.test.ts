import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FleetId } from '../../src/core/fleet.ts';
import type { DecisionRecord } from '../../src/decision/record.ts';
import { createMetrics, type Metrics } from '../../src/serve/metrics.ts';

const NOW = 1_790_000_000_000;

interface RecordFields extends Partial<Omit<DecisionRecord, 'fleet' | 'bounds' | 'replicaFacts'>> {
  readonly fleet?: Partial<FleetId>;
  readonly bounds?: Partial<DecisionRecord['bounds']>;
  readonly replicaFacts?: Partial<DecisionRecord['replicaFacts']>;
}

function aRecord({ fleet, bounds, replicaFacts, ...rest }: RecordFields = {}): DecisionRecord {
  return {
    fleet: { namespace: 'llm', name: 'vllm', role: 'replicas', model: 'm', matchLabels: {}, ...fleet },
    mode: 'active',
    revision: 'r1',
    at: NOW - 7_000,
    replicas: 4,
    buffer: 0,
    held: null,
    reason: 'because',
    steps: [],
    signals: [],
    bounds: { floor: 2, ceiling: null, min: 1, max: 8, windows: [], covered: true, ...bounds },
    replicaFacts: { spec: 4, ready: 3, starting: 1, unschedulable: 0, source: 'test', ...replicaFacts },
    timers: [],
    next: null,
    demand: 3.25,
    ...rest,
  };
}

const ours = () => createMetrics({ now: () => NOW, processMetrics: false });

/** Series of the exposition: `name{labels}` to its value as text. */
async function series(metrics: Metrics): Promise<ReadonlyMap<string, string>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]),
  );
}

const VLLM = '{namespace="llm",scaledobject="vllm",role="replicas",model="m"}';

describe('fleet gauges', () => {
  it('show a decision', async () => {
    const metrics = ours();
    metrics.observeSnapshot([aRecord({ held: 'stale', bounds: { ceiling: 6 } })]);
    const got = [...(await series(metrics))].filter(([name]) => name.includes('vllm'));
    expect(Object.fromEntries(got)).toEqual({
      [`bellwether_desired_replicas${VLLM}`]: '4',
      [`bellwether_demand_replicas${VLLM}`]: '3.25',
      [`bellwether_floor_replicas${VLLM}`]: '2',
      [`bellwether_ceiling_replicas${VLLM}`]: '6',
      [`bellwether_ready_replicas${VLLM}`]: '3',
      [`bellwether_starting_replicas${VLLM}`]: '1',
      [`bellwether_unschedulable_replicas${VLLM}`]: '0',
      'bellwether_hold{reason="stale",namespace="llm",scaledobject="vllm",role="replicas",model="m"}': '1',
      [`bellwether_decision_age_seconds${VLLM}`]: '7',
    });
  });

  it.each([
    { what: 'replicas', record: aRecord({ replicas: null }), gauge: 'bellwether_desired_replicas' },
    { what: 'demand', record: aRecord({ demand: null }), gauge: 'bellwether_demand_replicas' },
    { what: 'a ceiling', record: aRecord(), gauge: 'bellwether_ceiling_replicas' },
    { what: 'ready', record: aRecord({ replicaFacts: { ready: null } }), gauge: 'bellwether_ready_replicas' },
    { what: 'a hold', record: aRecord(), gauge: 'bellwether_hold' },
  ])('are absent, not 0, without $what', async ({ record, gauge }) => {
    const metrics = ours();
    metrics.observeSnapshot([record]);
    const names = [...(await series(metrics)).keys()];
    expect(names.filter((name) => name.startsWith(`${gauge}{`))).toEqual([]);
    expect(names).toContain(`bellwether_floor_replicas${VLLM}`);
  });

  it('show 0 replicas as 0: that is an answer', async () => {
    const metrics = ours();
    metrics.observeSnapshot([aRecord({ replicas: 0 })]);
    expect((await series(metrics)).get(`bellwether_desired_replicas${VLLM}`)).toBe('0');
  });

  it('call the number of an advisory policy advised, never desired', async () => {
    const metrics = ours();
    metrics.observeSnapshot([aRecord({ mode: 'advisory', replicas: 5 })]);
    const got = await series(metrics);
    expect(got.get(`bellwether_advised_replicas${VLLM}`)).toBe('5');
    expect(got.has(`bellwether_desired_replicas${VLLM}`)).toBe(false);
  });

  it('vanish with their fleet', async () => {
    const metrics = ours();
    metrics.observeSnapshot([aRecord(), aRecord({ fleet: { name: 'gone' }, held: 'start' })]);
    metrics.coldStarted(aRecord({ fleet: { name: 'gone' } }).fleet, 60_000);
    expect(await metrics.text()).toContain('gone');
    metrics.observeSnapshot([aRecord()]);
    expect(await metrics.text()).not.toContain('gone');
  });

  it('follow the newest Snapshot, and its age the clock', async () => {
    let now = NOW;
    const metrics = createMetrics({ now: () => now, processMetrics: false });
    metrics.observeSnapshot([aRecord({ replicas: 1 })]);
    metrics.observeSnapshot([aRecord({ replicas: 2 })]);
    now += 3_500;
    const got = await series(metrics);
    expect(got.get(`bellwether_desired_replicas${VLLM}`)).toBe('2');
    expect(got.get(`bellwether_decision_age_seconds${VLLM}`)).toBe('10.5');
  });

  it('give fleets that differ in matchLabels alone one series, of the one that asks for most', async () => {
    const metrics = ours();
    metrics.observeSnapshot(
      [1, 9, 3].map((replicas) => aRecord({ replicas, fleet: { matchLabels: { shard: `${replicas}` } } })),
    );
    const text = await metrics.text();
    expect(text.match(/^bellwether_desired_replicas\{.*/gm)).toEqual([
      `bellwether_desired_replicas${VLLM} 9`,
    ]);
  });

  it('escape whatever a model is called', async () => {
    const metrics = ours();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async (model) => {
        metrics.observeSnapshot([aRecord({ fleet: { model } })]);
        const escaped = model.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
        expect(await metrics.text()).toContain(
          `bellwether_desired_replicas{namespace="llm",scaledobject="vllm",role="replicas",model="${escaped}"} 4\n`,
        );
      }),
    );
  });

  it('are those of 10,000 fleets (their time is printed, not judged)', async () => {
    const metrics = ours();
    const records = Array.from({ length: 10_000 }, (_, index) =>
      aRecord({ fleet: { name: `fleet-${index}` } }),
    );
    metrics.observeSnapshot(records);
    const start = process.cpuUsage();
    metrics.observeSnapshot(records);
    const observed = process.cpuUsage(start);
    const text = await metrics.text();
    const scraped = process.cpuUsage(start);
    console.log(`10,000 fleets: ${ms(observed)} ms CPU an evaluation, ${ms(scraped)} ms a scrape`);
    expect(text.match(/^bellwether_desired_replicas\{/gm)).toHaveLength(10_000);
  });
});

describe('the other metrics', () => {
  it('say nothing of what was not tried yet', async () => {
    const names = [...(await series(ours())).keys()];
    expect(names.filter((name) => /_up|config|covered|requests/.test(name))).toEqual([]);
  });

  it('show the evaluations, in seconds', async () => {
    const metrics = ours();
    metrics.evaluated(30);
    metrics.evaluated(70);
    metrics.skipped(2);
    const got = await series(metrics);
    expect(Number(got.get('bellwether_evaluation_duration_seconds_sum'))).toBeCloseTo(0.1);
    expect(got.get('bellwether_evaluation_duration_seconds_bucket{le="0.05"}')).toBe('1');
    expect(got.get('bellwether_skipped_evaluations_total')).toBe('2');
  });

  it('name one revision at a time, and a refused reload beside it', async () => {
    const metrics = ours();
    metrics.configured('r1', true);
    metrics.configured('r2', false);
    const got = await series(metrics);
    expect([...got].filter(([name]) => name.startsWith('bellwether_config'))).toEqual([
      ['bellwether_config_valid', '0'],
      ['bellwether_config_revision_info{revision="r2"}', '1'],
    ]);
  });

  it.each([
    { name: 'prometheus', up: true, value: '1', other: 'bellwether_scrape_up' },
    { name: 'scrape', up: false, value: '0', other: 'bellwether_prometheus_up' },
  ] as const)('show the source $name and not the other', async ({ name, up, value, other }) => {
    const metrics = ours();
    metrics.observeSource({ name, up, error: null, lastSuccess: null, requests: 6 });
    const got = await series(metrics);
    expect(got.get(`bellwether_${name}_up`)).toBe(value);
    expect(got.get(`bellwether_source_requests{source="${name}"}`)).toBe('6');
    expect(got.has(other)).toBe(false);
  });

  it('show until when each calendar covers, and forget one that is gone', async () => {
    const metrics = ours();
    metrics.calendarsCovered(new Map([['old', NOW]]));
    metrics.calendarsCovered(
      new Map([
        ['us-equities', NOW],
        ['endless', null],
      ]),
    );
    const got = [...(await series(metrics))].filter(([name]) => name.includes('covered'));
    expect(got).toEqual([
      ['bellwether_calendar_covered_until_timestamp_seconds{calendar="us-equities"}', '1790000000'],
    ]);
  });

  it('count calls by method and status, and cold starts by bucket', async () => {
    const metrics = ours();
    metrics.grpcCalls('GetMetrics', 'OK', 1);
    metrics.grpcCalls('GetMetrics', 'OK', 1);
    metrics.coldStarted(aRecord().fleet, 90_000);
    const got = await series(metrics);
    expect(got.get('bellwether_grpc_requests_total{method="GetMetrics",code="OK"}')).toBe('2');
    const bucket = (le: string) =>
      got.get(
        `bellwether_cold_start_seconds_bucket{le="${le}",namespace="llm",scaledobject="vllm",role="replicas",model="m"}`,
      );
    expect([bucket('60'), bucket('90'), bucket('+Inf')]).toEqual(['0', '1', '1']);
  });

  it('come with those of the process, and with a content type that Prometheus knows', async () => {
    const metrics = createMetrics();
    expect(await metrics.text()).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  });
});

it('docs/metrics-out.md lists each metric with its type and labels, and no other', async () => {
  const page = await readFile(new URL('../../docs/metrics-out.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(bellwether_\w+)` *\| (\w+) *\| ([^|]*)\|/gm)].map(
    ([, name, type, labels]) => ({
      name,
      type,
      labels:
        (labels ?? '')
          .replace('fleet labels', '`namespace`, `scaledobject`, `role`, `model`')
          .match(/\w+/g) ?? [],
    }),
  );
  const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) =>
    (a.name ?? '') < (b.name ?? '') ? -1 : 1;
  expect(rows.sort(byName)).toEqual([...ours().describe()].sort(byName));
});

function ms({ user, system }: NodeJS.CpuUsage): string {
  return ((user + system) / 1000).toFixed(1);
}

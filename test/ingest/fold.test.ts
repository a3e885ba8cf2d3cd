import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/core/sample.ts';
import { sampleFrom } from '../../src/ingest/fold.ts';
import type { Point } from '../../src/ingest/points.ts';
import type { FleetQuery } from '../../src/ingest/source.ts';
import { AT, aCycle, aFleet, aPoint, type Cycle, instantsOf, running, up, waiting } from './builders.ts';

/** The samples of consecutive cycles for one fleet. */
function samplesOf(fleet: FleetQuery, ...cycles: readonly Partial<Cycle>[]): Sample[] {
  return instantsOf(...cycles.map(aCycle)).map((instant) => sampleFrom(instant, fleet));
}

function sampleOf(cycle: Partial<Cycle>, fleet = aFleet()): Sample {
  const [sample] = samplesOf(fleet, cycle);
  if (!sample) throw new Error('no sample');
  return sample;
}

const STAMP = (labels: Record<string, string>, age: number): Point => aPoint('', labels, (AT - age) / 1000);

describe('what a sample adds up', () => {
  it.each<{ name: string; gauges: Point[]; want: Partial<Sample> }>([
    {
      name: 'sums pods',
      gauges: [
        running({ pod: 'a' }, 3),
        running({ pod: 'b' }, 4),
        waiting({ pod: 'a' }, 1),
        waiting({ pod: 'b' }, 2),
      ],
      want: { running: 7, waiting: 3, reporting: 2 },
    },
    {
      name: 'sums the engines of a pod, and counts the pod once',
      gauges: [running({ pod: 'a' }, 3), running({ pod: 'a', engine: '1' }, 4)],
      want: { running: 7, reporting: 1 },
    },
    {
      name: 'reads both spellings of a name as one gauge',
      gauges: [running({ pod: 'a' }, 3), aPoint('vllm_num_requests_running', { pod: 'a' }, 3)],
      want: { running: 3, reporting: 1 },
    },
    {
      name: 'counts a pod scraped twice once, by its larger value',
      gauges: [running({ pod: 'a' }, 3), running({ pod: 'a' }, 5)],
      want: { running: 5, reporting: 1 },
    },
    {
      name: 'prefers the new name of the KV cache gauge',
      gauges: [
        running({ pod: 'a' }, 1),
        aPoint('vllm:gpu_cache_usage_perc', { pod: 'a' }, 0.9),
        aPoint('vllm:kv_cache_usage_perc', { pod: 'a' }, 0.5),
      ],
      want: { kvCacheUsage: 0.5, notes: [] },
    },
    {
      name: 'reads the old name of the KV cache gauge where there is no other, and says so',
      gauges: [running({ pod: 'a' }, 1), aPoint('vllm:gpu_cache_usage_perc', { pod: 'a' }, 0.9)],
      want: {
        kvCacheUsage: 0.9,
        notes: ["KV cache use is read from gpu_cache_usage_perc, the gauge's old name"],
      },
    },
    {
      name: 'takes the mean KV cache use of the engines of a pod, and sums pods',
      gauges: ['0', '1'].flatMap((engine) => [
        running({ pod: 'a', engine }, 1),
        aPoint('vllm:kv_cache_usage_perc', { pod: 'a', engine }, engine === '0' ? 0.2 : 0.4),
      ]),
      want: { kvCacheUsage: expect.closeTo(0.3, 9) },
    },
    {
      name: 'leaves waiting unknown, and not 0, where no pod reports it',
      gauges: [running({ pod: 'a' }, 3)],
      want: { running: 3, waiting: null },
    },
    {
      name: 'leaves out what a router re-exports, with and without a model, and says so',
      gauges: [
        running({ pod: 'a' }, 3),
        running({ pod: 'router', server: 'http://a:8000' }, 3),
        running({ pod: 'router', server: 'http://a:8000', model_name: '' }, 3),
      ],
      want: {
        running: 3,
        reporting: 1,
        notes: ['left out 2 series that a router re-exports (label server)'],
      },
    },
    {
      name: 'leaves out series without a pod, and says so',
      gauges: [running({ pod: 'a' }, 3), running({ pod: '' }, 9)],
      want: { running: 3, reporting: 1, notes: ['left out 1 series without a pod label'] },
    },
    {
      name: 'takes no number below zero',
      gauges: [running({ pod: 'a' }, 3), running({ pod: 'b' }, -2), waiting({ pod: 'b' }, 1)],
      want: { running: 3, waiting: 1, reporting: 2 },
    },
    {
      name: 'reads other models and other namespaces for nobody',
      gauges: [
        running({ pod: 'a' }, 3),
        running({ pod: 'a', model_name: 'other' }, 9),
        running({ pod: 'a', namespace: 'x' }, 9),
      ],
      want: { running: 3, reporting: 1 },
    },
  ])('$name', ({ gauges, want }) => {
    expect(sampleOf({ gauges })).toMatchObject({ presence: 'fresh', why: null, missing: [], ...want });
  });

  it('takes only series with exactly the labels of matchLabels', () => {
    const gauges = [
      running({ pod: 'a', cluster: 'x' }, 3),
      running({ pod: 'b', cluster: 'xy' }, 9),
      running({ pod: 'c' }, 9),
    ];
    const fleet = aFleet({ matchLabels: { cluster: 'x' } });
    expect(sampleOf({ gauges, keys: ['cluster'] }, fleet)).toMatchObject({ running: 3, reporting: 1 });
  });

  it('names a label of matchLabels that the cycle did not read', () => {
    const sample = sampleOf(
      { gauges: [running({ pod: 'a' }, 3)] },
      aFleet({ matchLabels: { cluster: 'x' } }),
    );
    expect(sample).toMatchObject({
      presence: 'absent',
      why: 'the label "cluster" of matchLabels was not read in this cycle',
    });
  });

  it('reads a label called constructor as any other', () => {
    const gauges = [running({ pod: 'a' }, 3)];
    const sample = sampleOf({ gauges, keys: ['constructor'] }, aFleet({ matchLabels: { constructor: 'x' } }));
    expect(sample.presence).toBe('absent');
  });

  it('gives the same sample in whatever order, and however often, the series come', () => {
    const point = fc
      .record({
        name: fc.constantFrom(
          'vllm:num_requests_running',
          'vllm_num_requests_running',
          'vllm:num_requests_waiting',
          'vllm:kv_cache_usage_perc',
        ),
        labels: fc.record({
          pod: fc.constantFrom('a', 'b', ''),
          engine: fc.constantFrom('0', '1'),
          server: fc.constantFrom('', 's'),
        }),
        value: fc.double({ min: 0, max: 50, noNaN: true }),
      })
      .map(({ name, labels, value }) => aPoint(name, labels, value));
    const shuffled = fc
      .array(point, { maxLength: 20 })
      .chain((points) =>
        fc.tuple(
          fc.constant(points),
          fc.shuffledSubarray([...points, ...points], { minLength: points.length * 2 }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([points, again]) => {
        expect(sampleOf({ gauges: again })).toEqual(sampleOf({ gauges: points }));
      }),
    );
  });
});

describe('fresh, stale, absent and missing', () => {
  it('is absent with the fleet in words where there is no series', () => {
    expect(sampleOf({})).toMatchObject({
      presence: 'absent',
      why: 'no series of model m in namespace llm',
      observedAt: null,
      running: null,
      reporting: 0,
    });
  });

  it.each<{ name: string; age: number; presence: Sample['presence'] }>([
    { name: 'a sample as old as staleAfter is fresh', age: 60_000, presence: 'fresh' },
    { name: 'a sample 1 ms older is stale', age: 60_001, presence: 'stale' },
    { name: 'a sample of the near future is fresh', age: -60_000, presence: 'fresh' },
    { name: 'a sample of the far future is stale', age: -60_001, presence: 'stale' },
  ])('$name', ({ age, presence }) => {
    const sample = sampleOf({ gauges: [running({ pod: 'a' }, 3)], stamps: [STAMP({ pod: 'a' }, age)] });
    expect(sample).toMatchObject({
      presence,
      observedAt: AT - age,
      running: presence === 'fresh' ? 3 : null,
    });
  });

  it('counts the pods whose samples are stale as missing, beside fresh ones', () => {
    const gauges = [running({ pod: 'a' }, 3), running({ pod: 'b' }, 5)];
    const stamps = [STAMP({ pod: 'a' }, 0), STAMP({ pod: 'b' }, 90_000)];
    expect(sampleOf({ gauges, stamps })).toMatchObject({
      presence: 'fresh',
      running: 3,
      reporting: 1,
      missing: ['b'],
    });
  });

  it('takes the fresh one of two scrapes of a pod, whatever the stale one says', () => {
    const gauges = [running({ pod: 'a', job: 'x' }, 3), running({ pod: 'a', job: 'y' }, 50)];
    const stamps = [STAMP({ pod: 'a', job: 'x' }, 0), STAMP({ pod: 'a', job: 'y' }, 90_000)];
    expect(sampleOf({ gauges, stamps, keys: ['job'] })).toMatchObject({ running: 3, missing: [] });
  });

  it('trusts no gauge whose age is unknown', () => {
    const sample = sampleOf({ gauges: [running({ pod: 'a' }, 3)], stamps: [] });
    expect(sample).toMatchObject({ presence: 'stale', running: null });
  });

  const both = { gauges: [running({ pod: 'a' }, 3), running({ pod: 'b' }, 5)], up: [up('a'), up('b')] };
  const onlyA = [running({ pod: 'a' }, 3)];

  it('misses a pod that reported and is scraped in vain, for 10 minutes from its last report', () => {
    const later = (ms: number) => ({ at: AT + ms, gauges: onlyA, up: [up('a'), up('b', 0)] });
    const samples = samplesOf(aFleet(), both, later(5_000), later(599_000), later(600_000), later(605_000));
    expect(samples.map((sample) => sample.missing)).toEqual([[], ['b'], ['b'], [], []]);
    expect(samples[1]).toMatchObject({ presence: 'fresh', running: 3, reporting: 1 });
  });

  it('forgets a pod whose up is gone at once', () => {
    const samples = samplesOf(aFleet(), both, { at: AT + 5_000, gauges: onlyA, up: [up('a')] });
    expect(samples[1]).toMatchObject({ presence: 'fresh', missing: [] });
  });

  it('misses all pods of a store that was emptied until they report again', () => {
    const samples = samplesOf(
      aFleet(),
      both,
      { at: AT + 5_000, up: [] },
      { at: AT + 10_000, gauges: onlyA, up: [up('a')] },
      { ...both, at: AT + 15_000 },
    );
    expect(samples.map((sample) => sample.missing)).toEqual([[], ['a', 'b'], ['b'], []]);
    expect(samples[1]).toMatchObject({
      presence: 'absent',
      why: 'no series of model m in namespace llm; scraped in vain: a, b',
    });
  });

  it('does not miss a pod for a fleet whose labels it never had', () => {
    const labelled = { ...both, keys: ['cluster'] };
    const samples = samplesOf(aFleet({ matchLabels: { cluster: 'x' } }), labelled, {
      at: AT + 5_000,
      gauges: onlyA,
      up: both.up,
      keys: ['cluster'],
    });
    expect(samples[1]?.missing).toEqual([]);
  });
});

describe('counters', () => {
  const finished = (pod: string, value: number) => aPoint('vllm:request_success_total', { pod }, value);
  const gauges = [running({ pod: 'a' }, 1), running({ pod: 'b' }, 1)];

  it('knows no increase at first sight, then adds up what each pod grew by, resets accounted for', () => {
    const samples = samplesOf(
      aFleet(),
      { gauges, counters: [finished('a', 100)] },
      { at: AT + 5_000, gauges, counters: [finished('a', 104), finished('b', 50)] },
      { at: AT + 10_000, gauges, counters: [finished('a', 3), finished('b', 52)] },
    );
    expect(samples.map((sample) => sample.finished)).toEqual([null, 4, 5]);
    expect(samples[2]?.rejected).toBeNull();
  });
});

describe('replica counts', () => {
  const workloads = [
    aPoint('kube_deployment_spec_replicas', { deployment: 'vllm' }, 5),
    aPoint('kube_deployment_status_replicas', { deployment: 'vllm' }, 4),
    aPoint('kube_deployment_status_replicas_ready', { deployment: 'vllm' }, 3),
    aPoint('kube_statefulset_replicas', { statefulset: 'vllm' }, 2),
    aPoint('kube_statefulset_status_replicas', { statefulset: 'vllm' }, 2),
    aPoint('kube_statefulset_status_replicas_ready', { statefulset: 'vllm' }, 1),
  ];
  const hpa = aPoint(
    'kube_horizontalpodautoscaler_info',
    {
      horizontalpodautoscaler: 'keda-hpa-vllm',
      scaletargetref_kind: 'StatefulSet',
      scaletargetref_name: 'vllm',
    },
    1,
  );
  const gauges = [running({ pod: 'a' }, 1)];
  const unschedulable = [up('vllm-7d9c-abcde'), up('vllm-other-7d9c-abcde'), up('vllm-0')];

  it('are those of the scaleTarget, with the pods that no node takes', () => {
    const fleet = aFleet({ scaleTarget: { kind: 'deployment', name: 'vllm' } });
    expect(sampleOf({ gauges, workloads, autoscalers: [hpa], unschedulable }, fleet).replicas).toEqual({
      spec: 5,
      ready: 3,
      starting: 1,
      unschedulable: 1,
      source: 'kube-state-metrics deployment/vllm',
    });
  });

  it("are those of what KEDA's HPA points at where no scaleTarget is named", () => {
    expect(sampleOf({ gauges, workloads, autoscalers: [hpa], unschedulable }).replicas).toEqual({
      spec: 2,
      ready: 1,
      starting: 1,
      unschedulable: 1,
      source: 'kube-state-metrics statefulset/vllm (the target of keda-hpa-vllm)',
    });
  });

  it('are the pods that report where kube-state-metrics knows nothing, and unknown where none reports', () => {
    const fleet = aFleet({ scaleTarget: { kind: 'deployment', name: 'gone' } });
    const source = 'pods that report (kube-state-metrics counts no deployment/gone)';
    expect(sampleOf({ gauges, workloads }, fleet).replicas).toMatchObject({ spec: null, ready: 1, source });
    expect(sampleOf({ gauges }).replicas).toMatchObject({ ready: 1, source: 'pods that report' });
    expect(sampleOf({}).replicas.ready).toBeNull();
  });

  it("prefer the object's own namespace to that of the kube-state-metrics that exports it", () => {
    const exported = workloads.map(({ metric, value }) => ({
      metric: { ...metric, namespace: 'monitoring', exported_namespace: 'llm' },
      value,
    }));
    const fleet = aFleet({ scaleTarget: { kind: 'deployment', name: 'vllm' } });
    expect(sampleOf({ gauges, workloads: exported }, fleet).replicas.spec).toBe(5);
  });
});

describe('a custom query', () => {
  const fleet = aFleet({ promql: 'q' });
  it.each<{ name: string; result: Point[] | string | undefined; value: number | null; notes: string[] }>([
    { name: 'gives its one number', result: [up('a', 7)], value: 7, notes: [] },
    {
      name: 'gives none of none',
      result: [],
      value: null,
      notes: ['the custom query must give one number, was 0'],
    },
    {
      name: 'gives none of two',
      result: [up('a'), up('b')],
      value: null,
      notes: ['the custom query must give one number, was 2'],
    },
    {
      name: 'gives none when it failed',
      result: 'answered 400: parse error',
      value: null,
      notes: ['the custom query answered 400: parse error'],
    },
    {
      name: 'gives none when it was not read',
      result: undefined,
      value: null,
      notes: ['the custom query was not read in this cycle'],
    },
  ])('$name', ({ result, value, notes }) => {
    const custom = new Map(result === undefined ? [] : [['q', result]]);
    expect(sampleOf({ gauges: [running({ pod: 'a' }, 1)], custom }, fleet)).toMatchObject({
      query: value,
      notes,
    });
  });
});

it('folds 10,000 fleets of 2 pods (its time is printed, not judged)', () => {
  const fleets = Array.from({ length: 10_000 }, (_, index) =>
    aFleet({ namespace: `n${index % 500}`, model: `m${index}` }),
  );
  const gauges = fleets.flatMap(({ id }) =>
    ['a', 'b'].flatMap((pod) => {
      const labels = { namespace: id.namespace, model_name: id.model, pod };
      return [running(labels, 1), waiting(labels, 2), aPoint('vllm:kv_cache_usage_perc', labels, 0.5)];
    }),
  );
  const stamps = gauges
    .filter((_, index) => index % 3 === 0)
    .map(({ metric }) => ({ metric, value: AT / 1000 }));
  const cycle = aCycle({ gauges, stamps });
  const cpu = process.cpuUsage();
  const [, second] = instantsOf(cycle, { ...cycle, at: AT + 5_000 });
  const indexed = process.cpuUsage(cpu);
  if (!second) throw new Error('no instant');
  const samples = fleets.map((fleet) => sampleFrom(second, fleet));
  const folded = process.cpuUsage(cpu);
  const ms = (usage: NodeJS.CpuUsage) => Math.round((usage.user + usage.system) / 1000);
  console.log(
    `10,000 fleets: ${ms(indexed) / 2} ms CPU to index a cycle, ${ms(folded) - ms(indexed)} ms to sample all`,
  );
  expect(samples.every((sample) => sample.running === 2 && sample.waiting === 4)).toBe(true);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/core/sample.ts';
import { runningByPod, sampleFrom } from '../../src/ingest/fold.ts';
import { nextInstant } from '../../src/ingest/instant.ts';
import { EMPTY_MEMORY } from '../../src/ingest/memory.ts';
import { type Point, type Vector, vectorOf } from '../../src/ingest/points.ts';
import { carriesOn } from '../../src/ingest/roster.ts';
import { AT, aCycle, aFleet, aPoint, type Cycle, STALE_AFTER, sharing, tablesOf, up } from './builders.ts';

const STEP = 15_000;
const NAMES = [
  'vllm:num_requests_running',
  'vllm:num_requests_waiting',
  'vllm_num_requests_running',
  'vllm:gpu_cache_usage_perc',
];
const COUNTERS = ['vllm:request_success_total', 'vllm:admission_rejections_total'];
const WORKLOADS = [
  'kube_deployment_spec_replicas',
  'kube_deployment_status_replicas',
  'kube_deployment_status_replicas_ready',
];

const anEngine = fc.record({
  pod: fc.constantFrom('a', 'a', 'b', 'c', ''),
  engine: fc.constantFrom('0', '0', '1'),
  model: fc.constantFrom('m', 'm', 'n'),
  tenant: fc.constantFrom('x', 'x', 'y'),
  reports: fc.subarray(NAMES, { minLength: 1 }),
  counts: fc.subarray(COUNTERS),
  stamped: fc.boolean(),
});
const aStep = fc.record({
  absent: fc.array(fc.nat(7), { maxLength: 3 }),
  old: fc.array(fc.nat(7), { maxLength: 2 }),
  values: fc.array(fc.oneof(fc.integer({ min: -1, max: 20 }), fc.constantFrom(0.1, 0.25)), {
    minLength: 7,
    maxLength: 7,
  }),
  workloads: fc.array(fc.nat(4), { minLength: 3, maxLength: 3 }),
  pointed: fc.boolean(),
  up: fc.boolean(),
});

type Engine = typeof anEngine extends fc.Arbitrary<infer T> ? T : never;
type Step = typeof aStep extends fc.Arbitrary<infer T> ? T : never;

/** An instant of which the series that are not there have no value. */
function cycleOf(engines: readonly Engine[], step: Step, index: number): Cycle {
  const at = AT + index * STEP;
  const gauges: Point[] = [];
  const stamps: Point[] = [];
  const counters: Point[] = [];
  for (const [place, { pod, engine, model, tenant, reports, counts, stamped }] of engines.entries()) {
    const labels = { pod, engine, model_name: model, tenant };
    const there = (value: number): number => (step.absent.includes(place) ? Number.NaN : value);
    const value = (more: number): number => step.values[(place + more) % step.values.length] ?? 0;
    for (const [more, name] of reports.entries()) gauges.push(aPoint(name, labels, there(value(more))));
    for (const [more, name] of counts.entries())
      counters.push(aPoint(name, labels, there(index * 20 + Math.abs(value(more)))));
    const scraped = step.old.includes(place) ? at - 2 * STALE_AFTER : at - place * 1_000;
    if (stamped) stamps.push(aPoint('', labels, there(scraped / 1000)));
  }
  const workloads = WORKLOADS.map((name, which) => ({
    metric: { __name__: name, namespace: 'llm', deployment: 'd' },
    value: step.workloads[which] || Number.NaN,
  }));
  const hpa = { horizontalpodautoscaler: 'keda-hpa-vllm', scaletargetref_kind: 'Deployment' };
  const autoscalers = [
    {
      metric: { ...hpa, namespace: 'llm', scaletargetref_name: 'd' },
      value: step.pointed ? 1 : Number.NaN,
    },
  ];
  const scraped = step.up ? ['a', 'b', 'c'].map((pod) => up(pod)) : [];
  const all = [{ metric: {}, value: 3 }, ...scraped];
  return aCycle({
    at,
    evaluatedAt: at,
    keys: ['tenant'],
    gauges,
    stamps,
    counters,
    workloads,
    autoscalers,
    up: all,
  });
}

const FLEETS = ['m', 'n'].flatMap((model) =>
  [{}, { tenant: 'x' }, { tenant: 'y' }].map((matchLabels) => aFleet({ model, matchLabels })),
);

function samplesOf(
  cycles: readonly Cycle[],
  toVector: (points: readonly Point[], table: string) => Vector,
): readonly { readonly sample: Sample; readonly running: ReadonlyMap<string, number> }[] {
  let memory = EMPTY_MEMORY;
  return cycles.flatMap((cycle) => {
    const next = nextInstant(memory, tablesOf(cycle, toVector), STALE_AFTER);
    memory = next.memory;
    return FLEETS.map((fleet) => ({
      sample: sampleFrom(next.instant, fleet),
      running: runningByPod(next.instant, fleet),
    }));
  });
}

const isThere = ({ value }: Point): boolean => !Number.isNaN(value);

describe('what a sample says', () => {
  it('does not depend on whether the series of the instant before are known to be the same', () => {
    fc.assert(
      fc.property(
        fc.array(anEngine, { minLength: 1, maxLength: 8 }),
        fc.array(aStep, { minLength: 2, maxLength: 8 }),
        (engines, steps) => {
          const cycles = steps.map((step, index) => cycleOf(engines, step, index));
          const told = samplesOf(cycles, (points) => vectorOf(points.filter(isThere)));
          // As a range has them: all series at all instants, some without a value.
          expect(samplesOf(cycles, sharing())).toEqual(told);
          // As instant queries have them: those that are there, in one list as long as they stay the same.
          const shared = sharing();
          const live = samplesOf(cycles, (points, table) => shared(points.filter(isThere), table));
          expect(live).toEqual(told);
        },
      ),
      { numRuns: 300, seed: 5 },
    );
  });

  it('is told anew by the series that are there: layouts are one object only while they are the same', () => {
    const toVector = sharing();
    const [one, other] = ['a', 'b'].map((pod) => aPoint('vllm:num_requests_running', { pod }, 1)) as [
      Point,
      Point,
    ];
    const layoutOf = (cycle: Cycle, memory = EMPTY_MEMORY) => {
      const next = nextInstant(memory, tablesOf(cycle, toVector), STALE_AFTER);
      return { layout: next.instant.rows.layout, memory: next.memory };
    };
    const first = layoutOf(aCycle({ gauges: [one] }));
    const second = layoutOf(aCycle({ at: AT + STEP, gauges: [one] }), first.memory);
    const third = layoutOf(aCycle({ at: AT + 2 * STEP, gauges: [one, other] }), second.memory);
    const fourth = layoutOf(
      aCycle({ at: AT + 3 * STEP, gauges: [one, other], keys: ['zone'] }),
      third.memory,
    );
    expect(second.layout).toBe(first.layout);
    expect(third.layout).not.toBe(second.layout);
    expect(carriesOn(third.layout.roster, second.layout.roster)).toBe(true);
    expect(carriesOn(fourth.layout.roster, third.layout.roster)).toBe(false);
  });

  it('does not keep more of those who went than of those who are there', () => {
    const toVector = sharing();
    const podsOf = (first: number): readonly Point[] =>
      Array.from({ length: 1_500 }, (_, pod) =>
        aPoint(
          'vllm:num_requests_running',
          { pod: `p${first + pod}`, model_name: `m${(first + pod) % 3}` },
          pod,
        ),
      );
    const fleet = aFleet({ model: 'm1' });
    let memory = EMPTY_MEMORY;
    let known = 0;
    for (let cycle = 0; cycle < 6; cycle++) {
      // Nobody is scraped in vain: `up` is there of nobody.
      const gauges = podsOf(cycle * 500);
      const tables = aCycle({ at: AT + cycle * STEP, gauges });
      const next = nextInstant(memory, tablesOf(tables, toVector), STALE_AFTER);
      memory = next.memory;
      known = Math.max(known, next.instant.rows.layout.roster.engines.length);
      expect(sampleFrom(next.instant, fleet)).toEqual(
        sampleFrom(nextInstant(EMPTY_MEMORY, tablesOf(tables), STALE_AFTER).instant, fleet),
      );
    }
    expect(known).toBe(3_000);
    expect(memory.last?.layout.roster.engines.length).toBe(2_000);
  });
});

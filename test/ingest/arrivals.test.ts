import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/core/sample.ts';
import { sampleFrom } from '../../src/ingest/fold.ts';
import { reportSteps } from '../../src/ingest/instant.ts';
import { EMPTY_MEMORY } from '../../src/ingest/memory.ts';
import { finish } from '../../src/ingest/slices.ts';
import {
  AT,
  aCycle,
  aFleet,
  aPoint,
  type Cycle,
  instantsOf,
  nextOf,
  STALE_AFTER,
  tablesOf,
  up,
} from './builders.ts';

interface Pod {
  readonly pod: string;
  readonly finished?: number;
  readonly running?: number;
  readonly waiting?: number;
  readonly rejected?: number;
  /** Age of the scrape, ms. */
  readonly age?: number;
}

const STEP = 15_000;

/** What a scrape of these pods looks like; `down` are scraped in vain. */
function cycleOf(index: number, pods: readonly Pod[], down: readonly string[] = []): Cycle {
  const at = AT + index * STEP;
  const gauges = pods.flatMap(({ pod, running = 0, waiting = 0 }) => [
    aPoint('vllm:num_requests_running', { pod }, running),
    aPoint('vllm:num_requests_waiting', { pod }, waiting),
  ]);
  const counters = pods.flatMap(({ pod, finished, rejected }) => [
    ...(finished === undefined ? [] : [aPoint('vllm:request_success_total', { pod }, finished)]),
    ...(rejected === undefined ? [] : [aPoint('vllm:admission_rejections_total', { pod }, rejected)]),
  ]);
  const stamps = pods.flatMap(({ pod, age = 0 }) => [
    aPoint('vllm:num_requests_running', { pod }, (at - age) / 1000),
  ]);
  const scraped = [...pods.map(({ pod }) => up(pod)), ...down.map((pod) => up(pod, 0))];
  return aCycle({ at, gauges, counters, stamps, up: [{ metric: {}, value: scraped.length }, ...scraped] });
}

/** The same series with labels that fleets ask for. */
function tagged(cycle: Cycle, labels: Record<string, string>): Cycle {
  const labelled = (points: Cycle['gauges']) =>
    points.map(({ metric, value }) => ({ metric: { ...metric, ...labels }, value }));
  const { gauges, counters, stamps } = cycle;
  return {
    ...cycle,
    keys: Object.keys(labels).sort(),
    gauges: labelled(gauges),
    counters: labelled(counters),
    stamps: labelled(stamps),
  };
}

function samplesOf(...cycles: readonly Cycle[]): readonly Sample[] {
  return instantsOf(...cycles).map((instant) => sampleFrom(instant, aFleet()));
}

const arrivedOf = (...cycles: readonly Cycle[]) => samplesOf(...cycles).map(({ arrived }) => arrived);

describe('arrivals by conservation', () => {
  it('are what finished and what is there more than before, rejections included', () => {
    const first = cycleOf(0, [{ pod: 'a', finished: 100, running: 4, waiting: 2, rejected: 3 }]);
    const second = cycleOf(1, [{ pod: 'a', finished: 110, running: 5, waiting: 0, rejected: 5 }]);
    expect(arrivedOf(first, second)).toEqual([null, 10 - 1 + 2]);
    expect(samplesOf(first, second)[1]?.arrivedOver).toBe(STEP);
  });

  it('are none between two scrapes', () => {
    const [, again] = samplesOf(
      cycleOf(0, [{ pod: 'a', finished: 100, running: 4 }]),
      cycleOf(1, [{ pod: 'a', finished: 100, running: 4, age: STEP }]),
    );
    expect(again).toMatchObject({ arrived: 0, arrivedOver: null });
  });

  it('count a process that began anew from nothing', () => {
    const before = cycleOf(0, [{ pod: 'a', finished: 1_000, running: 40 }]);
    expect(arrivedOf(before, cycleOf(1, [{ pod: 'a', finished: 3, running: 2 }]))).toEqual([null, 5]);
  });

  it('count what is there of a pod that is new, and not what its counter says from before', () => {
    const a = { pod: 'a', finished: 100, running: 4 };
    const cycles = [cycleOf(0, [a]), cycleOf(1, [a, { pod: 'b', finished: 1e6, running: 7 }])];
    expect(arrivedOf(...cycles)).toEqual([null, 7]);
  });

  it('lose nothing with a pod that goes: what it had is not an arrival less', () => {
    const a = { pod: 'a', finished: 100, running: 4 };
    const cycles = [cycleOf(0, [a, { pod: 'b', finished: 50, running: 9 }]), cycleOf(1, [a])];
    expect(arrivedOf(...cycles)).toEqual([null, 0]);
  });

  it('are unknown while a pod is missing and when it is back, and then known again', () => {
    const a = { pod: 'a', finished: 100, running: 4 };
    const b = (finished: number) => ({ pod: 'b', finished, running: 9 });
    const cycles = [
      cycleOf(0, [a, b(50)]),
      cycleOf(1, [a], ['b']),
      cycleOf(2, [a, b(90)]),
      cycleOf(3, [a, b(95)]),
    ];
    expect(arrivedOf(...cycles)).toEqual([null, null, null, 5]);
  });

  it('are unknown where finished requests are not counted', () => {
    expect(arrivedOf(cycleOf(0, [{ pod: 'a' }]), cycleOf(1, [{ pod: 'a' }]))).toEqual([null, null]);
  });

  it('are unknown after instants that were not read', () => {
    const [first, second] = [100, 400].map((finished, index) => cycleOf(index, [{ pod: 'a', finished }]));
    if (!first || !second) throw new Error('two cycles');
    const { memory } = nextOf(EMPTY_MEMORY, first);
    const { instant } = nextOf({ ...memory, interrupted: true }, second);
    expect(sampleFrom(instant, aFleet()).arrived).toBeNull();
  });

  it('go on while fleets begin and cease to ask for a label: the same pods are no newcomers, and none fell silent', () => {
    const labelled = (cycle: Cycle): Cycle => tagged(cycle, { tenant: 'x' });
    const cycles = [100, 110, 125, 140].map((finished, index) =>
      cycleOf(index, [{ pod: 'a', finished, running: 9 }]),
    );
    const [first, second, third, fourth] = cycles as [Cycle, Cycle, Cycle, Cycle];
    const samples = samplesOf(first, labelled(second), labelled(third), fourth);
    expect(samples.map(({ arrived }) => arrived)).toEqual([null, 10, 15, 15]);
    expect(samples.map(({ arrivedOver }) => arrivedOver)).toEqual([null, STEP, STEP, STEP]);
    const { memory } = nextOf(EMPTY_MEMORY, first);
    const { silent } = finish(reportSteps(memory, tablesOf(labelled(second)), STALE_AFTER));
    expect(silent.size).toBe(0);
  });

  it('are known of a pod that was too old to be read when fleets began to ask for a label', () => {
    const tenant = { tenant: 'x' };
    const samples = samplesOf(
      cycleOf(0, [{ pod: 'a', finished: 100, running: 9 }]),
      tagged(cycleOf(1, [{ pod: 'a', finished: 110, running: 9, age: 2 * STALE_AFTER }]), tenant),
      tagged(cycleOf(2, [{ pod: 'a', finished: 125, running: 9 }]), tenant),
    );
    expect(samples.map(({ arrived }) => arrived)).toEqual([null, null, 15]);
  });

  it('are of one pod where a label told two scrapes of it apart, and none is missed when it no longer does', () => {
    const pod = (finished: number) => [{ pod: 'a', finished, running: 9 }];
    const [first, second, third] = [100, 110, 125].map((finished, index) => cycleOf(index, pod(finished)));
    if (!first || !second || !third) throw new Error('three cycles');
    const [x, y] = ['x', 'y'].map((tenant) => tagged(first, { tenant }));
    if (!x || !y) throw new Error('two scrapes');
    const twice = {
      ...x,
      gauges: [...x.gauges, ...y.gauges],
      counters: [...x.counters, ...y.counters],
      stamps: [...x.stamps, ...y.stamps],
    };
    const samples = samplesOf(twice, second, third);
    expect(samples.map(({ arrived }) => arrived)).toEqual([null, 10, 15]);
    expect(samples.map(({ missing }) => missing)).toEqual([[], [], []]);
  });

  it('add up to what really came, for any traffic and any restarts', () => {
    const traffic = fc.record({
      came: fc.integer({ min: 0, max: 50 }),
      finish: fc.double({ min: 0, max: 1, noNaN: true }),
      restart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(traffic, traffic), { minLength: 1, maxLength: 20 }), (steps) => {
        const pods = ['a', 'b'].map((pod) => ({ pod, finished: 0, running: 0 }));
        const cycles = [cycleOf(0, pods)];
        let expected = 0;
        for (const [index, step] of steps.entries()) {
          for (const [which, { came, finish, restart }] of step.entries()) {
            const pod = pods[which];
            if (pod === undefined) continue;
            // What a process had is lost with it; clients ask again, which are arrivals after its start.
            if (restart) Object.assign(pod, { finished: 0, running: 0 });
            const done = Math.floor((pod.running + came) * finish);
            const wasCounted = restart && pod.finished + done >= beforeOf(cycles, which);
            Object.assign(pod, { finished: pod.finished + done, running: pod.running + came - done });
            // A restart whose counter has already passed where it stood cannot be seen.
            expected += wasCounted ? Number.NaN : came;
          }
          cycles.push(cycleOf(index + 1, pods));
        }
        const total = arrivedOf(...cycles).reduce<number>((sum, one) => sum + (one ?? 0), 0);
        if (!Number.isNaN(expected)) expect(total).toBe(expected);
      }),
      { seed: 13, numRuns: 200 },
    );
  });
});

/** The finished counter of a pod in the newest cycle. */
function beforeOf(cycles: readonly Cycle[], which: number): number {
  return cycles[cycles.length - 1]?.counters[which]?.value ?? 0;
}

describe("a gateway's counter", () => {
  const arrivals = 'sum(gateway_requests_total)';
  const of = (result: readonly { metric: Record<string, string>; value: number }[] | string | undefined) => {
    const custom = new Map(result === undefined ? [] : [[arrivals, result]]);
    const gauges = [aPoint('vllm:num_requests_running', { pod: 'a' }, 1)];
    const { instant } = nextOf(EMPTY_MEMORY, aCycle({ custom, gauges }));
    return sampleFrom(instant, { ...aFleet(), arrivals });
  };

  it('is read as it stands', () => {
    expect(of([{ metric: {}, value: 120 }])).toMatchObject({ gateway: 120, notes: [] });
  });

  it.each([
    {
      name: 'several series',
      result: [1, 2].map((value) => ({ metric: {}, value })),
      note: 'must give one number, was 2',
    },
    { name: 'an error', result: 'answered 400', note: 'answered 400' },
    { name: 'no answer yet', result: undefined, note: 'was not read in this cycle' },
  ])('is unknown with $name, and explain says so', ({ result, note }) => {
    const sample = of(result);
    expect(sample.gateway).toBeNull();
    expect(sample.notes.join()).toContain(note);
  });
});

import { describe, expect, it } from 'vitest';
import type { Autoscaler, FleetView } from '../../src/simulate/autoscalers/autoscaler.ts';
import { KEDA } from '../../src/simulate/autoscalers/keda-peers.ts';
import { createStatic } from '../../src/simulate/autoscalers/static-replicas.ts';
import { OUTCOMES } from '../../src/simulate/records.ts';
import { type RunResult, runScenario } from '../../src/simulate/run-scenario.ts';
import type { Scenario } from '../../src/simulate/scenario.ts';
import { aScenario, aTrace, HOUR, START } from './scenario-fixture.ts';

function run(scenario: Scenario, autoscaler: Autoscaler): RunResult {
  const result = runScenario(scenario, autoscaler);
  if (result === null) throw new Error('ended early');
  return result;
}

/** Looks every `everyMs` and scales as told. */
function watcher(everyMs: number, look: (view: FleetView) => number | null): Autoscaler {
  return { name: 'watcher', duties: [{ name: 'look', everyMs, phaseMs: 0, run: look }] };
}

describe('a run', () => {
  it('gives the same for the same seed, to the last bit, and other cold starts for another', () => {
    const scenario = aScenario();
    const twice = [1, 2].map(() => run(scenario, KEDA.create(scenario)));
    expect(twice[0]).toEqual(twice[1]);
    const other = run({ ...scenario, seed: 2 }, KEDA.create(scenario));
    expect(other.pods[1]?.readyAt).not.toBe(twice[0]?.pods[1]?.readyAt);
  });

  it('gives the n-th pod of every autoscaler the same cold start, whenever it is created', () => {
    const scenario = aScenario();
    const lasted = (when: number) => {
      const [, second] = run(
        scenario,
        watcher(60_000, ({ now }) => (now >= START + when ? 2 : null)),
      ).pods;
      return (second?.readyAt ?? 0) - (second?.createdAt ?? 0);
    };
    expect(lasted(600_000)).toBe(lasted(3_000_000));
  });

  it('accounts for every request once', () => {
    const scenario = aScenario();
    const { records } = run(scenario, createStatic(1));
    const ended = OUTCOMES.map((_, index) => records.outcome.filter((outcome) => outcome === index).length);
    expect(ended.reduce((sum, count) => sum + count, 0)).toBe(scenario.trace.length);
    expect(ended[OUTCOMES.indexOf('in flight')]).toBe(0);
    expect(ended[OUTCOMES.indexOf('timeout')]).toBeGreaterThan(100);
  });

  it("keeps Little's law in what autoscalers see: the integral of ongoing is the sum of times in the system", () => {
    const scenario = aScenario({
      trace: aTrace(2 * HOUR, () => 0.8),
      clientTimeoutMs: Number.POSITIVE_INFINITY,
    });
    let seen = 0;
    const { records } = run(
      scenario,
      watcher(1_000, (view) => {
        seen = view.ongoingMs;
        return null;
      }),
    );
    let spent = 0;
    for (let row = 0; row < scenario.trace.length; row++)
      spent += (records.finishedAt[row] ?? 0) - (scenario.trace.arrivedAt[row] ?? 0);
    expect(seen / spent).toBeGreaterThan(0.995);
    expect(seen / spent).toBeLessThanOrEqual(1);
  });

  it('scrapes each pod every 15 s at a phase of its own, from when it is ready until it is gone', () => {
    const scrapes = new Map<string, Set<number>>();
    const scenario = aScenario();
    const { pods } = run(
      scenario,
      watcher(1_000, ({ now, prometheus }) => {
        for (const { name, at } of prometheus.pods) {
          // One that is gone is found out at the next scrape of anything.
          expect(now - at).toBeLessThan(30_000);
          scrapes.set(name, (scrapes.get(name) ?? new Set()).add(at));
        }
        return now === START + HOUR ? 3 : now === START + 1.5 * HOUR ? 1 : null;
      }),
    );
    expect(scrapes.size).toBe(3);
    const phases = [...scrapes.values()].map((at) => new Set([...at].map((ms) => ms % 15_000)));
    expect(phases.map(({ size }) => size)).toEqual([1, 1, 1]);
    expect(new Set(phases.flatMap((each) => [...each])).size).toBe(3);
    const [, second] = pods;
    const [, seen] = [...scrapes.values()];
    expect(Math.min(...(seen ?? []))).toBeGreaterThanOrEqual(second?.readyAt ?? 0);
    expect(Math.max(...(seen ?? []))).toBeLessThanOrEqual(START + 2 * HOUR);
  });

  it('answers queries as Prometheus does: sums, averages of sums, rates that agree with the arrivals', () => {
    const scenario = aScenario({ trace: aTrace(2 * HOUR, () => 1) });
    const rates: number[] = [];
    run(
      scenario,
      watcher(60_000, ({ prometheus, now }) => {
        if (now < START + HOUR) return 2;
        rates.push(prometheus.rate('finished', 600_000) ?? Number.NaN);
        const average = prometheus.averageOfSum(['running', 'waiting'], 600_000) ?? Number.NaN;
        const most = prometheus.maxOfSum(['running', 'waiting'], 600_000) ?? Number.NaN;
        expect(average).toBeGreaterThan(0);
        expect(most).toBeGreaterThanOrEqual(average);
        return null;
      }),
    );
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    expect(mean).toBeGreaterThan(0.9);
    expect(mean).toBeLessThan(1.1);
  });

  it('has no series at all while nothing is ready, which is not the same as 0', () => {
    const answers: (number | null)[] = [];
    run(
      aScenario({ initialReplicas: 0, minReplicas: 0 }),
      watcher(60_000, ({ prometheus }) => {
        answers.push(prometheus.sum('running'));
        return null;
      }),
    );
    expect(new Set(answers)).toEqual(new Set([null]));
  });

  it('ends early, with nothing, when a hook says so', () => {
    expect(runScenario(aScenario(), createStatic(1), { onProgress: () => false })).toBeNull();
  });
});

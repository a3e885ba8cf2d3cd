import { describe, expect, it } from 'vitest';
import { measureDemand } from '../../../src/simulate/autoscalers/oracle-demand.ts';
import { createStatic } from '../../../src/simulate/autoscalers/static-replicas.ts';
import { difference, estimate } from '../../../src/simulate/backtest/estimate.ts';
import { meanReady, neededReplicas, scoreRun, shortMinutes } from '../../../src/simulate/backtest/scores.ts';
import { OUTCOMES } from '../../../src/simulate/records.ts';
import type { PodLife, RunResult } from '../../../src/simulate/run-scenario.ts';
import { runScenario } from '../../../src/simulate/run-scenario.ts';
import { createTrace } from '../../../src/simulate/trace.ts';
import { aScenario, HOUR, START } from '../scenario-fixture.ts';

const MINUTE = 60_000;
const whole = { from: START, to: START + 2 * HOUR };

function aPod(given: Partial<PodLife> = {}): PodLife {
  return { createdAt: START, boundAt: START, readyAt: START, deletedAt: null, goneAt: null, ...given };
}

/** A run of requests one a second, each `[outcome, ms to the first token]`, 11 tokens in 1 s after it. */
function aRun(
  requests: readonly (readonly [(typeof OUTCOMES)[number], number])[],
  pods: readonly PodLife[] = [aPod()],
) {
  const trace = createTrace(
    requests.map((_, row) => ({
      arrivedAt: START + row * 1000,
      promptTokens: 10,
      outputTokens: 11,
      tenant: 0,
    })),
    [''],
  );
  const firstTokenAt = Float64Array.from(requests, ([, ms], row) => START + row * 1000 + ms);
  const result: RunResult = {
    autoscaler: 'test',
    records: {
      firstTokenAt,
      finishedAt: firstTokenAt.map((at) => at + 1000),
      outcome: Uint8Array.from(requests, ([outcome]) => OUTCOMES.indexOf(outcome)),
    },
    gpuTime: { starting: 0, serving: 0, draining: 0, buffer: 0 },
    scaleEvents: [],
    pods,
  };
  return { scenario: aScenario({ trace }), result };
}

describe('scores', () => {
  it('count errors, timeouts and what never came as misses, slower than every other', () => {
    const { scenario, result } = aRun([
      ['finished', 100],
      ['finished', 3_000],
      ['timeout', Number.NaN],
      ['pod-gone', 500],
    ]);
    const scores = scoreRun(scenario, result, whole);
    expect(scores.within).toBe(0.25);
    expect(scores.firstToken).toEqual({ p50: 3_000, p95: null, p99: null });
    expect(scores.perToken.p50).toBe(100);
    expect(scores.failed).toEqual({ timeout: 1, tooLong: 0, podGone: 1, unfinished: 0 });
  });

  it('take the nearest rank of first tokens', () => {
    const { scenario, result } = aRun(
      Array.from({ length: 100 }, (_, index) => ['finished', index + 1] as const),
    );
    expect(scoreRun(scenario, result, whole).firstToken).toEqual({ p50: 50, p95: 95, p99: 99 });
  });

  it('count only what arrived in the span', () => {
    const { scenario, result } = aRun([
      ['timeout', Number.NaN],
      ['finished', 10],
    ]);
    const scores = scoreRun(scenario, result, { from: START + 1000, to: whole.to });
    expect([scores.requests, scores.within]).toEqual([1, 1]);
  });

  it('bill a GPU from bound to gone: starting, serving and draining apart, and only the part in the span', () => {
    const pod = aPod({
      createdAt: START,
      boundAt: START + 10 * MINUTE,
      readyAt: START + 20 * MINUTE,
      deletedAt: START + 50 * MINUTE,
      goneAt: START + 51 * MINUTE,
    });
    const { scenario, result } = aRun([['finished', 1]], [pod]);
    const hours = scoreRun(scenario, result, whole).gpuHours;
    expect(hours.starting * 60).toBeCloseTo(10);
    expect(hours.serving * 60).toBeCloseTo(30);
    expect(hours.draining * 60).toBeCloseTo(1);
    expect(hours.total * 60).toBeCloseTo(41);
    const late = scoreRun({ ...scenario, gpusPerReplica: 2 }, result, {
      from: START + 15 * MINUTE,
      to: START + 25 * MINUTE,
    }).gpuHours;
    expect([late.starting * 60, late.serving * 60]).toEqual([expect.closeTo(10), expect.closeTo(10)]);
  });

  it('bill a pod that was deleted while it started as starting only, and one that never got a node not at all', () => {
    const early = aPod({ readyAt: null, deletedAt: START + MINUTE, goneAt: START + MINUTE });
    const never = aPod({ ...early, boundAt: START + 5 * MINUTE });
    const { scenario, result } = aRun([['finished', 1]], [early, never]);
    const { total, starting } = scoreRun(scenario, result, whole).gpuHours;
    expect([total * 60, starting * 60]).toEqual([expect.closeTo(1), expect.closeTo(1)]);
  });

  it('agree with the world about what was paid', () => {
    const scenario = aScenario();
    const result = runScenario(scenario, createStatic(3));
    if (result === null) throw new Error('ended early');
    const { starting, serving, draining } = result.gpuTime;
    const { gpuHours } = scoreRun(scenario, result, whole);
    expect(gpuHours.total * HOUR).toBeCloseTo(starting + serving + draining, 3);
  });

  it('call a minute short when fewer replicas were ready than it needed', () => {
    const lives = [aPod(), aPod({ readyAt: START + 2.5 * MINUTE })];
    expect([...meanReady(lives, { from: START, to: START + 4 * MINUTE }, MINUTE)]).toEqual([1, 1, 1.5, 2]);
    const needed = Float64Array.of(1, 2, 2, 2);
    expect(shortMinutes(needed, MINUTE, { lives, whole, span: whole })).toBe(2);
  });

  it('need more replicas in the busy half hour of a trace than around it', () => {
    const scenario = aScenario();
    const needed = neededReplicas(scenario, measureDemand(scenario));
    const mean = (from: number, to: number) =>
      needed.subarray(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
    expect(mean(0, 30)).toBeLessThan(1.2);
    expect(mean(32, 60)).toBeGreaterThan(1.8);
  });
});

describe('an estimate over seeds', () => {
  it('has the half width of Student’s interval', () => {
    expect(estimate([1, 2, 3])).toEqual({ mean: 2, plusMinus: expect.closeTo(4.303 / Math.sqrt(3), 3) });
  });

  it('says nothing of its width with one seed', () => {
    expect(estimate([5])).toEqual({ mean: 5, plusMinus: null });
  });

  it('is paired: what all suffered from a seed does not count', () => {
    expect(difference([11, 21, 31], [10, 20, 30])).toEqual({ mean: 1, plusMinus: 0 });
  });
});

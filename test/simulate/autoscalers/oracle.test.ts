import { describe, expect, it } from 'vitest';
import { runOracle } from '../../../src/simulate/autoscalers/oracle.ts';
import { measureDemand } from '../../../src/simulate/autoscalers/oracle-demand.ts';
import { createStatic } from '../../../src/simulate/autoscalers/static-replicas.ts';
import { createRandom, exponential } from '../../../src/simulate/random.ts';
import { type RunResult, runScenario } from '../../../src/simulate/run-scenario.ts';
import { foreknowledgeOf, type Scenario } from '../../../src/simulate/scenario.ts';
import { createTrace } from '../../../src/simulate/trace.ts';
import { aSetting } from './views.ts';

const HOUR = 3_600_000;

/** An hour: half a request a second, and seven a second for ten minutes in the middle. */
function anHour(seed: number): Scenario {
  const random = createRandom('oracle', seed);
  const rows = [];
  const rate = (at: number) => (at > 0.5 * HOUR && at < 0.5 * HOUR + 600_000 ? 7 : 0.5);
  for (let at = 0; at < HOUR; at += exponential(random, 1000 / rate(at)))
    rows.push({ arrivedAt: at, tenant: 0, promptTokens: 600, outputTokens: 120 });
  return {
    ...aSetting({ from: 0, to: HOUR, maxReplicas: 4 }),
    trace: createTrace(rows, ['all']),
    seed,
    clientTimeoutMs: 30_000,
    gracePeriodMs: 30_000,
    router: 'least-loaded',
    gpusPerReplica: 1,
  };
}

function run(scenario: Scenario, replicas: number): RunResult {
  const result = runScenario({ ...scenario, initialReplicas: replicas }, createStatic(replicas));
  if (result === null) throw new Error('a run without hooks ends');
  return result;
}

function shareOf({ records }: RunResult, { trace, objectiveMs }: Scenario): number {
  let inTime = 0;
  for (let row = 0; row < trace.length; row++)
    if ((records.firstTokenAt[row] ?? Number.NaN) - (trace.arrivedAt[row] ?? 0) <= objectiveMs) inTime++;
  return inTime / trace.length;
}

const gpuMs = ({ gpuTime }: RunResult) => gpuTime.starting + gpuTime.serving + gpuTime.draining;

describe('the oracle in the world', () => {
  const scenario = anHour(1);
  const oracle = runOracle(scenario);

  it('meets the objective as the run itself counts it', () => {
    expect(oracle.short).toBe(false);
    expect(oracle.share).toBe(shareOf(oracle.result, scenario));
    expect(oracle.share).toBeGreaterThanOrEqual(0.99);
  });

  it('is cheaper than every fixed count that meets it', () => {
    const counts = [1, 2, 3, 4].filter((count) => shareOf(run(scenario, count), scenario) >= 0.99);
    expect(counts.length).toBeGreaterThan(0);
    for (const count of counts) expect(gpuMs(oracle.result)).toBeLessThan(gpuMs(run(scenario, count)));
  });

  it('keeps to the limits and the cold starts that everybody has', () => {
    const { startOf } = foreknowledgeOf(scenario);
    for (const { to } of oracle.result.scaleEvents) {
      expect(to).toBeGreaterThanOrEqual(scenario.minReplicas);
      expect(to).toBeLessThanOrEqual(scenario.maxReplicas);
    }
    for (const [ordinal, pod] of oracle.result.pods.entries()) {
      if (ordinal < scenario.initialReplicas || pod.readyAt === null) continue;
      expect(pod.readyAt - pod.boundAt).toBe(startOf(ordinal).start);
    }
    expect(oracle.result.pods.length).toBeGreaterThan(scenario.initialReplicas);
  });

  it('pays in the world nearly what it planned', () => {
    const planned = oracle.plan.schedule.costMs;
    expect(gpuMs(oracle.result)).toBeGreaterThan(planned * 0.98);
    expect(gpuMs(oracle.result)).toBeLessThan(planned * 1.05);
    expect(oracle.plan.boundMs).toBeGreaterThan(planned * 0.97);
  });

  it('says when not even the most replicas are enough', () => {
    const hopeless = runOracle({ ...scenario, objectiveMs: 20 }, { share: 0.99 });
    expect(hopeless.short).toBe(true);
    expect(hopeless.share).toBeLessThan(0.99);
  });

  it('measures demand that no further replica raises, and that the busy minutes have more of', () => {
    const demand = measureDemand(scenario);
    const needed = (slot: number) => [1, 2, 3, 4].find((count) => demand.late(slot, count) === 0) ?? 4;
    for (let slot = 0; slot < demand.slots; slot++)
      for (let count = 1; count < 4; count++)
        expect(demand.late(slot, count + 1)).toBeLessThanOrEqual(demand.late(slot, count));
    expect(needed(35)).toBeGreaterThan(needed(10));
    expect(demand.requests).toBe(scenario.trace.length);
  });
});

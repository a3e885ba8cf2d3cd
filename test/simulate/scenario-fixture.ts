import { DEFAULT_COLD_START } from '../../src/simulate/pod.ts';
import { DEFAULT_PROFILE } from '../../src/simulate/profiles.ts';
import { createRandom, exponential } from '../../src/simulate/random.ts';
import type { Scenario } from '../../src/simulate/scenario.ts';
import { createTrace, type Trace } from '../../src/simulate/trace.ts';

export const HOUR = 3_600_000;
/** A Monday. */
export const START = Date.UTC(2026, 0, 5);

/** Poisson arrivals at `perSecond(ms since the start)`, of equal requests, over `ms`. */
export function aTrace(ms: number, perSecond: (elapsed: number) => number, seed = 1): Trace {
  const random = createRandom('trace', seed);
  const rows = [];
  for (let at = 0; ; ) {
    at += exponential(random, 1000 / perSecond(at));
    if (at >= ms) break;
    rows.push({ arrivedAt: START + at, promptTokens: 600, outputTokens: 100, tenant: 0 });
  }
  return createTrace(rows, ['']);
}

/** Two hours on an A10G, of which the middle half hour is busy. */
export function aScenario(given: Partial<Scenario> = {}): Scenario {
  const trace = given.trace ?? aTrace(2 * HOUR, (at) => (at > HOUR / 2 && at < HOUR ? 5 : 0.5));
  return {
    trace,
    seed: 1,
    from: START,
    to: START + 2 * HOUR,
    minReplicas: 1,
    maxReplicas: 8,
    initialReplicas: 1,
    profile: DEFAULT_PROFILE,
    coldStart: DEFAULT_COLD_START,
    objectiveMs: 2_000,
    clientTimeoutMs: 30_000,
    gracePeriodMs: 30_000,
    router: 'least-loaded',
    gpusPerReplica: 1,
    ...given,
  };
}

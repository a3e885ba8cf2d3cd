import { createStatic } from '../autoscalers/static-replicas.ts';
import { DEFAULT_COLD_START } from '../pod.ts';
import type { ReplicaProfile } from '../profiles.ts';
import { createRandom, exponential } from '../random.ts';
import { runScenario } from '../run-scenario.ts';
import { createTrace, type Trace } from '../trace.ts';

export interface LoadTestOptions {
  /** Whose lengths are sent, in random order. */
  readonly lengths: Trace;
  readonly profile: ReplicaProfile;
  readonly objectiveMs: number;
}

/** Few enough to be affordable, enough that their queues even out, as in a fleet that is worth scaling. */
const REPLICAS = 4;
const SECONDS = 600;
/** Of a test at most; a big card needs less than ten minutes for as many. */
const REQUESTS = 15_000;
const SHARE = 0.99;
const STEPS = 7;

/**
 * Requests per second that one replica carries with 99 % of first tokens in time: what somebody finds who sends Poisson
 * traffic of these lengths at four warm replicas, up to ten minutes at a time, and halves the interval between too much and enough.
 */
export function loadTest(options: LoadTestOptions): number {
  let [enough, tooMuch] = [0, saturation(options)];
  for (let step = 0; step < STEPS; step++) {
    const rate = (enough + tooMuch) / 2;
    if (shareInTime(options, rate) >= SHARE) enough = rate;
    else tooMuch = rate;
  }
  return Math.round(enough * 1000) / 1000;
}

/** Requests per second of one replica whose every millisecond goes into prefill and its share of decode steps. */
function saturation({ lengths, profile: { b, c, d } }: LoadTestOptions): number {
  let work = 0;
  for (let row = 0; row < lengths.length; row++) {
    const prompt = lengths.promptTokens[row] ?? 0;
    const output = lengths.outputTokens[row] ?? 0;
    work += d * prompt + output * (b + c * (prompt + output / 2));
  }
  return (1000 * lengths.length) / work;
}

function shareInTime({ lengths, profile, objectiveMs }: LoadTestOptions, perReplica: number): number {
  const rate = perReplica * REPLICAS;
  const to = 1000 * Math.min(SECONDS, REQUESTS / rate);
  const trace = traffic(lengths, rate, to);
  const scenario = {
    trace,
    from: 0,
    to,
    minReplicas: REPLICAS,
    maxReplicas: REPLICAS,
    initialReplicas: REPLICAS,
    profile,
    coldStart: DEFAULT_COLD_START,
    objectiveMs,
    clientTimeoutMs: 30_000,
    gracePeriodMs: 30_000,
    router: 'least-loaded',
    gpusPerReplica: 1,
    seed: 'load test',
  } as const;
  const result = runScenario(scenario, createStatic(REPLICAS));
  if (result === null) throw new Error('a run without hooks ends by itself');
  let inTime = 0;
  for (let row = 0; row < trace.length; row++)
    if ((result.records.firstTokenAt[row] ?? Number.NaN) - (trace.arrivedAt[row] ?? 0) <= objectiveMs)
      inTime++;
  return trace.length === 0 ? 1 : inTime / trace.length;
}

/** The same draws at every rate, so that more is never easier by luck. */
function traffic(lengths: Trace, rate: number, to: number): Trace {
  const random = createRandom('load test');
  const rows = [];
  for (let at = 0; ; ) {
    at += exponential(random, 1 / rate) * 1000;
    const row = Math.floor(random() * lengths.length);
    if (at >= to) break;
    const promptTokens = lengths.promptTokens[row] ?? 1;
    rows.push({ arrivedAt: at, promptTokens, outputTokens: lengths.outputTokens[row] ?? 1, tenant: 0 });
  }
  return createTrace(rows, ['']);
}

import { perObject } from '../core/per-object.ts';
import type { Signals } from '../core/policy.ts';
import type { Sample } from '../core/sample.ts';
import { growth, ongoingOf, pointsOf } from '../signal/series.ts';
import { aggregate, round6 } from '../signal/window.ts';
import { measureArrivalRate } from './arrival-rate.ts';
import { type DemandContext, type Measured, type Reading, type SignalName, unknown } from './measure.ts';
import { type StepResult, trim } from './step-result.ts';

/** `absolute`: a count by itself, not one that is measured from the replicas that run. */
export interface DemandResult extends StepResult {
  readonly absolute: boolean;
}

/** Step 1: each signal that the policy reads, aggregated over the look-back window. */
export function readSignals(ctx: DemandContext): readonly Reading[] {
  return signalNames(ctx.policy.signals).map((name) => reading(name, MEASURES[name](ctx), ctx.current));
}

/** Step 2: the largest demand of all signals, a fraction of replicas; null when none of them is known. */
export function demandStep(readings: readonly Reading[]): DemandResult {
  let strongest: Reading | null = null;
  for (const candidate of readings) {
    if (candidate.demand !== null && (strongest?.demand ?? -1) < candidate.demand) strongest = candidate;
  }
  const inputs = Object.fromEntries(readings.map(({ name, demand }) => [name, demand]));
  if (strongest === null)
    return { out: null, reason: readings[0]?.why ?? 'no signal is known', inputs, absolute: false };
  const chosen = readings.length > 1 ? `${strongest.name} asks for most: ` : '';
  const absolute = strongest.name === 'arrivalRate' && strongest.partial === null;
  return { out: strongest.demand, reason: chosen + strongest.detail, inputs, absolute };
}

const signalNames = perObject((signals: Signals): readonly SignalName[] => {
  if (signals.only) return [signals.only];
  const further = (['waiting', 'kvCacheUsage', 'timeToFirstToken', 'arrivalRate', 'query'] as const).filter(
    (name) => signals[name] !== undefined,
  );
  return ['ongoing', ...further];
});

function reading(name: SignalName, measured: Measured, current: Sample): Reading {
  const { value, demand, detail, partial = null, findings = [], independent = false } = measured;
  const isThere = independent || current.presence === 'fresh';
  const kind = !isThere ? current.presence : demand === null ? 'absent' : 'fresh';
  const known = kind === 'fresh';
  return {
    name,
    kind,
    value: kind === 'absent' ? null : value,
    observedAt: current.observedAt,
    demand: known ? demand : null,
    why: known ? partial : (current.why ?? detail),
    detail,
    partial,
    findings,
  };
}

const MEASURES: Readonly<Record<SignalName, (ctx: DemandContext) => Measured>> = {
  ongoing: measureOngoing,
  waiting: measureWaiting,
  kvCacheUsage: measureKvCacheUsage,
  timeToFirstToken: measureTimeToFirstToken,
  arrivalRate: measureArrivalRate,
  query: measureQuery,
};

/** Ray Serve's signal: ongoing requests of all replicas over what one should have. */
function measureOngoing(ctx: DemandContext): Measured {
  const { policy, current } = ctx;
  const measured = gauge(ctx, ongoingOf);
  if (measured === null) return unknown('neither running nor waiting requests are known');
  const rejected = rejectedDemand(ctx, measured);
  const value = round6(measured + rejected);
  const demand = rayDemand(value, policy.targetOngoingRequests, ctx.running);
  const clipped = rejected > 0 ? ` (${trim(rejected)} of them turned away by vLLM's admission limit)` : '';
  const detail = `${trim(value)} ongoing requests${clipped} at ${trim(policy.targetOngoingRequests)} each are ${trim(demand)} replicas`;
  const half = current.running === null ? 'running' : current.waiting === null ? 'waiting' : null;
  return { value, demand, detail, ...(half ? { partial: `${half} requests are not reported` } : {}) };
}

/**
 * ongoing / target in Ray Serve's own order of operations. It is not the same in floating point: 110 over 2 with 45
 * running is 55.00000000000001 there, and Ray starts a replica for it (test/golden has that tick).
 */
function rayDemand(ongoing: number, target: number, running: number): number {
  return running > 0 ? running * (ongoing / (target * running)) : ongoing / target;
}

/**
 * Where vLLM limits its queue, what waits is clipped and the rejected are demand too: by Little's law, rejections per
 * second times the seconds that a request stays (at most the window, which also serves while nothing has finished).
 */
function rejectedDemand({ samples, at, policy }: DemandContext, ongoing: number): number {
  const rejected = growth(samples, at, policy.lookBackPeriod, (sample) => sample.rejected);
  if (rejected === null || rejected.total <= 0) return 0;
  const finished = growth(samples, at, policy.lookBackPeriod, (sample) => sample.finished);
  const window = rejected.seconds;
  const stay =
    finished && finished.total > 0 ? Math.min(window, (ongoing * finished.seconds) / finished.total) : window;
  return (rejected.total / window) * stay;
}

function measureWaiting(ctx: DemandContext): Measured {
  const target = ctx.policy.signals.waiting?.target ?? 1;
  const value = gauge(ctx, (sample) => sample.waiting);
  if (value === null) return unknown('waiting requests are not reported');
  return {
    value,
    demand: value / target,
    detail: `${trim(value)} waiting requests at ${trim(target)} each are ${trim(value / target)} replicas`,
  };
}

function measureKvCacheUsage(ctx: DemandContext): Measured {
  const target = ctx.policy.signals.kvCacheUsage?.target ?? 1;
  const value = gauge(ctx, (sample) => sample.kvCacheUsage);
  if (value === null) return unknown('KV-cache use is not reported');
  const demand = value / target;
  return {
    value,
    demand,
    detail: `${trim(value)} replicas' worth of KV cache in use at ${trim(target)} each are ${trim(demand)} replicas`,
  };
}

/** Replicas grow or shrink by the ratio of the mean time to first token to its objective, between half and double. */
function measureTimeToFirstToken({ samples, at, policy, running }: DemandContext): Measured {
  const objective = (policy.signals.timeToFirstToken?.objective ?? 1_000) / 1000;
  const seconds = growth(samples, at, policy.lookBackPeriod, (sample) => sample.firstTokenSeconds);
  const count = growth(samples, at, policy.lookBackPeriod, (sample) => sample.firstTokenCount);
  if (seconds === null || count === null) return unknown('time to first token is not reported');
  if (count.total <= 0) return { value: 0, demand: 0, detail: 'no first token in the window' };
  const mean = round6(seconds.total / count.total);
  const demand = running * Math.min(2, Math.max(0.5, mean / objective));
  return {
    value: mean,
    demand,
    detail: `a mean time to first token of ${trim(mean)} s against ${trim(objective)} s on ${trim(running)} replicas is ${trim(demand)} replicas`,
  };
}

function measureQuery(ctx: DemandContext): Measured {
  const query = ctx.policy.signals.query;
  const value = gauge(ctx, (sample) => sample.query);
  if (query === undefined || value === null) return unknown('the custom query gave no single number');
  const demand = Math.min(query.cap, Math.max(0, value / query.target));
  const capped = demand === query.cap ? `, capped at ${query.cap}` : '';
  return {
    value,
    demand,
    detail: `the custom query's ${trim(value)} at ${trim(query.target)} each are ${trim(value / query.target)} replicas${capped}`,
  };
}

function gauge(
  { samples, at, policy }: DemandContext,
  value: (sample: Sample) => number | null,
): number | null {
  const points = pointsOf(samples, value);
  if (points[points.length - 1]?.at !== at) return null;
  return aggregate(points, at, policy.lookBackPeriod, policy.aggregation);
}

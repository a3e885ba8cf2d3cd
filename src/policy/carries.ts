import type { ArrivalRule } from '../core/arrival-rule.ts';
import type { WindowRate } from '../signal/arrivals.ts';
import type { Capacity } from '../signal/capacity.ts';
import { ongoingOf, pointsOf } from '../signal/series.ts';
import { aggregate, round6 } from '../signal/window.ts';
import type { DemandContext } from './measure.ts';
import { trim } from './step-result.ts';

/** Requests per second that one replica carries, and how that is known. */
export interface PerReplica {
  readonly rate: number | null;
  readonly why: string;
}

/** Of what replicas finish while requests queue, what they carry with first tokens in time. */
const BUSY_SHARE = 0.8;

/** Requests per second that a replica carries with first tokens in time; null where none was seen busy often enough. */
export function busyCapacity({ busyRate }: Capacity): number | null {
  return busyRate === null ? null : round6(busyRate * BUSY_SHARE);
}

/**
 * What one replica carries: as configured; else what busy replicas were seen to finish; else, by Little's law, the ongoing
 * requests that one should have over the seconds that a request stays, as history or the longest window has them.
 */
export function capacityOf(rule: ArrivalRule, ctx: DemandContext, rates: readonly WindowRate[]): PerReplica {
  if (rule.perReplica !== null) return { rate: rule.perReplica, why: 'as configured' };
  const learned = ctx.traffic?.capacity ?? null;
  if (learned !== null && learned.busyRate !== null) {
    const busy = `${trim(learned.busyRate)} that busy replicas finish (the middle of ${learned.busySpans} spans of 5m with a queue)`;
    return { rate: busyCapacity(learned), why: `${trim(BUSY_SHARE)} of the ${busy}` };
  }
  const target = ctx.policy.targetOngoingRequests;
  const stay = learned?.staySeconds ?? stayNow(ctx, rates);
  if (stay === null || stay <= 0) return { rate: null, why: 'what a replica carries is not known yet' };
  const why = `${trim(target)} ongoing requests (the target) that stay ${trim(stay)} s each; busy replicas have not been seen yet`;
  return { rate: round6(target / stay), why };
}

/** Seconds that a request stays now: mean ongoing over the arrival rate of the longest window. */
function stayNow({ samples, at }: DemandContext, rates: readonly WindowRate[]): number | null {
  const longest = rates[rates.length - 1];
  if (longest === undefined || longest.rate <= 0) return null;
  const ongoing = aggregate(pointsOf(samples, ongoingOf), at, longest.window, 'mean');
  return ongoing === null ? null : ongoing / longest.rate;
}

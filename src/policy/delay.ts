import { formatDuration } from '../core/duration.ts';
import type { Policy } from '../core/policy.ts';
import { replicas, type StepResult } from './step-result.ts';

/** A change that is wanted and waits for its delay. `min`, `max` and `area` serve `delay.apply`. */
export interface Wish {
  readonly direction: 'up' | 'down';
  readonly since: number;
  readonly min: number;
  readonly max: number;
  /** Integral of the wanted replicas over time since `since`, replica-milliseconds, up to `lastAt`; from there on `last` is wanted. */
  readonly area: number;
  readonly last: number;
  readonly lastAt: number;
}

export interface DelayInput {
  readonly at: number;
  /** What the steps before want; null while unknown. */
  readonly wanted: number | null;
  /** What was last asked for. */
  readonly target: number;
  /** The calendar's and policy's lower limit: it rises with no delay. */
  readonly min: number;
  readonly wish: Wish | null;
  /** Whether a rise is applied at once: a burst, or Ray's path from no running replica. */
  readonly direct: boolean;
  /** Whether a fall may be wanted at all: not on hold, no burst. */
  readonly mayFall: boolean;
  /** Why not, for the reason. */
  readonly noFall: string;
}

export interface DelayResult extends StepResult {
  readonly out: number;
  readonly wish: Wish | null;
  /** When the wish that still waits will be applied; null when none waits. */
  readonly due: number | null;
}

/**
 * Step 6, Ray Serve's rule by wall clock, against the last target: a rise is applied once it has been wanted for
 * `upscaleDelay` without a break, a fall after `downscaleDelay`; from one replica to none after `downscaleToZeroDelay`,
 * and only from one (from more a fall ends at 1). `delay.apply` picks what was wanted during the wait. Unknown demand
 * ends a waiting fall, since missing data must not help a fleet to shrink, and keeps a waiting rise for no longer than
 * `upscaleDelay`: what was wanted before a longer gap is not what is wanted after it.
 */
export function delayStep(input: DelayInput, policy: Policy): DelayResult {
  const { wanted, target, min, wish } = input;
  const lifted = Math.max(target, min);
  if (wanted === null) {
    const kept = wish?.direction === 'up' && input.at - wish.lastAt <= policy.upscaleDelay ? wish : null;
    const reason =
      lifted > target
        ? `the lower limit of ${min} holds without any demand known`
        : `${replicas(target)} as asked before`;
    return { out: lifted, wish: kept, due: null, reason, inputs: { target } };
  }
  if (input.direct && wanted >= lifted)
    return { out: wanted, wish, due: null, reason: directReason(wanted, target), inputs: { target } };
  if (wanted > target) return rise(input, policy, lifted);
  if (wanted < target) return fall(input, policy);
  return {
    out: target,
    wish: null,
    due: null,
    reason: `${wanted} is what was asked for before`,
    inputs: { target },
  };
}

function directReason(wanted: number, target: number): string {
  return wanted > target
    ? `a rise to ${wanted} that does not wait`
    : `${wanted} is what was asked for before`;
}

function rise(input: DelayInput, policy: Policy, lifted: number): DelayResult {
  const { at, target } = input;
  const wanted = input.wanted ?? target;
  const wish = wishFor('up', wanted, at, input.wish);
  const due = wish.since + policy.upscaleDelay;
  const inputs = {
    target,
    wanted,
    since: wish.since,
    upscaleDelay: policy.upscaleDelay,
    apply: policy.delay.apply,
  };
  if (at >= due) {
    const out = Math.max(lifted, applied(wish, at, policy));
    return {
      out,
      wish: null,
      due: null,
      reason: `a rise to ${out} wanted for ${formatDuration(policy.upscaleDelay)}`,
      inputs,
    };
  }
  if (wanted === lifted)
    return {
      out: lifted,
      wish: null,
      due: null,
      reason: `the lower limit of ${lifted} rises without a delay`,
      inputs,
    };
  const waited = `wanted for ${formatDuration(at - wish.since)} of ${formatDuration(policy.upscaleDelay)}`;
  return { out: lifted, wish, due, reason: `a rise to ${wanted} ${waited}`, inputs };
}

function fall(input: DelayInput, policy: Policy): DelayResult {
  const { at, target } = input;
  const toZero = target === 1;
  const wanted = toZero ? (input.wanted ?? 1) : Math.max(1, input.wanted ?? target);
  const delay = toZero ? policy.downscaleToZeroDelay : policy.downscaleDelay;
  if (!input.mayFall) {
    return {
      out: target,
      wish: null,
      due: null,
      reason: `no fall to ${wanted}: ${input.noFall}`,
      inputs: { target, wanted },
    };
  }
  const wish = wishFor('down', wanted, at, input.wish);
  const due = wish.since + delay;
  const inputs = { target, wanted, since: wish.since, delay, apply: policy.delay.apply };
  if (at >= due) {
    const out = Math.min(target, applied(wish, at, policy));
    return { out, wish, due: null, reason: `a fall to ${out} wanted for ${formatDuration(delay)}`, inputs };
  }
  const waited = `wanted for ${formatDuration(at - wish.since)} of ${formatDuration(delay)}`;
  return { out: target, wish, due, reason: `a fall to ${wanted} ${waited}`, inputs };
}

/**
 * The running wish with `wanted` added to it, or a new one when the direction is new. A fall that is wanted as before is the same
 * wish: of 10,000 fleets most wait for one at each evaluation. A rise keeps when it was last wanted.
 */
function wishFor(direction: 'up' | 'down', wanted: number, at: number, wish: Wish | null): Wish {
  if (wish?.direction !== direction) {
    return { direction, since: at, min: wanted, max: wanted, area: 0, last: wanted, lastAt: at };
  }
  if (direction === 'down' && wanted === wish.last) return wish;
  return {
    direction,
    since: wish.since,
    min: Math.min(wish.min, wanted),
    max: Math.max(wish.max, wanted),
    area: wish.area + wish.last * (at - wish.lastAt),
    last: wanted,
    lastAt: at,
  };
}

/** What the wait comes to: Ray takes the last value; the mean is time-weighted and rounded up. */
function applied(wish: Wish, at: number, policy: Policy): number {
  const { apply } = policy.delay;
  if (apply === 'min') return wish.min;
  if (apply === 'max') return wish.max;
  const waited = at - wish.since;
  const area = wish.area + wish.last * (at - wish.lastAt);
  return apply === 'mean' && waited > 0 ? Math.ceil(Math.round((area / waited) * 1e6) / 1e6) : wish.last;
}

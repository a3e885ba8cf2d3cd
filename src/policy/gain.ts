import type { Policy } from '../core/policy.ts';
import { round6 } from '../signal/window.ts';
import { replicas, type StepResult, trim } from './step-result.ts';

export interface GainInput {
  /** Replicas that demand asks for, a fraction; null while unknown. */
  readonly demand: number | null;
  /** Replicas that serve now. */
  readonly running: number;
  /** What was last asked for. */
  readonly target: number;
  /** The demand is a count by itself, not one measured from the replicas that run. */
  readonly absolute?: boolean;
  /** Replicas that were asked for and do not serve yet; null or left out while unknown. */
  readonly starting?: number | null;
}

/**
 * Step 3, Ray Serve's gain: from the running replicas toward the demand by the up or down factor, rounded up; a fall
 * that rounding would swallow is one replica. With nothing running demand has no base: one (the factor rounded up) is
 * asked for when anything waits, never less than the target, and `direct` says that the delay is skipped, as Ray does. An
 * absolute demand has its base with nothing running, too. A factor above 1 reaches beyond the demand: what is starting
 * counts as there, or the same step would be asked for again until it serves.
 */
export function gainStep(input: GainInput, policy: Policy): StepResult & { readonly direct: boolean } {
  const { demand, running, absolute = false } = input;
  const inputs = {
    running,
    upscalingFactor: policy.upscalingFactor,
    downscalingFactor: policy.downscalingFactor,
  };
  if (demand === null) return { out: null, reason: 'demand is unknown', inputs, direct: false };
  if (running === 0) return { ...fromNothing(input, demand, policy), inputs, direct: true };
  const factor = demand > running ? policy.upscalingFactor : policy.downscalingFactor;
  const base = factor > 1 ? Math.max(running, Math.min(running + (input.starting ?? 0), demand)) : running;
  const gained = base + factor * (demand - base);
  let out = Math.ceil(absolute ? round6(gained) : gained);
  const swallowed = Math.ceil(demand) < running && out === running;
  if (swallowed) out -= 1;
  const way =
    factor === 1
      ? `${trim(demand)} rounded up`
      : `${trim(factor)} of the way from ${trim(base)} ${base === running ? 'running' : 'running or starting'} to ${trim(demand)}`;
  return { out, reason: `${way} is ${out}${swallowed ? ' (one at least)' : ''}`, inputs, direct: false };
}

function fromNothing(
  { target, absolute = false }: GainInput,
  demand: number,
  policy: Policy,
): { out: number; reason: string } {
  if (round6(demand) <= 0)
    return { out: target, reason: `nothing runs and nothing waits: ${replicas(target)} as asked before` };
  const base = absolute ? round6(demand) : 1;
  const out = Math.max(Math.ceil(policy.upscalingFactor * base), target);
  return { out, reason: `nothing runs and requests ${absolute ? 'come' : 'wait'}: ${replicas(out)} at once` };
}

import { formatDuration } from '../core/duration.ts';
import type { Policy } from '../core/policy.ts';
import { type StepResult, trim } from './step-result.ts';

export interface BurstInput {
  readonly at: number;
  readonly wanted: number | null;
  readonly running: number;
  /** Ongoing requests over the window; null while unknown. */
  readonly ongoing: number | null;
  readonly burstUntil: number | null;
}

/** Step 5: a burst skips the upscale delay now (`now`) and freezes falls until `until`. */
export interface BurstResult extends StepResult {
  readonly now: boolean;
  readonly until: number | null;
}

/** Ongoing requests per ready replica of at least `threshold` times the target are a burst. Off without `burst`. */
export function burstStep(input: BurstInput, policy: Policy): BurstResult {
  const { at, wanted, running, ongoing, burstUntil } = input;
  if (policy.burst === null) return { out: wanted, reason: 'off', inputs: {}, now: false, until: null };
  const { threshold, hold } = policy.burst;
  const perReplica = ongoing === null ? null : ongoing / Math.max(1, running);
  const limit = threshold * policy.targetOngoingRequests;
  const now = perReplica !== null && perReplica >= limit;
  const until = now ? at + hold : burstUntil !== null && burstUntil > at ? burstUntil : null;
  return {
    out: wanted,
    reason: burstReason(now, until, at, perReplica, limit),
    inputs: { perReplica, limit, until },
    now,
    until,
  };
}

function burstReason(
  now: boolean,
  until: number | null,
  at: number,
  perReplica: number | null,
  limit: number,
): string {
  if (now)
    return `a burst: ${trim(perReplica ?? 0)} ongoing per replica reach ${trim(limit)}, so a rise does not wait`;
  if (until !== null) return `no fall for another ${formatDuration(until - at)} after the last burst`;
  return perReplica === null
    ? 'ongoing requests are unknown'
    : `no burst: ${trim(perReplica)} ongoing per replica are below ${trim(limit)}`;
}

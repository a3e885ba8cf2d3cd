import { formatDuration } from '../core/duration.ts';
import { historyWindow, type Policy } from '../core/policy.ts';
import type { Sample } from '../core/sample.ts';
import type { HoldReason } from '../core/signal.ts';
import type { Reading } from './measure.ts';

/** Why a fleet must not fall now, and in which words; null when it may. */
export interface Hold {
  readonly reason: HoldReason;
  readonly why: string;
}

export interface HoldInput {
  readonly at: number;
  readonly current: Sample;
  readonly readings: readonly Reading[];
  /** What was last asked for; null while nothing is known. */
  readonly target: number | null;
  readonly seenSince: number | null;
}

/**
 * Law 4: missing or stale data never scales down. Stale and absent are told apart, a fleet at zero without series is
 * asleep and needs no hold, missing pods or an unknown signal make it partial, and until one whole look-back window
 * has been seen nothing falls either.
 */
export function holdOf(input: HoldInput, policy: Policy): Hold | null {
  const { at, current, readings, target, seenSince } = input;
  if (current.presence === 'absent')
    return target === 0 ? null : { reason: 'absent', why: current.why ?? 'no series of this fleet' };
  if (current.presence === 'stale')
    return { reason: 'stale', why: current.why ?? 'the newest sample is too old' };
  if (current.missing.length > 0) return { reason: 'partial', why: missingPods(current) };
  const gap = readings.find((reading) => reading.kind !== 'fresh' || reading.partial !== null);
  if (gap)
    return {
      reason: readings.every(({ kind }) => kind === 'absent') ? 'unknown' : 'partial',
      why: `${gap.name}: ${gap.why ?? gap.detail}`,
    };
  const seen = seenSince === null ? 0 : at - seenSince;
  const window = historyWindow(policy);
  if (seen < window) {
    return {
      reason: 'start',
      why: `${formatDuration(seen)} of the look-back window of ${formatDuration(window)} have been seen`,
    };
  }
  return null;
}

/** A fleet that was scaled to zero and has no series: its demand is a known zero. */
export function isAsleep(current: Sample, target: number | null): boolean {
  return current.presence === 'absent' && target === 0;
}

function missingPods({ missing, reporting }: Sample): string {
  const names = missing.slice(0, 3).join(', ');
  const more = missing.length > 3 ? ` and ${missing.length - 3} more` : '';
  return `${missing.length} of ${missing.length + reporting} pods do not report (${names}${more})`;
}

import type { DayNeeds } from './needs.ts';

/** A date whose traffic is unlike that of its class. */
export interface Outlier {
  readonly day: DayNeeds;
  /** Its requests over the median of its class. */
  readonly share: number;
}

/** Fewer days have no usual to be unlike. */
const ENOUGH_DAYS = 4;
/** At least this factor from the median, up or down, however alike the other days are. */
const FACTOR = 2;
/** And this many times the median deviation. */
const DEVIATIONS = 5;

/**
 * The days whose requests are far from the median of `days`, by ratio: a holiday that no calendar knows, lost data, a day
 * that was volatile. By the median and the median deviation, which a few such days do not move.
 */
export function outliersOf(days: readonly DayNeeds[]): readonly Outlier[] {
  if (days.length < ENOUGH_DAYS) return [];
  const logs = days.map(({ requests }) => Math.log(requests + 1));
  const middle = medianOf(logs);
  const deviation = medianOf(logs.map((log) => Math.abs(log - middle)));
  const limit = Math.max(Math.log(FACTOR), DEVIATIONS * deviation);
  return days.flatMap((day, index) => {
    const distance = (logs[index] ?? middle) - middle;
    return Math.abs(distance) > limit ? [{ day, share: Math.exp(distance) }] : [];
  });
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
}

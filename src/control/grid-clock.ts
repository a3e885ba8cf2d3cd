import { gridInstant } from '../core/instant.ts';

/** Longest sleep: a clock that was set back, or a machine that slept, is noticed within it. */
const LONGEST_SLEEP = 1_000;

export interface GridClockOptions {
  readonly now: () => number;
  /** Asked before each sleep: a reload may change it. */
  readonly interval: () => number;
  readonly onInstant: (at: number) => void;
}

/**
 * Calls `onInstant` at each grid instant by wall clock, first at once for the one that has just passed. Instants that passed while the machine slept or the clock
 * jumped are skipped, none comes twice; after a jump back the grid goes on from the new time.
 */
export function startGridClock({ now, interval, onInstant }: GridClockOptions): () => void {
  let last = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout;
  const tick = (): void => {
    const instant = gridInstant(now(), interval());
    const wentBack = instant < last - interval();
    if (instant > last || wentBack) {
      last = instant;
      onInstant(instant);
    }
    const wait = gridInstant(now(), interval()) + interval() - now();
    timer = setTimeout(tick, Math.max(1, Math.min(wait, LONGEST_SLEEP)));
  };
  timer = setTimeout(tick, 0);
  return () => clearTimeout(timer);
}

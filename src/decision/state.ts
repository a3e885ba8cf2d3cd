import type { Wish } from '../policy/delay.ts';

/** All that decide() remembers from one instant to the next. Rebuilt from history at start (law 2). */
export interface DecisionState {
  /** What was last asked for; null while nothing is known. */
  readonly target: number | null;
  readonly wish: Wish | null;
  /** No fall before this instant, because of a burst; null when none runs. */
  readonly burstUntil: number | null;
  /** Since when replicas cannot be scheduled; null when all can. */
  readonly unschedulableSince: number | null;
  /** First instant of the history that the window may use; a whole look-back window from here ends the start hold. */
  readonly seenSince: number | null;
  /** What pause pods were last asked for. */
  readonly buffer: number | null;
}

export const EMPTY_STATE: DecisionState = {
  target: null,
  wish: null,
  burstUntil: null,
  unschedulableSince: null,
  seenSince: null,
  buffer: null,
};

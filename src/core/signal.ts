/** What a signal came to in its look-back window. */
export interface SignalView {
  readonly name: string;
  readonly kind: 'fresh' | 'stale' | 'absent';
  /** Aggregate over the window; null when absent. */
  readonly value: number | null;
  /** Epoch ms of the newest sample behind it. */
  readonly observedAt: number | null;
  /** Replicas that this signal alone asks for; null when it says nothing. */
  readonly demand: number | null;
  readonly why: string | null;
}

/** Why nothing may fall just now. */
export type HoldReason = 'start' | 'stale' | 'absent' | 'partial' | 'unknown';

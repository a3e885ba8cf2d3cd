import type { Calendar } from '../calendar/calendar.ts';
import type { PolicyFields } from '../core/policy.ts';
import type { Sample } from '../core/sample.ts';
import type { Traffic } from '../signal/traffic.ts';

/** Everything that a decision is made of, besides the state before it (law 2). */
export interface DecisionInput {
  /** The instant, epoch ms. */
  readonly at: number;
  /** The policy with the trigger's metadata over it, still as a layer: windows lay theirs over both. */
  readonly fields: PolicyFields;
  readonly calendar: Calendar | null;
  /** Samples of the look-back window, ascending; the last one is at `at`. */
  readonly samples: readonly Sample[];
  /** Measured p95 cold start, ms; null before five were measured. */
  readonly coldStartP95: number | null;
  /** Measured p95 of waiting for a node, ms; null or left out before five were measured. */
  readonly nodeP95?: number | null;
  readonly evaluationInterval: number;
  /** What weeks of history came to, where the policy learns from them; null or left out: nothing is known. */
  readonly traffic?: Traffic | null;
  /** The fleet's history is still being read: without a known `spec`, nothing that could be below it may be answered. */
  readonly historyPending?: boolean;
}

import type { PolicyFields } from '../core/policy.ts';

/** What the calendar asks for at one instant. Shape of `bellwether calendar bounds --json`, less `at`. */
export interface Bounds {
  /** The highest floor in force or led in; 0 when no window asks for one. */
  readonly floor: number;
  /** The lowest ceiling in force; null when there is none. */
  readonly ceiling: number | null;
  /** Overrides of the windows in force, `from` on (never led in). */
  readonly policy: PolicyFields;
  /** Names of the windows that contribute anything, those being led in included, in the file's order. */
  readonly windows: readonly string[];
  /** False outside `covers`: the weekly shape stays, dated rows are unknown. */
  readonly covered: boolean;
}

/** An instant at which the bounds change, and what they are from then on. */
export interface Transition {
  readonly at: number;
  readonly floor: number;
  readonly ceiling: number | null;
  readonly windows: readonly string[];
}

/** One session of one date; intervals are half-open, epoch ms. */
export interface Session {
  readonly session: string;
  /** The date it is called by, `YYYY-MM-DD` (law of `dated`). */
  readonly date: string;
  readonly intervals: readonly { readonly open: number; readonly close: number }[];
  /** Name of the dated row that changed its hours, if any. */
  readonly name?: string;
}

/** A dated row of the file, as a person would check it. */
export interface DatedRow {
  readonly date: string;
  readonly kind: 'holiday' | 'early close' | 'late open' | 'late close' | 'extra session' | 'event';
  readonly name: string | null;
  /** The sessions it concerns; empty for an event. */
  readonly sessions: readonly string[];
}

/**
 * A compiled calendar: immutable, pure, cheap to ask. `autoLeadMs` is the lead of windows whose lead is `auto`.
 * Cost of every question is independent of how far the instant is from any date.
 */
export interface Calendar {
  readonly name: string;
  readonly timezone: string;
  /** Inclusive dates; null when the file gives no end (then it is never uncovered). */
  readonly covers: { readonly from: string; readonly to: string } | null;
  /** First instant after `covers`, epoch ms; null without covers. */
  readonly coveredUntil: number | null;
  /** Windows that ask for a floor with a lead of their own, in ms; left out where all leads are `auto`. */
  readonly fixedLeads?: readonly { readonly window: string; readonly lead: number }[];
  /** In the file's order. */
  readonly sessionNames: readonly string[];
  boundsAt(at: number, autoLeadMs: number): Bounds;
  /** The highest floor asked for at any instant of [from, to]. */
  maxFloor(from: number, to: number, autoLeadMs: number): number;
  /**
   * The next `count` instants after `at` (exclusive) at which floor, ceiling, policy or windows change; fewer when
   * nothing changes any more. The end of `covers` alone is no such change.
   */
  next(at: number, autoLeadMs: number, count: number): readonly Transition[];
  /** Sessions dated in [fromDate, toDate], ordered by open. */
  sessions(fromDate: string, toDate: string, session?: string): readonly Session[];
  /** The file's dated rows of [fromDate, toDate], by date. */
  datedRows(fromDate: string, toDate: string): readonly DatedRow[];
}

import { DAY_MS, type DayRange, formatDate } from '../civil-date.ts';
import type { Interval } from '../interval.ts';
import type { Zone } from '../wall-time.ts';
import { type Change, foldPieces } from './changes.ts';
import { type Balance, balanceOf, ceilingHours, floorHours, type Week, weeksOf } from './hours.ts';
import { differences, type Piece } from './pieces.ts';
import { type SessionChange, sessionChanges } from './sessions.ts';
import { type Side, type Step, stepsOf } from './side.ts';

export interface DiffInput {
  readonly before: Side;
  readonly after: Side;
  /** Dates compared, both inclusive, on the clock of `zone`. */
  readonly range: DayRange;
  readonly zone: Zone;
  readonly autoLeadMs: number;
}

/** What changes between two sides, and nothing of how they are written. */
export interface CapacityDiff {
  readonly timezone: string;
  readonly range: { readonly from: string; readonly to: string };
  /** Floors, ceilings and overrides that differ, equal effects folded, by first instant. */
  readonly changes: readonly Change[];
  /** First instant at which anything differs, epoch ms; null when nothing does. */
  readonly firstEffect: number | null;
  /** Replica-hours that the floors ask for in the range, on either side. */
  readonly floorHours: { readonly before: number; readonly after: number };
  readonly balance: Balance;
  /** Change of the replica-hours that ceilings allow, where both sides have one. */
  readonly ceilingHours: number;
  readonly weeks: readonly Week[];
  readonly sessions: readonly SessionChange[];
  /** Other things of which a reviewer should know: zone and coverage. */
  readonly notes: readonly string[];
  /** Both sides over the whole range, for a chart. */
  readonly steps: { readonly before: readonly Step[]; readonly after: readonly Step[] };
}

/** How far beyond the range is looked, to see where what crosses its edges begins and ends. */
const BEYOND_MS = 8 * DAY_MS;

/** Compares floors, ceilings, overrides and sessions of two sides over a range of dates. */
export function diffCapacity({ before, after, range, zone, autoLeadMs }: DiffInput): CapacityDiff {
  const span = spanOf(range, zone);
  const seen = { from: span.from - BEYOND_MS, to: span.to + BEYOND_MS };
  const steps = { before: stepsOf(before, seen, autoLeadMs), after: stepsOf(after, seen, autoLeadMs) };
  const pieces: readonly Piece[] = differences(steps, { range: span, seen }, { before, after });
  return {
    timezone: zone.name,
    range: { from: formatDate(range.from), to: formatDate(range.to) },
    changes: foldPieces(pieces, range, zone),
    firstEffect: pieces[0]?.from ?? null,
    floorHours: { before: floorHours(steps.before, span), after: floorHours(steps.after, span) },
    balance: balanceOf(pieces),
    ceilingHours: ceilingHours(pieces),
    weeks: weeksOf(pieces, range, zone),
    sessions: sessionChanges(before.calendar, after.calendar, range),
    notes: notesOf(before, after),
    steps,
  };
}

/** The instants that the dates cover. */
export function spanOf({ from, to }: DayRange, zone: Zone): Interval {
  return { from: zone.instant(from, 0, 'start'), to: zone.instant(to + 1, 0, 'start') };
}

function notesOf({ calendar: before }: Side, { calendar: after }: Side): readonly string[] {
  if (!before || !after) return [];
  const notes: string[] = [];
  if (before.timezone !== after.timezone) notes.push(`timezone: ${before.timezone} -> ${after.timezone}`);
  const [old, now] = [coverage(before), coverage(after)];
  if (old !== now) notes.push(`covers: ${old} -> ${now}`);
  return notes;
}

function coverage({ covers }: NonNullable<Side['calendar']>): string {
  return covers ? `${covers.from} to ${covers.to}` : 'every date';
}

import type { DayRange } from '../civil-date.ts';
import { formatDate, mondayOf } from '../civil-date.ts';
import type { Interval } from '../interval.ts';
import type { Zone } from '../wall-time.ts';
import type { Piece } from './pieces.ts';
import type { Step } from './side.ts';

const HOUR_MS = 3_600_000;

/** What floors change by, in replica-hours; both are 0 or more. */
export interface Balance {
  readonly gained: number;
  readonly lost: number;
}

export interface Week extends Balance {
  /** Its Monday, on the calendar's clock. */
  readonly week: string;
}

/** Replica-hours that the floors of `steps` ask for within the range. */
export function floorHours(steps: readonly Step[], range: Interval): number {
  let total = 0;
  for (const [index, step] of steps.entries()) {
    const from = Math.max(step.at, range.from);
    const to = Math.min(steps[index + 1]?.at ?? range.to, range.to);
    if (from < to) total += step.floor * (to - from);
  }
  return total / HOUR_MS;
}

/** Replica-hours by which the floors of one piece differ: above 0 for a gain. */
export function pieceHours({ from, to, before, after }: Piece): number {
  return ((after.floor - before.floor) * (to - from)) / HOUR_MS;
}

/** Replica-hours by which the ceilings differ, over the time in which both sides have one. */
export function ceilingHours(pieces: readonly Piece[]): number {
  let total = 0;
  for (const { from, to, before, after } of pieces) {
    if (before.ceiling !== null && after.ceiling !== null)
      total += (after.ceiling - before.ceiling) * (to - from);
  }
  return total / HOUR_MS;
}

export function balanceOf(pieces: readonly Piece[]): Balance {
  let [gained, lost] = [0, 0];
  for (const { from, to, before, after } of pieces) {
    const ms = (after.floor - before.floor) * (to - from);
    if (ms > 0) gained += ms;
    else lost -= ms;
  }
  return { gained: gained / HOUR_MS, lost: lost / HOUR_MS };
}

/** The weeks, Monday to Sunday in the calendar's zone, in which floors differ. */
export function weeksOf(pieces: readonly Piece[], range: DayRange, zone: Zone): readonly Week[] {
  const weeks: Week[] = [];
  let next = 0;
  for (let monday = mondayOf(range.from); monday <= range.to; monday += 7) {
    const [from, to] = [zone.instant(monday, 0, 'start'), zone.instant(monday + 7, 0, 'start')];
    while ((pieces[next]?.to ?? Number.POSITIVE_INFINITY) <= from) next++;
    const within: Piece[] = [];
    for (let index = next; (pieces[index]?.from ?? Number.POSITIVE_INFINITY) < to; index++) {
      const piece = pieces[index];
      if (piece) within.push({ ...piece, from: Math.max(piece.from, from), to: Math.min(piece.to, to) });
    }
    const balance = balanceOf(within);
    if (balance.gained > 0 || balance.lost > 0) weeks.push({ week: formatDate(monday), ...balance });
  }
  return weeks;
}

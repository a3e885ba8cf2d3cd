import { type Day, type DayRange, formatDate } from '../civil-date.ts';
import { DAY_MINUTES, formatWallTime } from '../hours.ts';
import type { Zone } from '../wall-time.ts';
import { type Days, daysOf } from './days.ts';
import { pieceHours } from './hours.ts';
import type { Piece, Responsible } from './pieces.ts';
import type { Asked } from './side.ts';

/** The same difference at the same wall-clock hours, on one date or on many. */
export interface Change {
  readonly days: Days;
  /** Wall time on the calendar's clock, counted from the date: `13:00`. */
  readonly from: string;
  /** `16:00`, `09:00+1d`, `2027-01-05 00:00` when more than a week later; null: beyond the end of the range. */
  readonly to: string | null;
  /** Each stretch as it really lies, ascending, one a date. */
  readonly pieces: readonly Piece[];
  readonly before: Asked;
  readonly after: Asked;
  readonly windows: Responsible;
  /** Change of the floor's replica-hours, all dates together. */
  readonly replicaHours: number;
}

/** Pieces of equal effect and equal hours folded into one change, in the order of their first instants. */
export function foldPieces(pieces: readonly Piece[], range: DayRange, zone: Zone): readonly Change[] {
  const groups = new Map<
    string,
    { readonly hours: Hours; readonly pieces: Piece[]; readonly dates: Day[] }
  >();
  for (const piece of pieces) {
    const { day, hours } = hoursOf(piece, zone);
    const key = JSON.stringify([hours, piece.signature]);
    const group = groups.get(key) ?? { hours, pieces: [], dates: [] };
    group.pieces.push(piece);
    if (group.dates.at(-1) !== day) group.dates.push(day);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ hours, pieces, dates }) => {
    const [first] = pieces;
    if (!first) return [];
    const { before, after, windows } = first;
    let replicaHours = 0;
    for (const piece of pieces) replicaHours += pieceHours(piece);
    return [{ days: daysOf(dates, range.to), ...hours, pieces, before, after, windows, replicaHours }];
  });
}

interface Hours {
  readonly from: string;
  readonly to: string | null;
}

/** A stretch that ends more days after it began is told with the date of its end. */
const LONGEST_IN_DAYS = 7;

function hoursOf({ since, until }: Piece, zone: Zone): { readonly day: Day; readonly hours: Hours } {
  const from = zone.wallClock(since);
  const begin = formatWallTime(Math.floor(from.ms / 60_000));
  if (until === null) return { day: from.day, hours: { from: begin, to: null } };
  const to = zone.wallClock(until);
  const [later, minute] = [to.day - from.day, Math.floor(to.ms / 60_000)];
  const close =
    later > LONGEST_IN_DAYS
      ? `${formatDate(to.day)} ${formatWallTime(minute)}`
      : formatWallTime(later * DAY_MINUTES + minute);
  return { day: from.day, hours: { from: begin, to: close === '00:00+1d' ? '24:00' : close } };
}

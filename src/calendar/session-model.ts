import { type Day, weekdayOf } from './civil-date.ts';
import { DAY_MINUTES, type WallInterval, type WallMinute } from './hours.ts';

/** One entry of a session's weekly shape. */
export interface SessionEntryModel {
  readonly from: Day | null;
  /** Weekdays of the opening day. */
  readonly days: ReadonlySet<number>;
  readonly hours: readonly WallInterval[];
}

/** What the dated rows say of one session on one of its dates. */
export interface DatedChanges {
  readonly holiday?: { readonly name: string | undefined };
  readonly earlyClose?: { readonly minute: WallMinute; readonly name: string | undefined };
  readonly lateOpen?: { readonly minute: WallMinute; readonly name: string | undefined };
  readonly lateClose?: { readonly minute: WallMinute; readonly name: string | undefined };
  readonly extra?: { readonly hours: readonly WallInterval[]; readonly name: string | undefined };
}

export interface SessionModel {
  readonly name: string;
  readonly dated: 'open' | 'close';
  readonly entries: readonly SessionEntryModel[];
  readonly changes: ReadonlyMap<Day, DatedChanges>;
}

/** A session of one date in wall time: minutes count from midnight of `openingDay`. */
export interface SessionDay {
  readonly openingDay: Day;
  readonly intervals: readonly WallInterval[];
  readonly name?: string;
}

/** How many days after its opening day the session is called by. */
function datedShift(dated: 'open' | 'close', hours: readonly WallInterval[]): number {
  const close = Math.max(...hours.map((interval) => interval.close));
  return dated === 'close' ? Math.floor(close / DAY_MINUTES) : 0;
}

/** The session that the weekly shape alone gives the date `day`, before any dated row; null when there is none. */
export function weeklySession(session: SessionModel, day: Day): SessionDay | null {
  let latest = Number.NEGATIVE_INFINITY;
  for (const entry of session.entries) {
    const from = entry.from ?? Number.NEGATIVE_INFINITY;
    if (from <= day && from > latest) latest = from;
  }
  const openings: { openingDay: Day; hours: readonly WallInterval[] }[] = [];
  for (const entry of session.entries) {
    const openingDay = day - datedShift(session.dated, entry.hours);
    const from = entry.from ?? Number.NEGATIVE_INFINITY;
    if (from === latest && from <= day && entry.days.has(weekdayOf(openingDay)))
      openings.push({ openingDay, hours: entry.hours });
  }
  return openings.length === 0 ? null : joinOpenings(openings);
}

function joinOpenings(openings: readonly { openingDay: Day; hours: readonly WallInterval[] }[]): SessionDay {
  const openingDay = Math.min(...openings.map((opening) => opening.openingDay));
  const intervals = openings
    .flatMap((opening) => shift(opening.hours, (opening.openingDay - openingDay) * DAY_MINUTES))
    .sort((a, b) => a.open - b.open);
  return { openingDay, intervals };
}

function shift(hours: readonly WallInterval[], minutes: number): readonly WallInterval[] {
  return minutes === 0
    ? hours
    : hours.map(({ open, close }) => ({ open: open + minutes, close: close + minutes }));
}

/** The session of the date `day` with its dated rows applied: an extra session outranks a holiday and all the rest. */
export function sessionOn(session: SessionModel, day: Day): SessionDay | null {
  const changes = session.changes.get(day);
  if (!changes) return weeklySession(session, day);
  if (changes.extra) {
    const openingDay = day - datedShift(session.dated, changes.extra.hours);
    return named({ openingDay, intervals: changes.extra.hours }, [changes.extra.name]);
  }
  const usual = changes.holiday ? null : weeklySession(session, day);
  if (!usual) return null;
  const { lateOpen, lateClose, earlyClose } = changes;
  let intervals = usual.intervals;
  if (lateOpen) intervals = openAt(intervals, lateOpen.minute);
  if (lateClose) intervals = closeLater(intervals, lateClose.minute);
  if (earlyClose) intervals = closeAt(intervals, earlyClose.minute);
  if (intervals.length === 0) return null;
  return named({ ...usual, intervals }, [lateOpen?.name, lateClose?.name, earlyClose?.name]);
}

function named(session: SessionDay, names: readonly (string | undefined)[]): SessionDay {
  const name = [...new Set(names.filter((each) => each !== undefined))].join('; ');
  return name === '' ? session : { ...session, name };
}

function closeAt(intervals: readonly WallInterval[], close: WallMinute): readonly WallInterval[] {
  return intervals
    .filter((interval) => interval.open < close)
    .map((interval) => ({ open: interval.open, close: Math.min(interval.close, close) }));
}

function openAt(intervals: readonly WallInterval[], open: WallMinute): readonly WallInterval[] {
  return intervals
    .filter((interval) => interval.close > open)
    .map((interval) => ({ open: Math.max(interval.open, open), close: interval.close }));
}

function closeLater(intervals: readonly WallInterval[], close: WallMinute): readonly WallInterval[] {
  return intervals.map((interval, index) =>
    index === intervals.length - 1
      ? { open: interval.open, close: Math.max(interval.close, close) }
      : interval,
  );
}

/** The most days that an interval of the session lies before, and after, the date it is called by. */
export function reachOf(session: SessionModel): { readonly back: number; readonly forward: number } {
  const hours = [
    ...session.entries.flatMap((entry) => entry.hours),
    ...[...session.changes.values()].flatMap((change) => change.extra?.hours ?? []),
  ].map((interval) => interval.close);
  const later = [...session.changes.values()].map((change) => change.lateClose?.minute ?? 0);
  const span = Math.ceil(Math.max(0, ...hours, ...later) / DAY_MINUTES);
  return { back: session.dated === 'close' ? span : 0, forward: span };
}

import type { Calendar, DatedRow } from '../calendar.ts';
import { type Day, type DayRange, formatDate, parseDate } from '../civil-date.ts';
import { localHours } from '../wall-hours.ts';
import { openZone } from '../wall-time.ts';
import { type Days, daysOf } from './days.ts';

/** A session whose hours are others, on one date or on many. */
export interface SessionChange {
  readonly session: string;
  readonly days: Days;
  /** Hours on each side's own clock, counted from the date; null: no session. */
  readonly before: string | null;
  readonly after: string | null;
  /** The dated rows behind it: `early close: day after Thanksgiving`. */
  readonly why: string;
}

interface Hours {
  readonly hours: string;
  /** Equal for the same instants, whatever the clock shows. */
  readonly instants: string;
}

/** Sessions dated in the range that differ in their hours, in the order of their first dates. */
export function sessionChanges(
  before: Calendar | null,
  after: Calendar | null,
  range: DayRange,
): readonly SessionChange[] {
  const [old, now] = [sessionsOf(before, range), sessionsOf(after, range)];
  const groups = new Map<string, { readonly change: Omit<SessionChange, 'days'>; readonly dates: Day[] }>();
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  for (const { key, session, date } of keys.map(placeOf).sort(byDate)) {
    const [was, is] = [old.get(key), now.get(key)];
    if (was?.instants === is?.instants) continue;
    const change = {
      session,
      before: was?.hours ?? null,
      after: is?.hours ?? null,
      why: whyOf(rowsOf(before, session, date), rowsOf(after, session, date)),
    };
    const group = groups.get(JSON.stringify(change)) ?? { change, dates: [] };
    group.dates.push(parseDate(date) ?? 0);
    groups.set(JSON.stringify(change), group);
  }
  return [...groups.values()].map(({ change, dates }) => ({ ...change, days: daysOf(dates, range.to) }));
}

interface Place {
  readonly key: string;
  readonly session: string;
  readonly date: string;
}

function placeOf(key: string): Place {
  return { key, date: key.slice(0, 10), session: key.slice(11) };
}

function byDate(a: Place, b: Place): number {
  return a.date < b.date ? -1 : a.date > b.date ? 1 : 0;
}

function sessionsOf(calendar: Calendar | null, range: DayRange): ReadonlyMap<string, Hours> {
  const sessions = calendar?.sessions(formatDate(range.from), formatDate(range.to)) ?? [];
  const zone = openZone(calendar?.timezone ?? '');
  if (!zone) return new Map();
  return new Map(
    sessions.map((session) => [
      `${session.date} ${session.session}`,
      {
        hours: localHours(session, zone, parseDate(session.date) ?? 0),
        instants: JSON.stringify(session.intervals),
      },
    ]),
  );
}

function rowsOf(calendar: Calendar | null, session: string, date: string): readonly string[] {
  return (calendar?.datedRows(date, date) ?? [])
    .filter((row) => row.sessions.includes(session))
    .map(rowLabel);
}

export function rowLabel({ kind, name }: DatedRow): string {
  return name === null ? kind : `${kind}: ${name}`;
}

function whyOf(before: readonly string[], after: readonly string[]): string {
  const added = after.filter((row) => !before.includes(row));
  const gone = before.filter((row) => !after.includes(row)).map((row) => `no longer ${row}`);
  const all = [...added, ...gone];
  return (all.length > 0 ? all : after).join('; ');
}

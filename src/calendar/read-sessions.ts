import { shown } from '../core/problem.ts';
import { type Day, formatDate, parseDate, WEEKDAYS, weekdayOf } from './civil-date.ts';
import type { Draft } from './draft.ts';
import { DAY_MINUTES, formatWallTime, parseDays, parseHours, type WallInterval } from './hours.ts';
import type { Issue, Report } from './issue.ts';
import type { SessionEntry } from './schema.ts';
import type { DatedChanges, SessionEntryModel, SessionModel } from './session-model.ts';
import { weeklySession } from './session-model.ts';

type Path = Issue['path'];

/** Both forms of a value that may be one or a list, each element with its own path. */
function each<T>(value: T | readonly T[], path: Path): readonly { readonly value: T; readonly path: Path }[] {
  if (!Array.isArray(value)) return [{ value: value as T, path }];
  return (value as readonly T[]).map((element, index) => ({ value: element, path: [...path, index] }));
}

/** The hours as intervals, or null with the reason reported: each closes after it opens, none begins before the last one ended. */
export function readHours(
  report: Report,
  path: Path,
  hours: string | readonly string[],
): readonly WallInterval[] | null {
  const intervals: WallInterval[] = [];
  let sound = true;
  for (const part of each(hours, path)) {
    const interval = parseHours(part.value);
    if (!interval) return null;
    const before = intervals.at(-1);
    if (interval.close <= interval.open) {
      report.error(part.path, `must close after it opens, was ${shown(part.value)}${nextDayHint(interval)}`);
      sound = false;
    } else if (before && interval.open < before.close) {
      const rule = `must open at or after ${formatWallTime(before.close)}, when the interval before it closes`;
      report.error(part.path, `${rule}, was ${shown(part.value)}`);
      sound = false;
    }
    intervals.push(interval);
  }
  return sound ? intervals : null;
}

function nextDayHint({ open, close }: WallInterval): string {
  const nextDay = close + DAY_MINUTES;
  if (nextDay <= open) return '';
  return ` (did you mean "${formatWallTime(open)}-${formatWallTime(nextDay)}"?)`;
}

/** A session while its dated rows are still being read. */
export interface SessionDraft extends SessionModel {
  readonly changes: Map<Day, DatedChanges>;
}

/** The weekly shape of each session; a session that is wrong is reported and maps to null. */
export function readSessions(report: Report, draft: Draft): ReadonlyMap<string, SessionDraft | null> {
  const sessions = new Map<string, SessionDraft | null>();
  for (const [name, value] of draft.sessions) {
    sessions.set(name, value === null ? null : readSession(report, name, value));
  }
  return sessions;
}

function readSession(
  report: Report,
  name: string,
  value: SessionEntry | readonly SessionEntry[],
): SessionDraft | null {
  const rows = each(value, ['sessions', name]);
  const dated = rows[0]?.value.dated ?? 'open';
  const entries: SessionEntryModel[] = [];
  let sound = true;
  for (const { value: entry, path } of rows) {
    if ((entry.dated ?? 'open') !== dated) {
      report.error(
        [...path, 'dated'],
        `must be "${dated}" as in the first entry of the session, was ${shown(entry.dated)}`,
      );
      sound = false;
    }
    const hours = readHours(report, [...path, 'hours'], entry.hours);
    const days = parseDays(entry.days);
    const from = entry.from === undefined ? null : (parseDate(entry.from) ?? null);
    if (hours && days) entries.push({ from, days, hours });
    else sound = false;
  }
  const session = { name, dated, entries, changes: new Map() } satisfies SessionDraft;
  return sound && !reportOverlap(report, rows, session) ? session : null;
}

/** Entries that apply together must not be open at once on a date that they share. */
function reportOverlap(
  report: Report,
  rows: readonly { readonly path: Path }[],
  session: SessionDraft,
): boolean {
  if (session.entries.length < 2) return false;
  for (const [index, entry] of session.entries.entries()) {
    const start = entry.from ?? 0;
    for (let day = start; day < start + 7; day++) {
      const intervals = weeklySession(session, day)?.intervals ?? [];
      const clash = intervals.find(
        (interval, at) => interval.open < (intervals[at - 1]?.close ?? interval.open),
      );
      if (!clash) continue;
      const weekday = WEEKDAYS[weekdayOf(day)];
      const since = entry.from === null ? '' : ` from ${formatDate(entry.from)} on`;
      report.error(
        [...(rows[index]?.path ?? []), 'hours'],
        `must not overlap the entries that apply with it, was open twice at ${formatWallTime(clash.open)} on ${weekday}${since}`,
      );
      return true;
    }
  }
  return false;
}

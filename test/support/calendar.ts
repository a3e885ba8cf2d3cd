import { DateTime } from 'luxon';
import { parse } from 'yaml';
import type { Calendar } from '../../src/calendar/calendar.ts';
import { compileCalendar } from '../../src/calendar/compile.ts';
import type { Issue } from '../../src/calendar/issue.ts';
import { CalendarDocument } from '../../src/calendar/schema.ts';

/** The calendar of YAML text (or of a parsed document) that is sound; throws what is wrong with it otherwise. */
export function calendarOf(source: string | object): Calendar {
  const document = CalendarDocument.parse(typeof source === 'string' ? parse(source) : source);
  const compiled = compileCalendar(document);
  if ('issues' in compiled) throw new Error(compiled.issues.map(shownIssue).join('\n'));
  return compiled.calendar;
}

/** Everything that compiling says of YAML text whose structure is right: errors, or the warnings of a sound one. */
export function issuesOf(source: string | object): readonly Issue[] {
  const document = CalendarDocument.parse(typeof source === 'string' ? parse(source) : source);
  const compiled = compileCalendar(document);
  return 'issues' in compiled ? compiled.issues : compiled.warnings;
}

export function shownIssue({ path, message, severity }: Issue): string {
  return `${severity} ${path.join('.')}: ${message}`;
}

/** Epoch ms of `2026-03-09 09:30 America/New_York`, or of an ISO instant. For wall times that exist once. */
export function at(text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}) (\S+)$/.exec(text);
  return match
    ? DateTime.fromISO(`${match[1]}T${match[2]}`, { zone: match[3] ?? 'utc' }).toMillis()
    : Date.parse(text);
}

/** Sessions as `2026-03-09 13:30Z-20:00Z`, for reading in an assertion. */
export function utcSessions(
  calendar: Calendar,
  from: string,
  to = from,
  session?: string,
): readonly string[] {
  return calendar.sessions(from, to, session).map(({ date, intervals }) => {
    const hours = intervals.map(({ open, close }) => `${utc(open)}/${utc(close)}`);
    return `${date}: ${hours.join(' ')}`;
  });
}

function utc(ms: number): string {
  return new Date(ms).toISOString().slice(5, 16);
}

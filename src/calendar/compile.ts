import { didYouMean } from '../core/nearest.ts';
import { shown } from '../core/problem.ts';
import type { Calendar } from './calendar.ts';
import { DAY_MS, type Day, type DayRange, formatDate, parseDate } from './civil-date.ts';
import { reportConflicts } from './conflicts.ts';
import { type Draft, draftOf, soundParts } from './draft.ts';
import { type Issue, newReport, type Report } from './issue.ts';
import { newCalendar } from './new-calendar.ts';
import { type EventModel, eventSource, sessionSource } from './occurrences.ts';
import { readEvents, readRows } from './read-rows.ts';
import { readSessions, type SessionDraft } from './read-sessions.ts';
import { readWindows, type Target } from './read-windows.ts';
import type { CalendarDocument } from './schema.ts';
import { openZone, type Zone } from './wall-time.ts';

export type CompiledCalendar =
  | { readonly calendar: Calendar; readonly warnings: readonly Issue[] }
  | { readonly issues: readonly Issue[] };

export interface CompileOptions {
  /** Today in the reader's eyes, `YYYY-MM-DD`: rows and windows that have expired by then warn. */
  readonly today?: string;
}

/**
 * A calendar that can be asked, or everything that is wrong with the document: what the schema cannot see, such as a
 * close before its open, a date given twice, or a floor above a ceiling at the same instant.
 */
export function compileCalendar(document: CalendarDocument, options: CompileOptions = {}): CompiledCalendar {
  const { issues, calendar } = compileDraft(draftOf(document), options);
  return calendar ? { calendar, warnings: issues } : { issues };
}

/**
 * What else is wrong with a document that the schema has refused: the same checks over the parts that are sound, so
 * that one misspelt key does not hide the other mistakes. Never throws, whatever `input` is.
 */
export function furtherIssues(input: unknown, options: CompileOptions = {}): readonly Issue[] {
  return compileDraft(soundParts(input), options).issues;
}

function compileDraft(draft: Draft, { today }: CompileOptions) {
  const report = newReport();
  const known = draft.timezone === null ? undefined : openZone(draft.timezone);
  if (!known && draft.timezone !== null) reportZone(report, draft.timezone);
  // Without a zone the other checks run in UTC: most of them are about wall time.
  const zone = known ?? UTC;
  const covers = readCovers(report, draft);
  const sessions = readSessions(report, draft);
  const rows = readRows({ report, draft, sessions });
  const events = readEvents({ report, draft, sessions });
  const targets = targetsOf(zone, sessions, events);
  const windows = readWindows({ report, zone, targets, windows: draft.windows });
  reportUncovered(report, draft, { covers, today: parseDate(today ?? '') ?? null });
  const days = datedDays(draft);
  if (known) reportConflicts({ report, zone, windows, ...sweepRange(zone, covers, days) });
  const sound = known && !report.issues.some((issue) => issue.severity === 'error');
  const calendar: Calendar | null = sound
    ? newCalendar({
        name: draft.calendar,
        zone,
        covers,
        sessions: new Map([...sessions.keys()].flatMap((name) => sourceOf(targets, name))),
        rows,
        events: draft.events,
        windows: windows.filter((window) => window !== null),
        days,
      })
    : null;
  return { issues: report.issues, calendar };
}

const UTC: Zone = {
  name: 'UTC',
  instant: (day, minute) => day * DAY_MS + minute * 60_000,
  wallClock: (at) => ({ day: Math.floor(at / DAY_MS), ms: ((at % DAY_MS) + DAY_MS) % DAY_MS }),
};

function reportZone(report: Report, name: string): void {
  const hint = didYouMean(name, Intl.supportedValuesOf('timeZone'));
  report.error(
    ['timezone'],
    `must be an IANA time zone such as "America/New_York", was ${shown(name)}${hint}`,
  );
}

function readCovers(report: Report, { covers }: Draft): DayRange | null {
  const from = parseDate(covers?.from ?? '');
  const to = parseDate(covers?.to ?? '');
  if (from === undefined || to === undefined) return null;
  if (from <= to) return { from, to };
  report.error(
    ['covers', 'to'],
    `must not be before covers.from (${covers?.from}), was ${shown(covers?.to)}`,
  );
  return null;
}

function targetsOf(
  zone: Zone,
  sessions: ReadonlyMap<string, SessionDraft | null>,
  events: ReadonlyMap<string, readonly EventModel[]>,
): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>();
  for (const [name, rows] of events) {
    targets.set(name, { source: eventSource(rows, zone), hours: rows.map((row) => row.hours) });
  }
  for (const [name, session] of sessions) {
    const extra = [...(session?.changes.values() ?? [])].flatMap((change) =>
      change.extra ? [change.extra.hours] : [],
    );
    const hours = [...(session?.entries.map((entry) => entry.hours) ?? []), ...extra];
    targets.set(name, { source: session && sessionSource(session, zone), hours });
  }
  return targets;
}

function sourceOf(targets: ReadonlyMap<string, Target>, name: string) {
  const source = targets.get(name)?.source;
  return source ? [[name, source] as const] : [];
}

const DATED_LISTS = [
  'holidays',
  'earlyCloses',
  'lateOpens',
  'lateCloses',
  'extraSessions',
  'events',
] as const;

/** Every date that the document names, ascending: outside their neighbourhood each week is like the next. */
function datedDays(draft: Draft): readonly Day[] {
  const entries = [...draft.sessions.values()].flat();
  const texts = [
    ...DATED_LISTS.flatMap((list) => draft[list].map((row) => row?.date)),
    ...entries.map((entry) => entry?.from),
    ...draft.windows.map((window) => window?.expires),
  ];
  const days = texts.flatMap((text) => parseDate(text ?? '') ?? []);
  return [...new Set(days)].sort((a, b) => a - b);
}

/** Far enough from a date for the longest session and offset to have ended. */
const MARGIN_DAYS = 16;
/** A year of the weekly shape: each change of clocks once. */
const YEAR_DAYS = 366;
/** Where a calendar without any date is looked at. */
const ANY_DAY = Date.UTC(2026, 0, 1) / DAY_MS;

function sweepRange(zone: Zone, covers: DayRange | null, days: readonly Day[]) {
  const first = Math.min(covers?.from ?? days[0] ?? ANY_DAY, (days[0] ?? ANY_DAY * 2) - MARGIN_DAYS);
  const last = Math.max(covers?.to ?? days.at(-1) ?? first, days.at(-1) ?? first);
  return {
    range: {
      from: zone.instant(first, 0, 'start'),
      to: zone.instant(last + MARGIN_DAYS + YEAR_DAYS, 0, 'start'),
    },
    covered: zone.instant(covers?.from ?? first, 0, 'start'),
  };
}

/** Warns of dates that `covers` does not reach, and of those that have expired. */
function reportUncovered(
  report: Report,
  draft: Draft,
  { covers, today }: { covers: DayRange | null; today: Day | null },
): void {
  const check = (path: Issue['path'], text: string | undefined, expires: boolean): void => {
    const day = parseDate(text ?? '');
    if (day === undefined) return;
    if (covers && (day < covers.from || day > covers.to)) {
      report.warn(
        path,
        `is outside covers (${formatDate(covers.from)} to ${formatDate(covers.to)}), was ${shown(text)}`,
      );
    }
    if (expires && today !== null && day < today) report.warn(path, `has passed, was ${shown(text)}`);
  };
  for (const list of DATED_LISTS) {
    for (const [index, row] of draft[list].entries()) {
      check([list, index, 'date'], row?.date, false);
      check([list, index, 'expires'], row?.expires, true);
    }
  }
  for (const [index, window] of draft.windows.entries())
    check(['windows', index, 'expires'], window?.expires, true);
}

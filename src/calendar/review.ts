import { formatDuration } from '../core/duration.ts';
import type { Calendar } from './calendar.ts';
import { DAY_MS, type Day, formatDate, parseDate } from './civil-date.ts';
import { compileCalendar } from './compile.ts';
import { formatWallTime, parseAnchor, parseHours } from './hours.ts';
import { type Issue, newReport, type Report } from './issue.ts';
import type { CalendarDocument, Window } from './schema.ts';
import { openZone, type Zone } from './wall-time.ts';

export interface Reviewed {
  readonly document: CalendarDocument;
  /** What the document compiled to: only a sound calendar is reviewed. */
  readonly calendar: Calendar;
  /** `YYYY-MM-DD`. */
  readonly today: string;
}

/**
 * Warnings about a sound calendar that a reviewer would raise and that cost nothing at run time: windows that are never
 * reached, overlap themselves or never end because of their lead; rows that nobody can check for want of a source.
 */
export function reviewCalendar(reviewed: Reviewed): readonly Issue[] {
  const report = newReport();
  const { document, calendar, today } = reviewed;
  for (const [index, event] of (document.events ?? []).entries()) {
    if (event.source === undefined || event.source.trim() === '')
      report.warn(
        ['events', index],
        'has no source: add where the date was published, so that it can be checked',
      );
  }
  const zone = openZone(calendar.timezone);
  if (!zone) return report.issues;
  const context: Context = {
    report,
    document,
    calendar,
    zone,
    today,
    range: rangeOf(reviewed),
    spans: new Map(),
  };
  for (const [index, window] of (document.windows ?? []).entries()) reviewWindow(context, window, index);
  return report.issues;
}

interface Context {
  readonly report: Report;
  readonly document: CalendarDocument;
  readonly calendar: Calendar;
  readonly zone: Zone;
  readonly today: string;
  /** Inclusive dates in which the calendar is looked at. */
  readonly range: { readonly from: Day; readonly to: Day };
  /** Occurrences by the name of their session or event. */
  readonly spans: Map<string, readonly Span[]>;
}

/** One occurrence of a session, an event or a window: its date, and instants. */
interface Span {
  readonly date: string;
  readonly from: number;
  readonly to: number;
}

/** Without `covers`: each weekday and each change of clocks once. */
const YEAR_DAYS = 366;
/** A calendar that covers more is looked at so far: what a window does, it does in ten years. */
const MOST_DAYS = 3_660;

function rangeOf({ document, calendar, today }: Reviewed): Context['range'] {
  const now = parseDate(today) ?? 0;
  if (calendar.covers) {
    const from = parseDate(calendar.covers.from) ?? now;
    return { from, to: Math.min(parseDate(calendar.covers.to) ?? now, from + MOST_DAYS) };
  }
  const dated = (document.events ?? []).flatMap(({ date }) => parseDate(date) ?? []);
  const from = Math.max(Math.min(now, ...dated), now - MOST_DAYS);
  return { from, to: Math.min(Math.max(now + YEAR_DAYS, ...dated), from + MOST_DAYS) };
}

function reviewWindow(context: Context, window: Window, index: number): void {
  const path = ['windows', index];
  if (isIdle(window, context.document)) {
    context.report.warn(path, 'changes nothing: give it a floor, a ceiling or a policy, or delete it');
  }
  if (window.on === undefined) {
    checkOutside(context, window, path);
    return;
  }
  const spans = spansOfWindow(context, window);
  checkReached(context, window, { path, spans });
  const overlaps = checkOverlap(context, { path, spans });
  if (!overlaps) checkLead(context, window, { path, spans });
}

/** A window that only others are `outside` of has its use. */
function isIdle({ name, floor, ceiling, policy }: Window, { windows }: CalendarDocument): boolean {
  const acts = floor !== undefined || ceiling !== undefined || Object.keys(policy ?? {}).length > 0;
  return !acts && !(windows ?? []).some(({ outside }) => outside === name);
}

function spansOfWindow(context: Context, window: Window): readonly Span[] {
  const from = parseAnchor(window.from ?? 'open');
  const to = parseAnchor(window.to ?? 'close');
  if (!from || !to) return [];
  return spansOf(context, window.on ?? '').flatMap((span) => {
    if (window.expires !== undefined && span.date > window.expires) return [];
    const moved = {
      date: span.date,
      from: (from.at === 'open' ? span.from : span.to) + from.offset,
      to: (to.at === 'open' ? span.from : span.to) + to.offset,
    };
    return moved.from < moved.to ? [moved] : [];
  });
}

/** First open to last close of each occurrence in the range, by its beginning. */
function spansOf(context: Context, name: string): readonly Span[] {
  const known = context.spans.get(name);
  if (known) return known;
  const { calendar, range } = context;
  const found = calendar.sessionNames.includes(name)
    ? calendar.sessions(formatDate(range.from), formatDate(range.to), name).map(({ date, intervals }) => ({
        date,
        from: intervals[0]?.open ?? 0,
        to: intervals.at(-1)?.close ?? 0,
      }))
    : eventSpans(context, name);
  const spans = found.toSorted((a, b) => a.from - b.from);
  context.spans.set(name, spans);
  return spans;
}

function eventSpans({ document, zone }: Context, name: string): readonly Span[] {
  return (document.events ?? []).flatMap((event) => {
    const day = parseDate(event.date);
    const intervals = [event.hours].flat().flatMap((text) => parseHours(text) ?? []);
    const [first, last] = [intervals[0], intervals.at(-1)];
    if (event.name !== name || day === undefined || !first || !last) return [];
    const from = zone.instant(day, first.open, 'start');
    return [{ date: event.date, from, to: zone.instant(day, last.close, 'end') }];
  });
}

interface WindowSpans {
  readonly path: Issue['path'];
  readonly spans: readonly Span[];
}

function checkReached(context: Context, window: Window, { path, spans }: WindowSpans): void {
  const { report, today, range } = context;
  const last = spans.at(-1);
  if (!last) {
    const days = `from ${formatDate(range.from)} to ${formatDate(range.to)}`;
    report.warn(
      [...path, 'on'],
      `is never reached: ${window.on} has no date ${days} (add its rows, or delete the window)`,
    );
    return;
  }
  // An end that the file names itself, of the window or of its coverage, warns where it stands.
  const ended = window.expires !== undefined && window.expires < today;
  if (ended || last.date >= today || formatDate(range.to) < today) return;
  const rule = `is not reached any more: the last ${window.on} was on ${last.date}`;
  report.warn([...path, 'on'], `${rule} (add the dates to come, or delete the window)`);
}

function checkOutside(
  { report, document, calendar, zone, range }: Context,
  window: Window,
  path: Issue['path'],
): void {
  if (window.outside === undefined) return;
  // Alone, and with a floor, it shows whether it is ever open.
  const { ceiling: _, policy: __, ...rest } = window;
  const quiet = (document.windows ?? []).map((each) => {
    const { floor: _floor, ceiling: _ceiling, policy: _policy, lead: _lead, ...bare } = each;
    return each.name === window.name ? { ...rest, floor: 1, lead: 0 } : bare;
  });
  const compiled = compileCalendar({ ...document, windows: quiet });
  if (!('calendar' in compiled)) return;
  const from = zone.instant(range.from, 0, 'start');
  const to = zone.instant(range.to + 1, 0, 'start');
  const next = compiled.calendar.next(from, 0, 1)[0];
  if (compiled.calendar.boundsAt(from, 0).floor > 0 || (next && next.at < to)) return;
  const days = `from ${formatDate(range.from)} to ${formatDate(range.to)}`;
  const rule = `is never reached: ${window.outside} leaves no time over ${days}`;
  report.warn([...path, 'outside'], `${rule} (${calendar.name} needs no such window: delete it)`);
}

interface Neighbours {
  readonly before: Span;
  readonly span: Span;
  /** From the end of one to the beginning of the next; negative where they overlap. */
  readonly gap: number;
}

/**
 * The closest neighbours of all, on the same clock: twice a year a day is an hour shorter or longer, which nobody means
 * and nobody minds.
 */
function closest(zone: Zone, spans: readonly Span[], most: number): Neighbours | undefined {
  const offset = (at: number): number => {
    const { day, ms } = zone.wallClock(at);
    return day * DAY_MS + ms - at;
  };
  let found: Neighbours | undefined;
  for (const [index, span] of spans.entries()) {
    const before = spans[index - 1];
    if (!before || before.date === span.date) continue;
    const gap = span.from - before.to;
    if (gap > most || gap >= (found?.gap ?? Number.POSITIVE_INFINITY)) continue;
    if (offset(before.from) === offset(span.to)) found = { before, span, gap };
  }
  return found;
}

function checkOverlap({ report, zone }: Context, { path, spans }: WindowSpans): boolean {
  const found = closest(zone, spans, -1);
  if (!found) return false;
  const begins = `on ${found.span.date} it begins at ${local(zone, found.span.from)}`;
  const ends = `before that of ${found.before.date} ends at ${local(zone, found.before.to)}`;
  const repair = `shorten it by ${formatDuration(-found.gap)}`;
  report.warn(path, `overlaps itself: ${begins}, ${ends}, so it does not end between them (${repair})`);
  return true;
}

/** A lead must leave something of the shortest pause between two occurrences. */
function checkLead({ report, zone }: Context, { floor, lead }: Window, { path, spans }: WindowSpans): void {
  if (floor === undefined || typeof lead !== 'number' || lead === 0) return;
  const found = closest(zone, spans, lead);
  // Those that touch have no pause that a lead could take away.
  if (!found || found.gap <= 0) return;
  const pause = `only ${formatDuration(found.gap)} between ${found.before.date} and ${found.span.date}`;
  report.warn(
    [...path, 'lead'],
    `reaches back into the window before: there are ${pause}, so the floor does not end between them (shorten it, or write auto)`,
  );
}

/** `2026-11-24 16:00` on the calendar's clock. */
function local(zone: Zone, at: number): string {
  const { day, ms } = zone.wallClock(at);
  return `${formatDate(day)} ${formatWallTime(Math.floor(ms / 60_000))}`;
}

import { ScalerError } from '../core/scaler-error.ts';
import type { Bounds, Calendar, DatedRow, Session, Transition } from './calendar.ts';
import { DAY_MS, type Day, type DayRange, formatDate, parseDate } from './civil-date.ts';
import type { Source } from './occurrences.ts';
import type { DatedRowModel, RowList } from './read-rows.ts';
import type { EventRow } from './schema.ts';
import { lastNotAfter, newTimeline, type Segment, type Timeline, type WindowModel } from './timeline.ts';
import type { Zone } from './wall-time.ts';

export interface CalendarParts {
  readonly name: string;
  readonly zone: Zone;
  readonly covers: DayRange | null;
  readonly sessions: ReadonlyMap<string, Source>;
  readonly rows: readonly DatedRowModel[];
  readonly events: readonly (EventRow | null)[];
  readonly windows: readonly WindowModel[];
  /** Every date that the document names, ascending. */
  readonly days: readonly Day[];
}

/** The calendar that sound parts make. */
export function newCalendar({
  name,
  zone,
  covers,
  sessions,
  rows,
  events,
  windows,
  days,
}: CalendarParts): Calendar {
  const timeline = newTimeline(windows);
  const coveredFrom = covers ? zone.instant(covers.from, 0, 'start') : Number.NEGATIVE_INFINITY;
  const coveredUntil = covers ? zone.instant(covers.to + 1, 0, 'start') : null;
  const dated = [...rows.map(datedRow), ...events.flatMap(datedEvent)].sort((a, b) =>
    a.date < b.date ? -1 : a.date > b.date ? 1 : 0,
  );
  return {
    name,
    timezone: zone.name,
    covers: covers && { from: formatDate(covers.from), to: formatDate(covers.to) },
    coveredUntil,
    fixedLeads: windows.flatMap(({ name, floor, lead }) =>
      floor === null || lead === 'auto' ? [] : [{ window: name, lead }],
    ),
    sessionNames: [...sessions.keys()],
    boundsAt(at, autoLeadMs): Bounds {
      const { floor, ceiling, policy, windows } = timeline.at(at, autoLeadMs);
      const covered = at >= coveredFrom && (coveredUntil === null || at < coveredUntil);
      return { floor, ceiling, policy, windows, covered };
    },
    maxFloor: (from, to, autoLeadMs) => maxFloor(timeline, { from, to }, autoLeadMs),
    next: (at, autoLeadMs, count) => nextTransitions(timeline, days, { at, autoLeadMs, count }),
    sessions(fromDate, toDate, session) {
      const range = { from: dayOf(fromDate), to: dayOf(toDate) };
      const chosen = [...sessions].filter(([each]) => session === undefined || each === session);
      return chosen
        .flatMap(([each, source]) => sessionsOf(each, source, range))
        .sort((a, b) => openOf(a) - openOf(b));
    },
    datedRows: (fromDate, toDate) => dated.filter(({ date }) => date >= fromDate && date <= toDate),
  };
}

function dayOf(date: string): Day {
  const day = parseDate(date);
  if (day === undefined)
    throw new ScalerError('invalid', `must be a date YYYY-MM-DD between 1970 and 2199, was "${date}"`);
  return day;
}

function openOf(session: Session): number {
  return session.intervals[0]?.open ?? 0;
}

function sessionsOf(session: string, source: Source, range: DayRange): readonly Session[] {
  const found: Session[] = [];
  for (let day = range.from; day <= range.to; day++) {
    for (const { intervals, name } of source.on(day)) {
      const opened = intervals.map(({ from, to }) => ({ open: from, close: to }));
      found.push({
        session,
        date: formatDate(day),
        intervals: opened,
        ...(name === undefined ? {} : { name }),
      });
    }
  }
  return found;
}

const KINDS: Readonly<Record<RowList, DatedRow['kind']>> = {
  holidays: 'holiday',
  earlyCloses: 'early close',
  lateOpens: 'late open',
  lateCloses: 'late close',
  extraSessions: 'extra session',
};

function datedRow({ list, day, name, sessions }: DatedRowModel): DatedRow {
  return {
    date: formatDate(day),
    kind: KINDS[list],
    name: name ?? null,
    sessions: sessions.map((each) => each.name),
  };
}

function datedEvent(row: EventRow | null): readonly DatedRow[] {
  return row ? [{ date: row.date, kind: 'event', name: row.name, sessions: [] }] : [];
}

function maxFloor(timeline: Timeline, range: { from: number; to: number }, autoLeadMs: number): number {
  let highest = timeline.at(range.from, autoLeadMs).floor;
  for (let index = Math.floor(range.from / DAY_MS); index * DAY_MS <= range.to; index++) {
    for (const { at, floor } of timeline.chunk(index, autoLeadMs)) {
      if (at > range.from && at <= range.to) highest = Math.max(highest, floor);
    }
  }
  return highest;
}

/** So long without a change, far from any date of the file: then every week is like the last, changes of clocks included. */
const QUIET_DAYS = 400;
/** How far before a date its effects can begin: a week of lead, of offset, of session. */
const AHEAD_DAYS = 30;

interface Question {
  readonly at: number;
  readonly autoLeadMs: number;
  readonly count: number;
}

function nextTransitions(
  timeline: Timeline,
  days: readonly Day[],
  { at, autoLeadMs, count }: Question,
): readonly Transition[] {
  const found: Transition[] = [];
  if (timeline.empty) return found;
  let current = timeline.at(at, autoLeadMs);
  let index = Math.floor(at / DAY_MS);
  let quietSince = index;
  while (found.length < count) {
    const segments = timeline.chunk(index, autoLeadMs);
    for (
      let each = index * DAY_MS > at ? 0 : lastNotAfter(segments, at) + 1;
      each < segments.length;
      each++
    ) {
      const segment = segments[each];
      if (!segment || segment.signature === current.signature) continue;
      if (found.length < count) found.push(transitionTo(segment));
      current = segment;
      quietSince = index;
    }
    index++;
    if (index - quietSince <= QUIET_DAYS) continue;
    const far = days.find((day) => day - AHEAD_DAYS > index);
    const busy = days.some((day) => Math.abs(day - index) <= AHEAD_DAYS);
    if (busy) continue;
    if (far === undefined) break;
    index = far - AHEAD_DAYS;
    quietSince = index - QUIET_DAYS;
  }
  return found;
}

function transitionTo({ at, floor, ceiling, windows }: Segment): Transition {
  return { at, floor, ceiling, windows };
}

import { DAY_MS, type Day } from './civil-date.ts';
import type { Anchor, WallInterval } from './hours.ts';
import { complement, type Interval, type Intervals, union } from './interval.ts';
import { reachOf, type SessionModel, sessionOn } from './session-model.ts';
import type { Zone } from './wall-time.ts';

/** One session of a date, or one row of an event, as instants: ascending, never empty. */
export interface Occurrence {
  readonly day: Day;
  readonly intervals: readonly Interval[];
  readonly name?: string;
}

/** Something that happens on dates: a session or an event. */
export interface Source {
  on(day: Day): readonly Occurrence[];
  /** The most days that an interval lies before, and after, the date it belongs to. */
  readonly back: number;
  readonly forward: number;
}

/** Occurrences kept by date; a question about any date computes that date alone. */
const CACHED_DAYS = 1024;

export function sessionSource(session: SessionModel, zone: Zone): Source {
  const cache = new Map<Day, readonly Occurrence[]>();
  const compute = (day: Day): readonly Occurrence[] => {
    const found = sessionOn(session, day);
    if (!found) return [];
    const intervals = toInstants(zone, found.openingDay, found.intervals);
    if (intervals.length === 0) return [];
    return [{ day, intervals, ...(found.name === undefined ? {} : { name: found.name }) }];
  };
  return {
    ...reachOf(session),
    on(day) {
      const known = cache.get(day);
      if (known) return known;
      if (cache.size >= CACHED_DAYS) cache.clear();
      const computed = compute(day);
      cache.set(day, computed);
      return computed;
    },
  };
}

export interface EventModel {
  readonly day: Day;
  readonly hours: readonly WallInterval[];
}

export function eventSource(rows: readonly EventModel[], zone: Zone): Source {
  const byDay = new Map<Day, Occurrence[]>();
  for (const { day, hours } of rows) {
    const intervals = toInstants(zone, day, hours);
    if (intervals.length > 0) byDay.set(day, [...(byDay.get(day) ?? []), { day, intervals }]);
  }
  return { back: 0, forward: 8, on: (day) => byDay.get(day) ?? [] };
}

/** Wall intervals as instants; one that lies wholly inside a spring gap has no length and is dropped. */
function toInstants(zone: Zone, day: Day, hours: readonly WallInterval[]): readonly Interval[] {
  return hours
    .map(({ open, close }) => ({
      from: zone.instant(day, open, 'start'),
      to: zone.instant(day, close, 'end'),
    }))
    .filter(({ from, to }) => from < to);
}

/** When any occurrence of `source` is open. */
export function openIntervals(source: Source): Intervals {
  return (from, to) => collect(source, { from, to, margin: 0 }, (occurrence) => occurrence.intervals);
}

export interface WindowSpan {
  readonly from: Anchor;
  readonly to: Anchor;
  /** Last date whose occurrence still counts; null for no end. */
  readonly expires: Day | null;
}

/** The window that each occurrence of `source` opens, measured from its first open and last close. */
export function windowIntervals(source: Source, span: WindowSpan): Intervals {
  const margin = Math.ceil(Math.max(Math.abs(span.from.offset), Math.abs(span.to.offset)) / DAY_MS);
  return (from, to) =>
    collect(source, { from, to, margin }, (occurrence) => {
      if (span.expires !== null && occurrence.day > span.expires) return [];
      const window = { from: pointOf(occurrence, span.from), to: pointOf(occurrence, span.to) };
      return window.from < window.to ? [window] : [];
    });
}

function pointOf({ intervals }: Occurrence, { at, offset }: Anchor): number {
  const point = at === 'open' ? intervals[0]?.from : intervals.at(-1)?.to;
  return (point ?? Number.NaN) + offset;
}

/** All time that `target` leaves over, until `until`. */
export function outsideIntervals(target: Intervals, until: number | null): Intervals {
  return (from, to) => {
    const end = until === null ? to : Math.min(to, until);
    return from < end ? complement(target(from, end), from, end) : [];
  };
}

interface Range extends Interval {
  readonly margin: number;
}

function collect(
  source: Source,
  range: Range,
  of: (o: Occurrence) => readonly Interval[],
): readonly Interval[] {
  // A local date lies within a day of the UTC date of the same name, whatever the zone.
  const first = Math.floor(range.from / DAY_MS) - source.forward - range.margin - 1;
  const last = Math.floor(range.to / DAY_MS) + source.back + range.margin + 1;
  const found: Interval[] = [];
  for (let day = first; day <= last; day++) {
    for (const occurrence of source.on(day)) {
      for (const interval of of(occurrence)) {
        if (interval.to > range.from && interval.from < range.to) found.push(interval);
      }
    }
  }
  return union(found);
}

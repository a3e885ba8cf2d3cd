import { IANAZone } from 'luxon';
import { DAY_MS, type Day } from './civil-date.ts';
import { DAY_MINUTES, type WallMinute } from './hours.ts';

/** Which end of an interval a wall time is: decides the instant where the clock shows it twice. */
export type Side = 'start' | 'end';

export interface Zone {
  readonly name: string;
  /**
   * The instant of a wall time: `minute` minutes of wall clock after midnight of `day` (1440 and more: later days).
   * Skipped in spring: the first instant after the gap. Shown twice in autumn: the first for a start, the last for an
   * end. The only place where a wall time becomes an instant.
   */
  instant(day: Day, minute: WallMinute, side: Side): number;
  /** The wall clock at an instant: its date and the milliseconds that it shows after midnight. */
  wallClock(at: number): { readonly day: Day; readonly ms: number };
}

const CACHED_DAYS = 4096;

/** Zones that were asked for: there are some hundred, and thousands of calendars share a few with their offsets. */
const opened = new Map<string, Zone>();

/** The zone's rules, or undefined when the tz database does not know the name. Fixed offsets (`+05:00`) are no zones. */
export function openZone(name: string): Zone | undefined {
  const known = opened.get(name);
  if (known) return known;
  if (!/^[A-Za-z]/.test(name) || !IANAZone.isValidZone(name)) return undefined;
  const zone = newZone(name);
  opened.set(name, zone);
  return zone;
}

function newZone(name: string): Zone {
  const zone = IANAZone.create(name);
  const offset = (at: number): number => Math.round(zone.offset(at) * 60_000);
  const midnights = new Map<Day, number>();
  const offsetAtMidnight = (day: Day): number => {
    const known = midnights.get(day);
    if (known !== undefined) return known;
    if (midnights.size >= CACHED_DAYS) midnights.clear();
    const computed = offset(day * DAY_MS);
    midnights.set(day, computed);
    return computed;
  };
  return {
    name,
    instant(day, minute, side) {
      const later = Math.floor(minute / DAY_MINUTES);
      const shown = day + later;
      const local = shown * DAY_MS + (minute - later * DAY_MINUTES) * 60_000;
      // No zone is a day or more from UTC, so these two midnights enclose every instant of the local date.
      const before = offsetAtMidnight(shown - 1);
      const after = offsetAtMidnight(shown + 2);
      return before === after ? local - before : aroundTransition({ local, before, after, side }, offset);
    },
    wallClock(at) {
      const shown = Math.floor(at / DAY_MS);
      const before = offsetAtMidnight(shown - 1);
      const local = at + (before === offsetAtMidnight(shown + 2) ? before : offset(at));
      const day = Math.floor(local / DAY_MS);
      return { day, ms: local - day * DAY_MS };
    },
  };
}

interface Ambiguous {
  readonly local: number;
  readonly before: number;
  readonly after: number;
  readonly side: Side;
}

/** A wall time near one change of the offset: the readings that the clock really shows, or the end of the gap. */
function aroundTransition({ local, before, after, side }: Ambiguous, offset: (at: number) => number): number {
  const readings = [local - before, local - after].filter((at) => at + offset(at) === local);
  if (readings.length > 0) return side === 'start' ? Math.min(...readings) : Math.max(...readings);
  // In a gap the later offset's reading lies before the change and the earlier offset's after it.
  let low = local - after;
  let high = local - before;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle) === after) high = middle;
    else low = middle;
  }
  return high;
}

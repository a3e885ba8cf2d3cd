import type { Session } from './calendar.ts';
import type { Day } from './civil-date.ts';
import { DAY_MINUTES, formatWallTime } from './hours.ts';
import type { Zone } from './wall-time.ts';

/** A session's hours on the zone's clock, counted from `day`: `09:30-11:30, 12:30-16:00`. */
export function localHours({ intervals }: Session, zone: Zone, day: Day): string {
  const point = (at: number): string => {
    const clock = zone.wallClock(at);
    return relativeTime((clock.day - day) * DAY_MINUTES + Math.floor(clock.ms / 60_000));
  };
  return intervals.map(({ open, close }) => `${point(open)}-${point(close)}`).join(', ');
}

/** The same in UTC, counted from the midnight of `day` in UTC. */
export function utcHours({ intervals }: Session, day: Day): string {
  const point = (at: number): string => relativeTime(Math.floor(at / 60_000) - day * DAY_MINUTES);
  return intervals.map(({ open, close }) => `${point(open)}-${point(close)}`).join(', ');
}

/** Minutes from a date's midnight: `18:00-1d` for the evening before the date, `17:00`, `02:00+1d`. */
export function relativeTime(minute: number): string {
  if (minute >= 0) return formatWallTime(minute);
  const earlier = Math.ceil(-minute / DAY_MINUTES);
  return `${formatWallTime(minute + earlier * DAY_MINUTES)}-${earlier}d`;
}

import { parseDuration } from '../core/duration.ts';
import { WEEKDAYS } from './civil-date.ts';

/** Minutes of wall clock from midnight of the day on which a session opens; 1440 and more lie on later days. */
export type WallMinute = number;

export interface WallInterval {
  readonly open: WallMinute;
  readonly close: WallMinute;
}

/** `open-30m`: a point of a day's session, moved by milliseconds of elapsed time (not of wall clock). */
export interface Anchor {
  readonly at: 'open' | 'close';
  readonly offset: number;
}

export const DAY_MINUTES = 1440;
const CLOCK = '(?:[01][0-9]|2[0-3]):[0-5][0-9]';
const LATER = '(?:\\+[1-7]d)?';

export const WALL_TIME = new RegExp(`^(?:${CLOCK}|24:00)${LATER}$`);
export const HOURS = new RegExp(`^(${CLOCK}${LATER})-((?:${CLOCK}|24:00)${LATER})$`);
const WEEKDAY = `(?:${WEEKDAYS.join('|')})`;
export const DAYS = new RegExp(`^(?:daily|${WEEKDAY}(?:-${WEEKDAY})?(?:,${WEEKDAY}(?:-${WEEKDAY})?)*)$`);
export const ANCHOR = /^(open|close)(?:([+-])((?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+))?$/;

/** Minutes of `09:30`, `24:00` or `12:00+1d`; undefined for other text. */
export function parseWallTime(text: string): WallMinute | undefined {
  if (!WALL_TIME.test(text)) return undefined;
  const later = text.length > 5 ? Number(text.slice(6, -1)) : 0;
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5)) + later * DAY_MINUTES;
}

/** `780` is `13:00`, `2160` is `12:00+1d`. */
export function formatWallTime(minute: WallMinute): string {
  const later = Math.floor(minute / DAY_MINUTES);
  const clock = minute - later * DAY_MINUTES;
  const text = `${String(Math.floor(clock / 60)).padStart(2, '0')}:${String(clock % 60).padStart(2, '0')}`;
  return later === 0 ? text : `${text}+${later}d`;
}

/** The interval of `09:30-16:00` or `18:00-17:00+1d`; whether it closes after it opens is the caller's to check. */
export function parseHours(text: string): WallInterval | undefined {
  const match = HOURS.exec(text);
  const open = parseWallTime(match?.[1] ?? '');
  const close = parseWallTime(match?.[2] ?? '');
  return open === undefined || close === undefined ? undefined : { open, close };
}

/** Which weekdays (index as in WEEKDAYS) `mon-fri`, `sun,wed`, `sat-mon` or `daily` names. */
export function parseDays(text: string): ReadonlySet<number> | undefined {
  if (!DAYS.test(text)) return undefined;
  if (text === 'daily') return new Set(WEEKDAYS.keys());
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first = '', last = first] = part.split('-');
    const from = WEEKDAYS.indexOf(first as (typeof WEEKDAYS)[number]);
    const to = WEEKDAYS.indexOf(last as (typeof WEEKDAYS)[number]);
    for (let step = 0; step <= (to - from + 7) % 7; step++) days.add((from + step) % 7);
  }
  return days;
}

export function parseAnchor(text: string): Anchor | undefined {
  const match = ANCHOR.exec(text);
  const length = match?.[3] === undefined ? 0 : parseDuration(match[3]);
  if (!match || length === undefined) return undefined;
  return { at: match[1] === 'open' ? 'open' : 'close', offset: match[2] === '-' ? -length : length };
}

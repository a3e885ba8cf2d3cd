import { formatInstant } from '../../core/instant.ts';
import { writtenFields } from '../../core/written-policy.ts';
import { formatDate, weekdayOf } from '../civil-date.ts';
import { DAY_MINUTES, formatWallTime } from '../hours.ts';
import { relativeTime } from '../wall-hours.ts';
import type { Zone } from '../wall-time.ts';
import type { Change } from './changes.ts';
import { type Days, nameOf } from './days.ts';
import type { Responsible } from './pieces.ts';
import type { Asked } from './side.ts';

/** At most two decimals, and no `-0`. */
export function amount(value: number): string {
  return String(Math.round(value * 100) / 100 || 0);
}

/** With its sign: `+6`, `-1.5`, `0`. */
export function signed(value: number): string {
  const text = amount(value);
  return value > 0 && text !== '0' ? `+${text}` : text;
}

/** `Fri 2026-11-27 13:00 America/New_York (2026-11-27T18:00:00Z)`. */
export function localInstant(at: number, zone: Zone): string {
  const { day, ms } = zone.wallClock(at);
  const clock = formatWallTime(Math.floor(ms / 60_000));
  return `${nameOf(weekdayOf(day))} ${formatDate(day)} ${clock} ${zone.name} (${formatInstant(at)})`;
}

const EXCEPTIONS_NAMED = 2;

/** The dates, with those of the pattern on which nothing changes. */
export function daysText({ label, except }: Days): string {
  if (except.length === 0) return label;
  if (except.length > EXCEPTIONS_NAMED) return `${label} (not on ${except.length} days)`;
  return `${label} (not on ${except.map(formatDate).join(' and ')})`;
}

export function hoursText({ from, to }: Change): string {
  return to === null ? `${from} on` : `${from}-${to}`;
}

const UTC_VARIANTS = 2;

/** The hours in UTC, counted from the local date; both where summer time makes two of them. */
export function utcText({ pieces }: Change, zone: Zone): string {
  const variants = new Set(
    pieces.map(({ since, until }) => {
      const { day } = zone.wallClock(since);
      const point = (at: number): string => relativeTime(Math.floor(at / 60_000) - day * DAY_MINUTES);
      const long = until !== null && until - since > 7 * DAY_MINUTES * 60_000;
      if (until === null) return `${point(since)} on`;
      return `${point(since)}-${long ? formatInstant(until) : point(until)}`;
    }),
  );
  const shown = [...variants].slice(0, UTC_VARIANTS).join(' or ');
  return variants.size > UTC_VARIANTS ? `${shown} ...` : shown;
}

/** `2 -> 0`; `?` before where the old side is unknown. */
export function moved(before: string, after: string, isAlone: boolean): string {
  if (isAlone) return `? -> ${after}`;
  return before === after ? after : `${before} -> ${after}`;
}

export function ceilingText({ ceiling }: Asked): string {
  return ceiling === null ? 'none' : String(ceiling);
}

/** Single overrides that differ: `smoothingFactor 1 -> default`. */
export function overridesText({ before, after }: Change): string {
  const [old, now] = [writtenFields(before.policy), writtenFields(after.policy)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((field) => old.get(field) !== now.get(field))
    .map((field) => `${field} ${old.get(field) ?? 'default'} -> ${now.get(field) ?? 'default'}`)
    .join(', ');
}

/** `-market-hours +fomc nights`: no longer in force, newly in force, in force and written differently. */
export function windowsText({ gone, added, changed }: Responsible): string {
  return [...gone.map((name) => `-${name}`), ...added.map((name) => `+${name}`), ...changed].join(' ') || '-';
}

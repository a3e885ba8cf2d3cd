import { formatDuration } from '../../core/duration.ts';
import { formatDate, WEEKDAYS } from '../civil-date.ts';
import { formatWallTime } from '../hours.ts';
import type { Evidence } from './evidence.ts';
import type { FittedWindow } from './fit.ts';
import { SLOT_MINUTES } from './needs.ts';
import type { SuggestedClass, Suggestion } from './suggest.ts';

/** A suggestion as text for a calendar file: sessions of its own and windows, each with what speaks for it. */
export interface SuggestedYaml {
  /** Comment lines for the head of the file. */
  readonly head: readonly string[];
  /** Entries of `sessions`, indented by two; none where the windows stand on the market's. */
  readonly sessions: readonly string[];
  /** Entries of `windows`, indented by two. */
  readonly windows: readonly string[];
}

export interface SuggestedFrom {
  /** What the history is, for the head: a file's name, a fleet. */
  readonly source: string;
  readonly perReplica: number;
  readonly shortage: number;
  readonly base: number;
}

export function suggestionYaml(suggestion: Suggestion, from: SuggestedFrom): SuggestedYaml {
  const { classes, quantile } = suggestion;
  return {
    head: headOf(suggestion, from),
    sessions: classes.filter(({ session }) => session === null).flatMap(ownSessions),
    windows: classes.flatMap((each) => each.windows.flatMap((one) => windowLines(each, one, quantile))),
  };
}

function headOf(
  { classes, firstDate, lastDate, special, quantile }: Suggestion,
  from: SuggestedFrom,
): string[] {
  const span = firstDate === null ? 'no day of it is known' : `${firstDate} to ${lastDate}`;
  const lines = [
    `Suggested from ${from.source}, ${span}; ${number(from.perReplica)} requests/s a replica.`,
    `A replica too few costs as much as ${number(from.shortage)} too many: floors are the ${ordinal(quantile)} percentile of what was needed, above ${from.base}.`,
  ];
  for (const { name, days, windows, outliers } of classes) {
    if (days === 0) lines.push(`${name}: no day in this history, so no window.`);
    else if (windows.length === 0) lines.push(`${name} (${days}): never worth a floor above ${from.base}.`);
    if (days === 1)
      lines.push(`${name}: a single day is no pattern; look at more history before trusting this.`);
    for (const { day, share } of outliers) {
      const date = formatDate(day.day);
      lines.push(
        `${date} (${WEEKDAYS[day.weekday]}): ${percent(share)} of the usual requests, left out; ${suspicion(share)}.`,
      );
    }
  }
  for (const { date, kind, share } of special) {
    const requests = share === null ? '' : `, ${percent(share)} of a usual day's requests`;
    const odd = kind === 'holiday' && (share ?? 0) > 0.5 ? ': busy for a holiday, is the row right?' : '';
    lines.push(`${date}: ${kind}${requests}, not fitted${odd}.`);
  }
  return lines;
}

function suspicion(share: number): string {
  return share < 1
    ? 'a holiday that the calendar does not know, or lost data'
    : 'a volatile day, or an event: floors do not cover it';
}

function ownSessions({ windows, weekdays }: SuggestedClass): string[] {
  return windows.map(
    ({ window }) =>
      `  ${nameOf(weekdays, window)}: {days: "${daysText(weekdays)}", hours: "${clock(window.from)}-${clock(window.to)}"}`,
  );
}

function windowLines(
  { session, weekdays, name }: SuggestedClass,
  { window, evidence }: { readonly window: FittedWindow; readonly evidence: Evidence },
  quantile: number,
): string[] {
  const own = nameOf(weekdays, window);
  const entry =
    session === null
      ? `  - {name: ${own}, on: ${own}, floor: ${window.floor}}`
      : `  - {name: ${session.name}-${clock(window.from).replace(':', '')}, on: ${session.name}, from: ${anchor(window.from, session)}, to: ${anchor(window.to, session)}, floor: ${window.floor}}`;
  return [...evidenceLines(evidence, name, quantile), entry];
}

function evidenceLines(evidence: Evidence, name: string, quantile: number): string[] {
  const { days, firstDate, lastDate, median, most, idleHours, shortDays } = evidence;
  const short = shortDays === 0 ? 'short on none' : `short on ${shortDays} of them`;
  return [
    `  # ${name.includes('days') ? `${days} ${name}` : `${days} days (${name})`}, ${firstDate} to ${lastDate}: peaks of ${number(median)} replicas at the median, ${number(evidence.quantile)} at the ${ordinal(quantile)}`,
    `  # percentile, ${number(most)} at most; this floor idles ${number(idleHours)} replica-hours a day and is ${short}.`,
  ];
}

/** Before the middle of the session by its open, after it by its close, which an early close moves along. */
function anchor(slot: number, { open, close }: { readonly open: number; readonly close: number }): string {
  const byOpen = slot < (open + close) / 2;
  const offset = (slot - (byOpen ? open : close)) * SLOT_MINUTES * 60_000;
  const point = byOpen ? 'open' : 'close';
  if (offset === 0) return point;
  return `${point}${offset < 0 ? '-' : '+'}${formatDuration(Math.abs(offset))}`;
}

const clock = (slot: number): string => formatWallTime(slot * SLOT_MINUTES).replace('00:00+1d', '24:00');

function nameOf(weekdays: readonly number[], { from }: FittedWindow): string {
  return `${daysText(weekdays).replace(',', '-')}-${clock(from).replace(':', '')}`;
}

/** `mon-fri` and `sat,sun`, or the days one by one. */
function daysText(weekdays: readonly number[]): string {
  if (weekdays.join() === '1,2,3,4,5') return 'mon-fri';
  return weekdays.map((day) => WEEKDAYS[day] ?? '').join(',');
}

const number = (value: number): string => String(Math.round(value * 10) / 10);
const percent = (share: number): string => `${Math.round(share * 100)} %`;

function ordinal(quantile: number): string {
  const percentile = Math.round(quantile * 100);
  const teen = percentile % 100 >= 11 && percentile % 100 <= 13;
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][percentile % 10] ?? 'th');
  return `${percentile}${ending}`;
}

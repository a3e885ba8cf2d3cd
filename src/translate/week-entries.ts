import { WEEKDAYS } from '../calendar/civil-date.ts';
import { DAY_MINUTES, formatWallTime } from '../calendar/hours.ts';
import { WEEK_MINUTES, type WeekSpan } from './cron-week.ts';

/** A session entry: the weekdays on which the same hours open. */
export interface WeekEntry {
  readonly days: string;
  readonly hours: string;
}

/**
 * Spans of a week as session entries, days of equal hours together. A window runs from a session's first open to its last
 * close, so the second span of a day belongs to a second session: one list of entries for each session.
 */
export function weekEntries(spans: readonly WeekSpan[]): readonly (readonly WeekEntry[])[] {
  if (spans.some(({ from, to }) => to - from >= WEEK_MINUTES))
    return [[{ days: 'daily', hours: '00:00-24:00' }]];
  const seen = new Map<number, number>();
  const sessions: Map<string, number[]>[] = [];
  for (const { from, to } of spans) {
    const day = Math.floor(from / DAY_MINUTES);
    const session = seen.get(day) ?? 0;
    seen.set(day, session + 1);
    const hours = `${formatWallTime(from - day * DAY_MINUTES)}-${formatWallTime(to - day * DAY_MINUTES)}`;
    const byHours = sessions[session] ?? new Map<string, number[]>();
    sessions[session] = byHours.set(hours, [...(byHours.get(hours) ?? []), day]);
  }
  return sessions.map((byHours) => [...byHours].map(([hours, days]) => ({ days: dayList(days), hours })));
}

/** `mon-fri`, `sun,wed`, `daily`; weeks begin on Monday here, as people write them. */
function dayList(days: readonly number[]): string {
  const order = [...new Set(days)].map((day) => (day + 6) % 7).sort((a, b) => a - b);
  if (order.length === 7) return 'daily';
  const runs: number[][] = [];
  for (const day of order) {
    const run = runs.at(-1);
    if (run && run.at(-1) === day - 1) run.push(day);
    else runs.push([day]);
  }
  const name = (day: number): string => WEEKDAYS[(day + 1) % 7] ?? 'mon';
  return runs
    .map((run) => {
      const [first = 0, last = first] = [run[0], run.at(-1)];
      if (run.length > 2) return `${name(first)}-${name(last)}`;
      return run.map(name).join(',');
    })
    .join(',');
}

/** `Fri 18:00`, for notes. */
export function weekTime(minute: number): string {
  const at = minute % WEEK_MINUTES;
  const day = WEEKDAYS[Math.floor(at / DAY_MINUTES)] ?? 'sun';
  return `${day.charAt(0).toUpperCase()}${day.slice(1)} ${formatWallTime(at % DAY_MINUTES)}`;
}

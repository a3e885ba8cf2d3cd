/** Days since 1970-01-01 in the proleptic Gregorian calendar: a date without a zone, cheap to compare and to step. */
export type Day = number;

/** Both inclusive. */
export interface DayRange {
  readonly from: Day;
  readonly to: Day;
}

export const DAY_MS = 86_400_000;

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const WEEKDAY_NAMES = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** The Day of `YYYY-MM-DD` between 1970 and 2199; undefined for other text and for dates that do not exist. */
export function parseDate(text: string): Day | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return undefined;
  const [year, month, date] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < 1970 || year > 2199) return undefined;
  if (month < 1 || month > 12 || date < 1 || date > daysOf(year, month)) return undefined;
  return Date.UTC(year, month - 1, date) / DAY_MS;
}

/** Of a month from 1 to 12. */
function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

export function formatDate(day: Day): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** 0 for Sunday to 6 for Saturday, the index into WEEKDAYS. */
export function weekdayOf(day: Day): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** The Monday of the day's week. */
export function mondayOf(day: Day): Day {
  return day - ((weekdayOf(day) + 6) % 7);
}

/** `Friday 2026-11-27`, as messages name a date. */
export function namedDate(day: Day): string {
  return `${WEEKDAY_NAMES[weekdayOf(day)]} ${formatDate(day)}`;
}

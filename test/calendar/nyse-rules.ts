/**
 * The New York Stock Exchange's sessions from its rules, without luxon and without the file under test: an independent
 * opinion on calendars/us-equities.yaml.
 */
export interface NyseDay {
  readonly date: string;
  readonly early: boolean;
}

const SUN = 0;
const MON = 1;
const THU = 4;
const FRI = 5;
const SAT = 6;

const iso = (date: Date): string => date.toISOString().slice(0, 10);
const utc = (year: number, month: number, day: number): Date => new Date(Date.UTC(year, month - 1, day));
const plus = (date: Date, days: number): Date => new Date(date.getTime() + days * 86_400_000);

function nth(year: number, month: number, weekday: number, n: number): Date {
  const first = utc(year, month, 1);
  return plus(first, ((weekday - first.getUTCDay() + 7) % 7) + (n - 1) * 7);
}

function lastMonday(year: number, month: number): Date {
  const last = utc(year, month + 1, 0);
  return plus(last, -((last.getUTCDay() - MON + 7) % 7));
}

/** Gregorian Easter by the ecclesiastical full moon: golden number, epact, then the Sunday after. */
function easter(year: number): Date {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const skipped = Math.floor(century / 4);
  const correction = Math.floor((8 * century + 13) / 25);
  const epact = (19 * golden + century - skipped - correction + 15) % 30;
  const moon = epact - (epact === 29 || (epact === 28 && golden > 10) ? 1 : 0);
  const fullMoon = plus(utc(year, 3, 21), moon);
  return plus(fullMoon, 7 - fullMoon.getUTCDay());
}

/** Saturday is observed on the Friday before, Sunday on the Monday after. */
function observed(date: Date): Date {
  if (date.getUTCDay() === SAT) return plus(date, -1);
  return date.getUTCDay() === SUN ? plus(date, 1) : date;
}

const UNSCHEDULED = ['2018-12-05', '2025-01-09'];

export function nyseHolidays(year: number): ReadonlySet<string> {
  const newYear = utc(year, 1, 1);
  const days = [
    // New Year's Day on a Saturday is not observed: the Friday belongs to the old year's books.
    ...(newYear.getUTCDay() === SAT ? [] : [observed(newYear)]),
    nth(year, 1, MON, 3),
    nth(year, 2, MON, 3),
    plus(easter(year), -2),
    lastMonday(year, 5),
    ...(year >= 2022 ? [observed(utc(year, 6, 19))] : []),
    observed(utc(year, 7, 4)),
    nth(year, 9, MON, 1),
    nth(year, 11, THU, 4),
    observed(utc(year, 12, 25)),
  ];
  return new Set([...days.map(iso), ...UNSCHEDULED.filter((date) => date.startsWith(String(year)))]);
}

function isEarly(date: Date, year: number): boolean {
  const text = iso(date);
  const weekday = date.getUTCDay();
  if (text === iso(plus(nth(year, 11, THU, 4), 1))) return true;
  if (text === `${year}-12-24`) return weekday !== FRI;
  return text === `${year}-07-03` && weekday >= MON && weekday <= THU;
}

export function nyseSessions(year: number): readonly NyseDay[] {
  const holidays = nyseHolidays(year);
  const days: NyseDay[] = [];
  for (let date = utc(year, 1, 1); date.getUTCFullYear() === year; date = plus(date, 1)) {
    const weekday = date.getUTCDay();
    if (weekday === SUN || weekday === SAT || holidays.has(iso(date))) continue;
    days.push({ date: iso(date), early: isEarly(date, year) });
  }
  return days;
}

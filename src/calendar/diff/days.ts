import { type Day, formatDate, WEEKDAYS, weekdayOf } from '../civil-date.ts';

/** Dates on which the same thing happens, as people say them. */
export interface Days {
  /** Ascending, each once, never empty. */
  readonly dates: readonly Day[];
  /** `Fri 2026-11-27`, `Mon-Fri from 2026-12-01`, `Mon, Wed 2026-12-01 to 2027-01-20`, or a list. */
  readonly label: string;
  /** Days of the pattern on which it does not happen (holidays, say); empty for a list. */
  readonly except: readonly Day[];
}

const LEAST_OF_PATTERN = 4;
/** A pattern may miss so much of its days, and one day of any. */
const MOST_MISSING = 0.2;
const REST_OF_PATTERN = 2;
const LISTED = 6;

/** Names the dates; a pattern that reaches `end`, the last date looked at, goes on for all that is known. */
export function daysOf(dates: readonly Day[], end: Day): Days {
  const [first, last] = [dates[0] ?? 0, dates.at(-1) ?? 0];
  const weekdays = new Set(dates.map(weekdayOf));
  const expected: Day[] = [];
  for (let day = first; day <= last; day++) if (weekdays.has(weekdayOf(day))) expected.push(day);
  const given = new Set(dates);
  const except = expected.filter((day) => !given.has(day));
  const regular = except.length <= Math.max(1, expected.length * MOST_MISSING);
  if (dates.length < LEAST_OF_PATTERN || !regular) return { dates, label: listed(dates), except: [] };
  const rest: Day[] = [];
  for (let day = last + 1; day <= end; day++) if (weekdays.has(weekdayOf(day))) rest.push(day);
  // A holiday or two before the end of what is looked at do not end a pattern.
  const goesOn = rest.length <= REST_OF_PATTERN;
  const span = goesOn ? `from ${formatDate(first)}` : `${formatDate(first)} to ${formatDate(last)}`;
  const label = `${weekdaysLabel(weekdays)} ${span}`;
  return { dates, label, except: goesOn ? [...except, ...rest] : except };
}

function listed(dates: readonly Day[]): string {
  const shown = dates.length > LISTED ? dates.slice(0, LISTED - 1) : dates;
  const more = dates.length - shown.length;
  const names = shown.map((day) => `${nameOf(weekdayOf(day))} ${formatDate(day)}`);
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${more} more`;
}

/** `Mon-Fri`, `Mon, Wed`, `daily`: runs of three and more are joined, the week beginning on Monday. */
function weekdaysLabel(weekdays: ReadonlySet<number>): string {
  if (weekdays.size === 7) return 'daily';
  const order = [1, 2, 3, 4, 5, 6, 0];
  const runs: number[][] = [];
  for (const [index, weekday] of order.entries()) {
    if (!weekdays.has(weekday)) continue;
    const run = runs.at(-1);
    if (run && index > 0 && run.at(-1) === order[index - 1]) run.push(weekday);
    else runs.push([weekday]);
  }
  return runs
    .flatMap((run) => {
      const names = run.map(nameOf);
      return names.length < 3 ? names : [`${names[0]}-${names.at(-1)}`];
    })
    .join(', ');
}

export function nameOf(weekday: number): string {
  const name = WEEKDAYS[weekday] ?? '';
  return name.charAt(0).toUpperCase() + name.slice(1);
}

import type { Calendar } from '../calendar.ts';
import { DAY_MS, type Day, type DayRange, formatDate, mondayOf, parseDate } from '../civil-date.ts';
import type { Zone } from '../wall-time.ts';

/** So far ahead is looked for weeks that differ from the usual one. */
const AHEAD_DAYS = 400;

/**
 * The weeks that a person would look at before merging: this one, and each to come (until coverage ends, at most 400
 * days) in which something dated happens or the clocks change. Neighbouring weeks are one range.
 */
export function weeksToCheck(calendar: Calendar, zone: Zone, today: Day): readonly DayRange[] {
  const farthest = today + AHEAD_DAYS - 1;
  const covered = parseDate(calendar.covers?.to ?? '') ?? farthest;
  const last = covered < today ? farthest : Math.min(covered, farthest);
  const dated = calendar
    .datedRows(formatDate(today), formatDate(last))
    .map(({ date }) => parseDate(date) ?? today);
  const mondays = new Set([today, ...dated, ...clockChanges(zone, today, last)].map(mondayOf));
  return joined([...mondays].sort((a, b) => a - b).map((monday) => ({ from: monday, to: monday + 6 })));
}

/** Days that are longer or shorter than 24 hours. */
export function clockChanges(zone: Zone, from: Day, to: Day): readonly Day[] {
  const days: Day[] = [];
  for (let day = from; day <= to; day++) {
    const length = zone.instant(day + 1, 0, 'start') - zone.instant(day, 0, 'start');
    if (length !== DAY_MS) days.push(day);
  }
  return days;
}

function joined(ranges: readonly DayRange[]): readonly DayRange[] {
  const found: { from: Day; to: Day }[] = [];
  for (const { from, to } of ranges) {
    const last = found.at(-1);
    if (last && last.to + 1 === from) last.to = to;
    else found.push({ from, to });
  }
  return found;
}

import { bar, CELL_MINUTES, HOURS_LINE } from '../bars.ts';
import { type Day, formatDate, parseDate, weekdayOf } from '../civil-date.ts';
import { DAY_MINUTES } from '../hours.ts';
import { lastNotAfter } from '../timeline.ts';
import type { Zone } from '../wall-time.ts';
import { nameOf } from './days.ts';
import type { CapacityDiff } from './diff.ts';
import type { Step } from './side.ts';

const LABEL_WIDTH = 24;
/** So many changed days are drawn; the table has them all. */
const MOST_DAYS = 12;
const TYPICAL_FROM_DAYS = 400;

/** One typical day and each changed one, before and after: a column for half an hour, a block for a floor. Empty when no floor changes. */
export function floorChart(diff: CapacityDiff, zone: Zone, isAlone: boolean): string {
  const days = changedDays(diff);
  if (days.length === 0) return '';
  const known = isAlone ? diff.steps.after : diff.steps.before;
  const typical = typicalDay(diff, known, zone);
  const drawn = days.slice(0, MOST_DAYS);
  const profiles = drawn.map((day) => ({
    day,
    before: profileOf(diff.steps.before, day, zone),
    after: profileOf(diff.steps.after, day, zone),
  }));
  const every = [
    ...(typical ? [typical.profile] : []),
    ...profiles.flatMap(({ before, after }) => [before, after]),
  ];
  const highest = Math.max(1, ...every.flat());
  const line = (label: string, profile: readonly number[]): string =>
    `${label.padEnd(LABEL_WIDTH)}${profile.map((floor) => (floor > 0 ? bar(floor, highest) : '·')).join('')}`;
  const more = days.length - drawn.length;
  return [
    `${''.padEnd(LABEL_WIDTH)}${HOURS_LINE}`,
    ...(typical ? [line(`typical ${dayLabel(typical.day)}`, typical.profile)] : []),
    ...profiles.flatMap(({ day, before, after }) => [
      ...(isAlone ? [] : [line(`${dayLabel(day)}  was`, before)]),
      line(`${isAlone ? dayLabel(day) : ''.padEnd(14)}  is`, after),
    ]),
    ...(more > 0 ? [`... and ${more} more days of other hours`] : []),
    `${''.padEnd(LABEL_WIDTH)}█ floor ${highest}, lower floors in proportion; · none`,
  ].join('\n');
}

function dayLabel(day: Day): string {
  return `${nameOf(weekdayOf(day))} ${formatDate(day)}`;
}

/** The first date of each change of a floor, each date once. */
function changedDays({ changes, range }: CapacityDiff): readonly Day[] {
  const first = parseDate(range.from) ?? 0;
  const days = changes
    .filter(({ before, after }) => before.floor !== after.floor)
    .map(({ days }) => Math.max(first, days.dates[0] ?? first));
  return [...new Set(days)].sort((a, b) => a - b);
}

/** Floors of a day in half hours of its clock: the highest of each. */
function profileOf(steps: readonly Step[], day: Day, zone: Zone): readonly number[] {
  const profile: number[] = [];
  for (let minute = 0; minute < DAY_MINUTES; minute += CELL_MINUTES) {
    const from = zone.instant(day, minute, 'start');
    const to = Math.max(from + 1, zone.instant(day, minute + CELL_MINUTES, 'start'));
    let highest = 0;
    for (let index = lastNotAfter(steps, from); (steps[index]?.at ?? to) < to; index++)
      highest = Math.max(highest, steps[index]?.floor ?? 0);
    profile.push(highest);
  }
  return profile;
}

/** The first day of the profile that most days have, those without any floor aside. */
function typicalDay({ range }: CapacityDiff, steps: readonly Step[], zone: Zone) {
  const [from, to] = [parseDate(range.from) ?? 0, parseDate(range.to) ?? 0];
  const counts = new Map<string, { readonly day: Day; readonly profile: readonly number[]; count: number }>();
  for (let day = from; day <= Math.min(to, from + TYPICAL_FROM_DAYS); day++) {
    const profile = profileOf(steps, day, zone);
    if (!profile.some((floor) => floor > 0)) continue;
    const key = profile.join();
    const known = counts.get(key);
    if (known) known.count++;
    else counts.set(key, { day, profile, count: 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0];
}

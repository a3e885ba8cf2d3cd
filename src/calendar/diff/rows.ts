import type { Zone } from '../wall-time.ts';
import type { Change } from './changes.ts';
import type { CapacityDiff } from './diff.ts';
import type { Week } from './hours.ts';
import {
  amount,
  ceilingText,
  daysText,
  hoursText,
  moved,
  overridesText,
  signed,
  utcText,
  windowsText,
} from './words.ts';

export interface RowOptions {
  readonly zone: Zone;
  readonly gpusPerReplica: number;
  /** The old side is unknown. */
  readonly isAlone: boolean;
}

/** The changes as a table, head first; columns in which nothing is to be seen are left out. */
export function changeRows(changes: readonly Change[], options: RowOptions): readonly (readonly string[])[] {
  const columns = COLUMNS.filter(({ shown }) => shown === undefined || changes.some(shown));
  return [
    columns.map(({ head }) => head),
    ...changes.map((change) => columns.map(({ cell }) => cell(change, options))),
  ];
}

interface Column {
  readonly head: string;
  readonly cell: (change: Change, options: RowOptions) => string;
  readonly shown?: (change: Change) => boolean;
}

const COLUMNS: readonly Column[] = [
  { head: 'when', cell: ({ days }) => daysText(days) },
  { head: 'hours', cell: hoursText },
  { head: 'UTC', cell: (change, { zone }) => utcText(change, zone) },
  {
    head: 'floor',
    cell: ({ before, after }, { isAlone }) => moved(String(before.floor), String(after.floor), isAlone),
  },
  {
    head: 'ceiling',
    cell: ({ before, after }, { isAlone }) => moved(ceilingText(before), ceilingText(after), isAlone),
    shown: ({ before, after }) => before.ceiling !== null || after.ceiling !== null,
  },
  {
    head: 'overrides',
    cell: (change) => overridesText(change) || '-',
    shown: (change) => overridesText(change) !== '',
  },
  { head: 'replica-hours', cell: ({ replicaHours }, { isAlone }) => hours(replicaHours, isAlone) },
  {
    head: 'GPU-hours',
    cell: ({ replicaHours }, { gpusPerReplica, isAlone }) => hours(replicaHours * gpusPerReplica, isAlone),
  },
  {
    head: 'windows',
    cell: ({ windows, after }, { isAlone }) =>
      isAlone ? after.windows.join(' ') || '-' : windowsText(windows),
  },
];

function hours(value: number, isAlone: boolean): string {
  return isAlone ? amount(value) : signed(value);
}

export function sessionRows({ sessions }: CapacityDiff): readonly (readonly string[])[] {
  return [
    ['session', 'when', 'hours', 'why'],
    ...sessions.map(({ session, days, before, after, why }) => [
      session,
      daysText(days),
      `${before ?? 'none'} -> ${after ?? 'none'}`,
      why || '-',
    ]),
  ];
}

/** Weeks with the same change in a row are told once: `2026-12-07 to 2027-03-01 (13 weeks)`. */
export function weekRows(weeks: readonly Week[], { gpusPerReplica, isAlone }: RowOptions) {
  const runs: { first: string; last: string; count: number; change: number }[] = [];
  for (const { week, gained, lost } of weeks) {
    const run = runs.at(-1);
    const change = gained - lost;
    if (run && run.change === change && isNextWeek(run.last, week)) {
      run.last = week;
      run.count++;
    } else runs.push({ first: week, last: week, count: 1, change });
  }
  return [
    ['week of', 'replica-hours', 'GPU-hours'],
    ...runs.map(({ first, last, count, change }) => [
      count === 1 ? first : `${first} to ${last} (each of ${count})`,
      hours(change, isAlone),
      hours(change * gpusPerReplica, isAlone),
    ]),
  ];
}

function isNextWeek(week: string, next: string): boolean {
  return Date.parse(next) - Date.parse(week) === 7 * 86_400_000;
}

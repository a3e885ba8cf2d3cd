import { formatInstant } from '../core/instant.ts';
import { bar, CELL_MINUTES, HOURS_LINE } from './bars.ts';
import type { Calendar, DatedRow, Session, Transition } from './calendar.ts';
import { type Day, type DayRange, formatDate, weekdayOf } from './civil-date.ts';
import { DAY_MINUTES, formatWallTime } from './hours.ts';
import { table } from './table.ts';
import { localHours, utcHours } from './wall-hours.ts';
import type { Zone } from './wall-time.ts';

export interface PreviewInput {
  readonly calendar: Calendar;
  readonly zone: Zone;
  readonly range: DayRange;
  readonly autoLeadMs: number;
}

/** The hours a person would check before merging: sessions, floors and ceilings as steps, and a chart, day by day. */
export function preview(input: PreviewInput): string {
  const { calendar, range } = input;
  const until = calendar.covers ? `, covers ${calendar.covers.from} to ${calendar.covers.to}` : '';
  const head = `${calendar.name}: ${formatDate(range.from)} to ${formatDate(range.to)}, times in ${calendar.timezone} and UTC${until}`;
  return [head, '', sessionTable(input), '', stepTable(input), '', chart(input)].join('\n');
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function dayLabel(day: Day): string {
  return `${WEEKDAYS[weekdayOf(day)]} ${formatDate(day)}`;
}

function daysOf({ from, to }: DayRange): readonly Day[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function sessionTable({ calendar, zone, range }: PreviewInput): string {
  const rows = [['date', 'session', calendar.timezone, 'UTC', 'note']];
  const [from, to] = [formatDate(range.from), formatDate(range.to)];
  const sessions = groupByDate(calendar.sessions(from, to));
  const dated = groupByDate(calendar.datedRows(from, to));
  for (const day of daysOf(range)) {
    const date = formatDate(day);
    const notes = dated.get(date) ?? [];
    const held = sessions.get(date) ?? [];
    for (const session of held) {
      const note = notesFor(notes, (row) => row.sessions.includes(session.session));
      rows.push([
        dayLabel(day),
        session.session,
        localHours(session, zone, day),
        utcHours(session, day),
        note,
      ]);
    }
    const rest = notesFor(notes, (row) => !held.some(({ session }) => row.sessions.includes(session)));
    if (held.length === 0 || rest !== '') rows.push([dayLabel(day), '-', '', '', rest]);
  }
  return table(rows);
}

function groupByDate<T extends { readonly date: string }>(
  rows: readonly T[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(row.date, [...(groups.get(row.date) ?? []), row]);
  return groups;
}

function notesFor(rows: readonly DatedRow[], wanted: (row: DatedRow) => boolean): string {
  return rows
    .filter(wanted)
    .map(({ kind, name }) => (name === null ? kind : `${kind}: ${name}`))
    .join('; ');
}

/** Enough for a window that opens and closes every few minutes of a week. */
const MAX_STEPS = 2_000;

/** Each change of the bounds in the range, after what holds at its start. */
function stepTable({ calendar, zone, range, autoLeadMs }: PreviewInput): string {
  const start = zone.instant(range.from, 0, 'start');
  const end = zone.instant(range.to + 1, 0, 'start');
  const steps: Transition[] = [{ at: start, ...calendar.boundsAt(start, autoLeadMs) }];
  let at = start;
  while (at < end && steps.length <= MAX_STEPS) {
    const found = calendar.next(at, autoLeadMs, 64);
    steps.push(...found.filter((step) => step.at < end));
    at = found.length < 64 ? end : (found.at(-1)?.at ?? end);
  }
  const rows = steps.slice(0, MAX_STEPS).map((step) => stepRow(step, zone));
  const more =
    steps.length > MAX_STEPS ? `\n... and more than ${MAX_STEPS} steps: choose a shorter range` : '';
  return table([['from', 'UTC', 'floor', 'ceiling', 'windows'], ...rows]) + more;
}

function stepRow({ at, floor, ceiling, windows }: Transition, zone: Zone): readonly string[] {
  const { day, ms } = zone.wallClock(at);
  const local = `${dayLabel(day)} ${formatWallTime(Math.floor(ms / 60_000))}`;
  return [
    local,
    formatInstant(at),
    String(floor),
    ceiling === null ? '-' : String(ceiling),
    windows.join(', ') || '-',
  ];
}

/** One line a day, one column for half an hour of the calendar's clock: the floor as a bar, `·` for none, `─` a session without one. */
function chart(input: PreviewInput): string {
  const { calendar, zone, range, autoLeadMs } = input;
  const start = zone.instant(range.from, 0, 'start');
  const end = zone.instant(range.to + 1, 0, 'start');
  const highest = calendar.maxFloor(start, end - 1, autoLeadMs);
  // A session of an earlier date may still be open, and one of a later date be open already.
  const sessions = calendar.sessions(formatDate(range.from - 8), formatDate(range.to + 8));
  const lines = daysOf(range).map(
    (day) => `${dayLabel(day)}  ${chartLine(input, day, { highest, sessions })}`,
  );
  const floors = highest === 0 ? 'no floor in this range' : `█ floor ${highest}, lower floors in proportion`;
  const key = `${''.padEnd(16)}${floors}; ─ a session without a floor; · neither`;
  return [`${''.padEnd(16)}${HOURS_LINE}`, ...lines, key].join('\n');
}

function chartLine(
  { calendar, zone, autoLeadMs }: PreviewInput,
  day: Day,
  { highest, sessions }: { readonly highest: number; readonly sessions: readonly Session[] },
): string {
  const near = sessions
    .flatMap((session) => session.intervals)
    .filter(
      ({ open, close }) => close > zone.instant(day, 0, 'start') && open < zone.instant(day + 1, 0, 'start'),
    );
  let line = '';
  for (let minute = 0; minute < DAY_MINUTES; minute += CELL_MINUTES) {
    const from = zone.instant(day, minute, 'start');
    const to = Math.max(from + 1, zone.instant(day, minute + CELL_MINUTES, 'start'));
    const floor = calendar.maxFloor(from, to - 1, autoLeadMs);
    const open = near.some((interval) => interval.open < to && interval.close > from);
    line += floor > 0 ? bar(floor, highest) : open ? '─' : '·';
  }
  return line;
}

import type { DatedRow } from '../calendar.ts';
import { type Day, formatDate, weekdayOf } from '../civil-date.ts';
import { nameOf } from '../diff/days.ts';
import { rowLabel } from '../diff/sessions.ts';
import { DAY_MINUTES, formatWallTime } from '../hours.ts';
import type { Interval } from '../interval.ts';
import { element, escapeXml, rect } from './svg.ts';
import type { WeekInput } from './week.ts';

/** Pixels. A day is 24 hours of wall clock wide, whatever the clocks do in it. */
export const DAY_WIDTH = 140;
export const PLOT_HEIGHT = 84;
export const HEAD_HEIGHT = 34;
/** Sessions run along the bottom of the plot; floors stand on them. */
const STRIP_HEIGHT = 9;
export const FLOOR_BASE = HEAD_HEIGHT + PLOT_HEIGHT - STRIP_HEIGHT;
/** The highest floor leaves some room for the time of a mark. */
export const FLOOR_TOP = HEAD_HEIGHT + 16;

/** A stretch of a day by the minutes that its clock shows. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** One day of a week: its sessions, floors and ceilings, and what is dated on it; drawn from its own left top corner. */
export function drawDay(day: Day, input: WeekInput): string {
  const { zone } = input;
  const bounds = { from: zone.instant(day, 0, 'start'), to: zone.instant(day + 1, 0, 'start') };
  const rows = input.rows.filter(({ date }) => date === formatDate(day));
  return [
    background(rows),
    ...sessionBands(day, bounds, input),
    ...floors(day, bounds, input),
    ...[6, 12, 18].map((hour) => hourTick(hour)),
    ...closes(day, rows, input),
    heading(day, rows, bounds),
  ].join('');
}

function background(rows: readonly DatedRow[]): string {
  const isHoliday = rows.some(({ kind }) => kind === 'holiday');
  return rect({ x: 0, y: HEAD_HEIGHT, width: DAY_WIDTH, height: PLOT_HEIGHT }, isHoliday ? 'holiday' : 'day');
}

function x(minute: number): number {
  return Math.round((minute / DAY_MINUTES) * DAY_WIDTH * 100) / 100;
}

/** What of `interval` lies within the day, by its clock; null for nothing. */
function within(interval: Interval, bounds: Interval, { zone }: WeekInput): Span | null {
  const [from, to] = [Math.max(interval.from, bounds.from), Math.min(interval.to, bounds.to)];
  if (from >= to) return null;
  const start = zone.wallClock(from).ms / 60_000;
  const end = to === bounds.to ? DAY_MINUTES : zone.wallClock(to).ms / 60_000;
  // In the hour that autumn shows twice the end may come before the start.
  return { from: Math.min(start, end), to: Math.max(start, end) };
}

function sessionBands(day: Day, bounds: Interval, input: WeekInput): readonly string[] {
  return input.sessions.flatMap((session) =>
    session.intervals.flatMap(({ open, close }) => {
      const span = within({ from: open, to: close }, bounds, input);
      if (!span) return [];
      const box = { x: x(span.from), y: FLOOR_BASE, width: x(span.to - span.from), height: STRIP_HEIGHT };
      return [rect(box, 'session', `${session.session} of ${session.date}, ${spanText(day, span)}`)];
    }),
  );
}

function spanText(day: Day, { from, to }: Span): string {
  const clock = (minute: number): string =>
    minute === DAY_MINUTES ? '24:00' : formatWallTime(Math.floor(minute));
  return `${nameOf(weekdayOf(day))} ${formatDate(day)} ${clock(from)}-${clock(to)}`;
}

function floors(day: Day, bounds: Interval, input: WeekInput): readonly string[] {
  const { steps, highest } = input;
  return steps.flatMap((step, index) => {
    const interval = { from: step.at, to: steps[index + 1]?.at ?? Number.POSITIVE_INFINITY };
    const span = within(interval, bounds, input);
    if (!span) return [];
    const left = x(span.from);
    const width = x(span.to - span.from);
    const y = (replicas: number): number =>
      Math.round((FLOOR_BASE - (FLOOR_BASE - FLOOR_TOP) * Math.min(1, replicas / highest)) * 100) / 100;
    const drawn: string[] = [];
    const what = `${spanText(day, span)}: floor ${step.floor}${step.ceiling === null ? '' : `, ceiling ${step.ceiling}`} (${step.windows.join(', ') || 'no window'})`;
    const height = FLOOR_BASE - y(step.floor);
    if (step.floor > 0) {
      drawn.push(rect({ x: left, y: y(step.floor), width, height }, 'floor', what));
      drawn.push(element('path', { class: 'step', d: `M${left} ${y(step.floor)}h${width}` }));
    }
    if (step.ceiling !== null)
      drawn.push(element('path', { class: 'ceiling', d: `M${left} ${y(step.ceiling)}h${width}` }));
    return drawn;
  });
}

function hourTick(hour: number): string {
  const at = x(hour * 60);
  return (
    element('path', { class: 'tick', d: `M${at} ${HEAD_HEIGHT}v${PLOT_HEIGHT}` }) +
    element(
      'text',
      { class: 'hour', x: at, y: HEAD_HEIGHT + PLOT_HEIGHT + 11 },
      String(hour).padStart(2, '0'),
    )
  );
}

const MARKED = { 'early close': 'close', 'late close': 'close', 'late open': 'open' } as const;

/** A line where a session closes early, or closes or opens late, with the time at it. */
function closes(day: Day, rows: readonly DatedRow[], { sessions, zone }: WeekInput): readonly string[] {
  const date = formatDate(day);
  const marks = rows.flatMap(({ kind, sessions: names }) => {
    if (!(kind in MARKED)) return [];
    const end = MARKED[kind as keyof typeof MARKED];
    return sessions
      .filter((session) => session.date === date && names.includes(session.session))
      .map(({ intervals }) => (end === 'close' ? intervals.at(-1)?.close : intervals[0]?.open) ?? 0);
  });
  return [...new Set(marks)].flatMap((at) => {
    const clock = zone.wallClock(at);
    if (clock.day !== day) return [];
    const minute = Math.floor(clock.ms / 60_000);
    const left = x(minute);
    const isLate = minute > DAY_MINUTES * 0.75;
    return [
      element('path', { class: 'mark', d: `M${left} ${HEAD_HEIGHT}v${PLOT_HEIGHT}` }),
      element(
        'text',
        { class: `time${isLate ? ' left' : ''}`, x: left + (isLate ? -3 : 3), y: HEAD_HEIGHT + 11 },
        formatWallTime(minute),
      ),
    ];
  });
}

/** What fits above a day in the small type. */
const NOTE_CHARACTERS = 25;

function heading(day: Day, rows: readonly DatedRow[], bounds: Interval): string {
  const minutes = (bounds.to - bounds.from) / 60_000;
  const notes = [
    ...new Set(rows.map(({ kind, name }) => name ?? kind)),
    ...(minutes === DAY_MINUTES ? [] : [`clocks ${minutes < DAY_MINUTES ? 'forward' : 'back'}`]),
  ].join('; ');
  const name = element(
    'text',
    { class: 'date', x: 2, y: 14 },
    `${nameOf(weekdayOf(day))} ${formatDate(day)}`,
  );
  if (notes === '') return name;
  const full = escapeXml(rows.map(rowLabel).join('; ') || notes);
  const short = notes.length > NOTE_CHARACTERS ? `${notes.slice(0, NOTE_CHARACTERS - 1)}…` : notes;
  return `${name}<text class="note" x="2" y="28">${escapeXml(short)}<title>${full}</title></text>`;
}

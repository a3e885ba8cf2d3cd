import type { Calendar } from './calendar.ts';
import { DAY_MS, type Day, formatDate, weekdayOf } from './civil-date.ts';
import { openZone } from './wall-time.ts';

/** A time of day on a class of days; days of one kind are alike. */
export interface DaySlot {
  readonly kind: string;
  /** Wall-clock minute of the calendar's zone, 0 to 1439. */
  readonly minute: number;
}

/** What a date looks like: the wall-clock minutes of it in which any session is open, and what is dated on it. */
interface DayShape {
  readonly open: readonly { readonly from: number; readonly to: number }[];
  readonly events: readonly string[];
  /** A dated row changed its sessions. */
  readonly changed: boolean;
  readonly kind: string;
  readonly kindWithoutEvents: string;
}

const CACHED_DAYS = 400;
const DAY_MINUTES = 1_440;
/** Weeks before and after in which the usual day of a weekday is looked for. */
const WEEKS_AROUND = 4;

/**
 * Tells the kind of day and the wall-clock time of an instant: first the date's own, then what it resembles. A day with
 * an event resembles one without; a day with unusual hours the usual day of its weekday, by the time since the open in its first half
 * and by the time left to the close in its second, so that an early close brings the closing rush forward; a holiday a
 * day without session. Without a calendar: weekdays and weekends in UTC.
 */
export function dayClockOf(calendar: Calendar | null): { slots(at: number): readonly DaySlot[] } {
  if (calendar === null) return { slots: utcSlots };
  const zone = openZone(calendar.timezone) ?? openZone('UTC');
  const shapes = new Map<Day, DayShape>();
  const shapeOf = (day: Day): DayShape => {
    let shape = shapes.get(day);
    if (shape === undefined) {
      if (shapes.size >= CACHED_DAYS) shapes.clear();
      shape = readShape(calendar, day, (at) => wallMinute(zone, at, day));
      shapes.set(day, shape);
    }
    return shape;
  };
  return {
    slots(at) {
      const clock = zone?.wallClock(at) ?? { day: Math.floor(at / DAY_MS), ms: at % DAY_MS };
      return slotsOf(clock.day, Math.min(DAY_MINUTES - 1, Math.floor(clock.ms / 60_000)), shapeOf);
    },
  };
}

function utcSlots(at: number): readonly DaySlot[] {
  const day = Math.floor(at / DAY_MS);
  const weekend = weekdayOf(day) === 0 || weekdayOf(day) === 6;
  return [{ kind: weekend ? 'weekend' : 'weekday', minute: Math.floor((at - day * DAY_MS) / 60_000) }];
}

/** The wall clock at `at` in minutes after midnight of `day`; outside of it below 0 or above 1440. */
function wallMinute(zone: ReturnType<typeof openZone>, at: number, day: Day): number {
  const clock = zone?.wallClock(at) ?? { day: Math.floor(at / DAY_MS), ms: at % DAY_MS };
  return (clock.day - day) * DAY_MINUTES + clock.ms / 60_000;
}

function readShape(calendar: Calendar, day: Day, minuteOf: (at: number) => number): DayShape {
  const open: { from: number; to: number }[] = [];
  for (const session of calendar.sessions(formatDate(day - 2), formatDate(day + 2))) {
    for (const interval of session.intervals) {
      const from = Math.max(0, minuteOf(interval.open));
      const to = Math.min(DAY_MINUTES, minuteOf(interval.close));
      if (from < to) open.push({ from, to });
    }
  }
  open.sort((a, b) => a.from - b.from || a.to - b.to);
  const date = formatDate(day);
  const rows = calendar.datedRows(date, date);
  const events = [...new Set(rows.filter(({ kind }) => kind === 'event').map(({ name }) => name ?? 'event'))];
  const changes = rows.filter(({ kind }) => kind !== 'event');
  const kindWithoutEvents = nameOf(open, changes);
  const kind =
    events.length === 0 ? kindWithoutEvents : `${kindWithoutEvents} with ${events.sort().join(', ')}`;
  return { open, events, changed: changes.length > 0, kind, kindWithoutEvents };
}

function nameOf(open: DayShape['open'], changes: readonly { readonly kind: string }[]): string {
  if (open.length === 0) return changes.some(({ kind }) => kind === 'holiday') ? 'holiday' : 'no session';
  const early = changes.some(({ kind }) => kind === 'early close');
  const hours = open.map(({ from, to }) => `${clockText(from)}-${clockText(to)}`).join(' ');
  return `${early ? 'early close' : 'session day'} ${hours}`;
}

function clockText(minute: number): string {
  const whole = Math.round(minute);
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}

function slotsOf(day: Day, minute: number, shapeOf: (day: Day) => DayShape): readonly DaySlot[] {
  const shape = shapeOf(day);
  const slots: DaySlot[] = [{ kind: shape.kind, minute }];
  if (shape.events.length > 0) slots.push({ kind: shape.kindWithoutEvents, minute });
  if (shape.kindWithoutEvents === 'holiday') slots.push({ kind: 'no session', minute });
  if (!shape.changed || shape.open.length === 0) return slots;
  const usual = usualDay(day, shapeOf);
  if (usual !== null) slots.push({ kind: usual.kindWithoutEvents, minute: anchored(minute, shape, usual) });
  return slots;
}

/** The nearest same weekday with a session that no dated row changed; the week before is asked before the week after. */
function usualDay(day: Day, shapeOf: (day: Day) => DayShape): DayShape | null {
  for (let weeks = 1; weeks <= WEEKS_AROUND; weeks++) {
    for (const other of [day - 7 * weeks, day + 7 * weeks]) {
      const shape = shapeOf(other);
      if (!shape.changed && shape.open.length > 0) return shape;
    }
  }
  return null;
}

/** The minute of the usual day that is as far from its open, or (in the second half) from its close. */
function anchored(minute: number, { open }: DayShape, usual: DayShape): number {
  const [first, last] = [open[0], open[open.length - 1]];
  const [usualFirst, usualLast] = [usual.open[0], usual.open[usual.open.length - 1]];
  if (!first || !last || !usualFirst || !usualLast) return minute;
  const shifted =
    minute < (first.from + last.to) / 2
      ? minute - first.from + usualFirst.from
      : minute - last.to + usualLast.to;
  return Math.min(DAY_MINUTES - 1, Math.max(0, Math.floor(shifted)));
}

/**
 * The calendar's rules once more, slowly and without any of the code under test: wall clocks come from Intl, an instant
 * of a wall time is found by looking at every quarter of an hour, windows by asking each date around.
 * All times of the documents are multiples of 15 minutes.
 */
export interface SlowSession {
  readonly days: readonly number[];
  /** Minutes from midnight of the opening day. */
  readonly hours: readonly (readonly [number, number])[];
  readonly dated: 'open' | 'close';
  readonly holidays: readonly number[];
  readonly earlyCloses: ReadonlyMap<number, number>;
  readonly extra: ReadonlyMap<number, readonly (readonly [number, number])[]>;
}

export interface SlowWindow {
  readonly name: string;
  readonly on?: string;
  readonly outside?: string;
  readonly from: { readonly at: 'open' | 'close'; readonly minutes: number };
  readonly to: { readonly at: 'open' | 'close'; readonly minutes: number };
  readonly floor?: number;
  readonly ceiling?: number;
  readonly lead: number | 'auto';
}

export interface SlowCalendar {
  readonly zone: string;
  readonly sessions: ReadonlyMap<string, SlowSession>;
  readonly windows: readonly SlowWindow[];
}

const DAY = 86_400_000;
const QUARTER = 900_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const walls = new Map<string, readonly { readonly at: number; readonly shown: number }[]>();

/** Milliseconds that the zone's clock shows, as if they were UTC. */
function shownAt(zone: string, at: number): number {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  formats.set(zone, format);
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(parts.year ?? 0, (parts.month ?? 1) - 1, parts.day, parts.hour, parts.minute);
}

export function slowInstant(zone: string, day: number, minute: number, side: 'start' | 'end'): number {
  const wanted = day * DAY + minute * 60_000;
  const date = Math.floor(wanted / DAY);
  const key = `${zone} ${date}`;
  const steps =
    walls.get(key) ??
    Array.from({ length: 56 * 4 }, (_, index) => date * DAY - 16 * 3_600_000 + index * QUARTER).map((at) => ({
      at,
      shown: shownAt(zone, at),
    }));
  walls.set(key, steps);
  const exact = steps.filter(({ shown }) => shown === wanted);
  const found = side === 'start' ? exact[0] : exact.at(-1);
  return (found ?? steps.find(({ shown }) => shown > wanted))?.at ?? Number.NaN;
}

export function slowSession(
  calendar: SlowCalendar,
  name: string,
  date: number,
): readonly (readonly [number, number])[] {
  const session = calendar.sessions.get(name);
  if (!session) return [];
  const back = (hours: readonly (readonly [number, number])[]) =>
    session.dated === 'close' ? Math.floor((hours.at(-1)?.[1] ?? 0) / 1440) : 0;
  let hours = session.extra.get(date);
  const opening = date - back(hours ?? session.hours);
  if (!hours) {
    const weekday = new Date(opening * DAY).getUTCDay();
    if (!session.days.includes(weekday) || session.holidays.includes(date)) return [];
    const early = session.earlyCloses.get(date) ?? Number.POSITIVE_INFINITY;
    hours = session.hours
      .filter(([open]) => open < early)
      .map(([open, close]) => [open, Math.min(close, early)]);
  }
  return hours
    .map(
      ([open, close]) =>
        [
          slowInstant(calendar.zone, opening, open, 'start'),
          slowInstant(calendar.zone, opening, close, 'end'),
        ] as const,
    )
    .filter(([open, close]) => open < close);
}

function inForce(calendar: SlowCalendar, window: SlowWindow, at: number): boolean {
  const today = Math.floor(at / DAY);
  const near = [-3, -2, -1, 0, 1, 2, 3].map((step) => today + step);
  if (window.on !== undefined) {
    const session = window.on;
    return near.some((date) => {
      const hours = slowSession(calendar, session, date);
      const [open, close] = [hours[0]?.[0], hours.at(-1)?.[1]];
      if (open === undefined || close === undefined) return false;
      const point = ({ at: side, minutes }: SlowWindow['from']) =>
        (side === 'open' ? open : close) + minutes * 60_000;
      return point(window.from) <= at && at < point(window.to);
    });
  }
  const target = window.outside ?? '';
  if (calendar.sessions.has(target)) {
    return !near.some((date) =>
      slowSession(calendar, target, date).some(([open, close]) => open <= at && at < close),
    );
  }
  const other = calendar.windows.find(({ name }) => name === target);
  return other !== undefined && !inForce(calendar, other, at);
}

/** Floor, ceiling and windows at an instant that is a multiple of 15 minutes. */
export function slowBounds(calendar: SlowCalendar, at: number, autoLead: number) {
  let floor = 0;
  let ceiling: number | null = null;
  const windows: string[] = [];
  for (const window of calendar.windows) {
    const now = inForce(calendar, window, at);
    const lead = window.floor === undefined ? 0 : window.lead === 'auto' ? autoLead : window.lead;
    let soon = now;
    for (let ahead = QUARTER; ahead <= lead && !soon; ahead += QUARTER)
      soon = inForce(calendar, window, at + ahead);
    if (soon && window.floor !== undefined) floor = Math.max(floor, window.floor);
    if (now && window.ceiling !== undefined) ceiling = Math.min(ceiling ?? window.ceiling, window.ceiling);
    if (now || soon) windows.push(window.name);
  }
  return { floor, ceiling, windows };
}

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatDate } from '../../src/calendar/civil-date.ts';
import { compileCalendar } from '../../src/calendar/compile.ts';
import { formatWallTime } from '../../src/calendar/hours.ts';
import { CalendarDocument } from '../../src/calendar/schema.ts';
import { calendarOf } from '../support/calendar.ts';
import {
  type SlowCalendar,
  type SlowSession,
  type SlowWindow,
  slowBounds,
  slowInstant,
  slowSession,
} from './reference-evaluator.ts';

const DAY = 86_400_000;
const QUARTER = 900_000;
const WEEK = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Around the clock changes of 2026 in the zones below, and a plain week. */
const centres = [
  '2026-03-08',
  '2026-03-29',
  '2026-04-05',
  '2026-10-04',
  '2026-10-25',
  '2026-11-01',
  '2026-07-15',
].map((date) => Date.parse(date) / DAY);
const zones = fc.constantFrom('America/New_York', 'Europe/London', 'Australia/Sydney', 'Asia/Tokyo');
const quarter = (min: number, max: number) => fc.integer({ min: min / 15, max: max / 15 }).map((n) => n * 15);

const hours = fc
  .uniqueArray(quarter(0, 2700), { minLength: 2, maxLength: 4 })
  .map((points) => points.sort((a, b) => a - b))
  .filter((points) => points.length % 2 === 0 && (points[0] ?? 0) < 1440)
  .map((points) =>
    points.length === 2
      ? [[points[0] ?? 0, points[1] ?? 0] as const]
      : [[points[0] ?? 0, points[1] ?? 0] as const, [points[2] ?? 0, points[3] ?? 0] as const],
  );

const session = (centre: number): fc.Arbitrary<SlowSession> => {
  const near = fc.integer({ min: -3, max: 3 }).map((step) => centre + step);
  return fc.record({
    days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
    hours,
    dated: fc.constantFrom('open', 'close'),
    holidays: fc.uniqueArray(near, { maxLength: 2 }),
    earlyCloses: fc.array(fc.tuple(near, quarter(0, 2700)), { maxLength: 1 }).map((rows) => new Map(rows)),
    extra: fc.array(fc.tuple(near, hours), { maxLength: 1 }).map((rows) => new Map(rows)),
  });
};

const anchor = fc.record({
  at: fc.constantFrom('open' as const, 'close' as const),
  minutes: quarter(-180, 180),
});
const window = (index: number, targets: readonly string[]): fc.Arbitrary<SlowWindow> =>
  fc
    .record({
      on: fc.constantFrom('a', 'b'),
      outside: fc.option(fc.constantFrom(...targets), { nil: undefined }),
      from: anchor,
      to: anchor,
      // Each floor lies at or below each ceiling, so that no two windows contradict each other.
      floor: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
      ceiling: fc.integer({ min: 5, max: 9 }),
      lead: fc.oneof(
        fc.constant('auto' as const),
        quarter(0, 240).map((minutes) => minutes * 60_000),
      ),
    })
    .map(({ on, outside, floor, ...rest }) => ({
      name: `w${index}`,
      ...(outside === undefined ? { on } : { outside }),
      ...(floor === undefined ? {} : { floor }),
      ...rest,
    }));

const calendars = fc.constantFrom(...centres).chain((centre) =>
  fc.record({
    centre: fc.constant(centre),
    calendar: fc
      .record({
        zone: zones,
        a: session(centre),
        b: session(centre),
        windows: fc.tuple(window(0, ['a', 'b']), window(1, ['a', 'w0']), window(2, ['w0', 'w1'])),
      })
      .map(
        ({ zone, a, b, windows }): SlowCalendar => ({
          zone,
          sessions: new Map([
            ['a', a],
            ['b', b],
          ]),
          windows,
        }),
      ),
  }),
);

const text = (intervals: readonly (readonly [number, number])[]) =>
  intervals.map(([open, close]) => `${formatWallTime(open)}-${formatWallTime(close)}`);

function documentOf({ zone, sessions, windows }: SlowCalendar): object {
  const point = ({ at, minutes }: SlowWindow['from']) =>
    `${at}${minutes < 0 ? '-' : '+'}${Math.abs(minutes)}m`;
  const rows = [...sessions].flatMap(([name, each]) =>
    [...each.extra].map(([day, extra]) => ({ session: name, date: formatDate(day), hours: text(extra) })),
  );
  return {
    calendar: 'random',
    timezone: zone,
    sessions: Object.fromEntries(
      [...sessions].map(([name, { days, hours, dated }]) => [
        name,
        { days: days.map((day) => WEEK[day]).join(','), hours: text(hours), dated },
      ]),
    ),
    holidays: [...sessions].flatMap(([name, each]) =>
      each.holidays.map((day) => ({ date: formatDate(day), sessions: [name] })),
    ),
    earlyCloses: [...sessions].flatMap(([name, each]) =>
      [...each.earlyCloses].map(([day, close]) => ({
        date: formatDate(day),
        close: formatWallTime(close),
        sessions: [name],
      })),
    ),
    extraSessions: rows,
    windows: windows.map(({ from, to, lead, ...rest }) => ({
      ...rest,
      ...(rest.floor === undefined ? {} : { lead: lead === 'auto' ? lead : `${lead / 60_000}m` }),
      ...(rest.on === undefined ? {} : { from: point(from), to: point(to) }),
    })),
  };
}

/** The calendar, or undefined where the random document breaks a rule (an early close outside its session, …). */
function compiled(slow: SlowCalendar) {
  const result = compileCalendar(CalendarDocument.parse(documentOf(slow)));
  return 'calendar' in result ? result.calendar : undefined;
}

const lead = quarter(0, 300).map((minutes) => minutes * 60_000);

it('gives the bounds that a slow reading of the rules gives, at every quarter of an hour', () => {
  let judged = 0;
  fc.assert(
    fc.property(
      calendars,
      lead,
      fc.array(fc.integer({ min: -4 * 96, max: 5 * 96 }), { minLength: 30, maxLength: 30 }),
      ({ centre, calendar: slow }, autoLead, steps) => {
        const calendar = compiled(slow);
        if (!calendar) return;
        judged++;
        for (const step of steps) {
          const at = centre * DAY + step * QUARTER;
          const { floor, ceiling, windows } = calendar.boundsAt(at, autoLead);
          expect({ floor, ceiling, windows }).toEqual(slowBounds(slow, at, autoLead));
        }
      },
    ),
    { numRuns: 300 },
  );
  expect(judged).toBeGreaterThan(30);
});

it('lists as next exactly the instants at which the bounds change', () => {
  let judged = 0;
  fc.assert(
    fc.property(calendars, lead, ({ centre, calendar: slow }, autoLead) => {
      const calendar = compiled(slow);
      if (!calendar) return;
      judged++;
      const [start, end] = [(centre - 1) * DAY, (centre + 2) * DAY];
      const changes: object[] = [];
      let before = slowBounds(slow, start, autoLead);
      for (let at = start + QUARTER; at <= end; at += QUARTER) {
        const now = slowBounds(slow, at, autoLead);
        if (JSON.stringify(now) !== JSON.stringify(before)) changes.push({ at, ...now });
        before = now;
      }
      const found = calendar.next(start, autoLead, 200).filter(({ at }) => at <= end);
      expect(found).toEqual(changes);
    }),
    { numRuns: 120 },
  );
  expect(judged).toBeGreaterThan(10);
});

it('gives every session the hours that the wall clock says', () => {
  fc.assert(
    fc.property(calendars, ({ centre, calendar: slow }) => {
      const calendar = compiled(slow);
      if (!calendar) return;
      for (const name of slow.sessions.keys()) {
        for (let day = centre - 4; day <= centre + 4; day++) {
          const found = calendar
            .sessions(formatDate(day), formatDate(day), name)
            .flatMap(({ intervals }) => intervals);
          expect(found.map(({ open, close }) => [open, close])).toEqual(slowSession(slow, name, day));
        }
      }
    }),
    { numRuns: 200 },
  );
});

it('opens a daily session at its wall time on every day of thirty years', () => {
  for (const zone of ['America/New_York', 'Europe/London', 'Australia/Sydney']) {
    const calendar = calendarOf({
      calendar: 'c',
      timezone: zone,
      sessions: { day: { days: 'daily', hours: '01:30-02:30' } },
    });
    fc.assert(
      fc.property(fc.integer({ min: 14_600, max: 25_500 }), (day) => {
        const [found] = calendar.sessions(formatDate(day), formatDate(day));
        const [open, close] = [slowInstant(zone, day, 90, 'start'), slowInstant(zone, day, 150, 'end')];
        expect(found?.intervals).toEqual([{ open, close }]);
      }),
      { numRuns: 40 },
    );
  }
});

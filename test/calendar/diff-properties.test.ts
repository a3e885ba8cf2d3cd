import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseDate } from '../../src/calendar/civil-date.ts';
import { diffCapacity, spanOf } from '../../src/calendar/diff/diff.ts';
import { canonical } from '../../src/calendar/diff/pieces.ts';
import type { Side } from '../../src/calendar/diff/side.ts';
import { openZone, type Zone } from '../../src/calendar/wall-time.ts';
import { calendarOf } from '../support/calendar.ts';

// Two weeks that hold a change of clocks in each of these zones, or none.
const DATES = Array.from({ length: 15 }, (_, index) => `2026-10-${17 + index}`);
const ZONES = ['America/New_York', 'Europe/London', 'Asia/Tokyo', 'Australia/Lord_Howe'];
const RUNS = { numRuns: 60 };
const LEAD_MS = 25 * 60_000;

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
const replicas = fc.integer({ min: 0, max: 6 });
const date = fc.constantFrom(...DATES);

const hours = fc
  .tuple(fc.integer({ min: 0, max: 1_200 }), fc.integer({ min: 30, max: 1_300 }))
  .map(([open, length]) => {
    const close = open + length;
    return `${clock(open)}-${close < 1440 ? clock(close) : `${clock(close - 1440)}+1d`}`;
  });

const aWindow = fc.record({
  on: fc.constantFrom('a', 'b'),
  from: fc.constantFrom('open', 'open-30m', 'open+10m', 'open-90m'),
  floor: fc.option(replicas, { nil: undefined }),
  lead: fc.constantFrom('auto', '0s', '40m'),
});

/** Floors of windows never exceed the one ceiling, so that every document compiles. */
const aDocument = (zone: string) =>
  fc
    .record({
      a: hours,
      b: hours,
      holidays: fc.uniqueArray(date, { maxLength: 4 }),
      windows: fc.array(aWindow, { maxLength: 4 }),
      ceiling: fc.option(fc.integer({ min: 6, max: 9 }), { nil: undefined }),
    })
    .map(({ a, b, holidays, windows, ceiling }) => ({
      calendar: 'c',
      timezone: zone,
      sessions: { a: { days: 'daily', hours: a }, b: { days: 'mon-fri', hours: b } },
      holidays: holidays.map((each) => ({ date: each })),
      windows: [
        ...windows.map(({ floor, lead, ...rest }, index) => ({
          name: `w${index}`,
          ...rest,
          ...(floor === undefined ? { ceiling: 8 } : { floor, lead }),
        })),
        ...(ceiling === undefined ? [] : [{ name: 'cap', outside: 'a', ceiling }]),
      ],
    }));

type Document = ReturnType<ReturnType<typeof aDocument>['generate']>['value'];

const aPair = fc
  .constantFrom(...ZONES)
  .chain((zone) => fc.record({ zone: fc.constant(zone), before: aDocument(zone), after: aDocument(zone) }));

function sideOf(document: Document): Side {
  const definitions = new Map(
    document.windows.map((each) => [each.name, JSON.stringify(canonical(each))] as const),
  );
  return { calendar: calendarOf(document), definitions, limits: null };
}

const range = { from: parseDate('2026-10-19') ?? 0, to: parseDate('2026-10-29') ?? 0 };

function compare(before: Side, after: Side, zone: Zone) {
  return diffCapacity({ before, after, range, zone, autoLeadMs: LEAD_MS });
}

function zoneOf(name: string): Zone {
  const zone = openZone(name);
  if (!zone) throw new Error(name);
  return zone;
}

it('of a calendar with itself is empty', () => {
  fc.assert(
    fc.property(aPair, ({ zone, before }) => {
      const { changes, sessions, weeks, notes, firstEffect } = compare(
        sideOf(before),
        sideOf(before),
        zoneOf(zone),
      );
      expect({ changes, sessions, weeks, notes, firstEffect }).toEqual({
        changes: [],
        sessions: [],
        weeks: [],
        notes: [],
        firstEffect: null,
      });
    }),
    RUNS,
  );
});

it('counts the replica-hours that asking every minute counts, and finds the first minute that differs', () => {
  fc.assert(
    fc.property(aPair, ({ zone, before, after }) => {
      const [old, now] = [sideOf(before), sideOf(after)];
      const found = compare(old, now, zoneOf(zone));
      const span = spanOf(range, zoneOf(zone));
      let [gained, lost] = [0, 0];
      let first: number | null = null;
      for (let at = span.from; at < span.to; at += 60_000) {
        const [was, is] = [old, now].map(({ calendar }) => calendar?.boundsAt(at, LEAD_MS));
        if (!was || !is) throw new Error('both sides have a calendar');
        const change = is.floor - was.floor;
        if (change > 0) gained += change;
        else lost -= change;
        if (first === null && (change !== 0 || was.ceiling !== is.ceiling)) first = at;
      }
      expect(found.balance.gained).toBeCloseTo(gained / 60, 6);
      expect(found.balance.lost).toBeCloseTo(lost / 60, 6);
      expect(found.firstEffect).toBe(first);
      expect(found.floorHours.after - found.floorHours.before).toBeCloseTo((gained - lost) / 60, 6);
    }),
    RUNS,
  );
});

it('adds up: rows, weeks and the total are the same hours', () => {
  fc.assert(
    fc.property(aPair, ({ zone, before, after }) => {
      const { changes, weeks, balance } = compare(sideOf(before), sideOf(after), zoneOf(zone));
      const total = balance.gained - balance.lost;
      const sum = (values: readonly number[]): number => values.reduce((left, right) => left + right, 0);
      expect(sum(changes.map(({ replicaHours }) => replicaHours))).toBeCloseTo(total, 6);
      expect(sum(weeks.map((week) => week.gained - week.lost))).toBeCloseTo(total, 6);
      for (const { pieces, days } of changes) expect(pieces.length).toBeGreaterThanOrEqual(days.dates.length);
    }),
    RUNS,
  );
});

it('the other way round loses what was gained, at the same times', () => {
  fc.assert(
    fc.property(aPair, ({ zone, before, after }) => {
      const there = compare(sideOf(before), sideOf(after), zoneOf(zone));
      const back = compare(sideOf(after), sideOf(before), zoneOf(zone));
      expect(back.balance).toEqual({ gained: there.balance.lost, lost: there.balance.gained });
      expect(back.ceilingHours).toBe(-there.ceilingHours || 0);
      expect(back.firstEffect).toBe(there.firstEffect);
      expect(back.changes.map(({ days, from, to }) => [days.label, from, to])).toEqual(
        there.changes.map(({ days, from, to }) => [days.label, from, to]),
      );
    }),
    RUNS,
  );
});

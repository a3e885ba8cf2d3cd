import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { evidenceOf, quantileOf } from '../../src/calendar/suggest/evidence.ts';
import { fitWindows } from '../../src/calendar/suggest/fit.ts';
import { type DayNeeds, needsOf, SLOTS } from '../../src/calendar/suggest/needs.ts';
import { outliersOf } from '../../src/calendar/suggest/outliers.ts';
import { type SuggestOptions, suggest } from '../../src/calendar/suggest/suggest.ts';
import { suggestionYaml } from '../../src/calendar/suggest/suggest-yaml.ts';
import { openZone } from '../../src/calendar/wall-time.ts';
import { BUCKET_MS, type TrafficBucket } from '../../src/core/traffic-bucket.ts';
import { at, calendarOf } from '../support/calendar.ts';

const NY = 'America/New_York';
const zone = openZone(NY);
if (zone === undefined) throw new Error('no zone');
const DAY = 86_400_000;
const market = calendarOf(readFileSync(new URL('../../calendars/us-equities.yaml', import.meta.url), 'utf8'));

/** Buckets from `from` over `days`, their requests per second a function of New York's date and minute. */
function history(
  from: string,
  days: number,
  rate: (day: { date: string; weekday: number; minute: number }) => number | null,
): readonly TrafficBucket[] {
  const start = at(`${from} 00:00 ${NY}`);
  return Array.from({ length: (days * DAY) / BUCKET_MS }, (_, index) => {
    const time = start + index * BUCKET_MS;
    const { day, ms } = (zone as NonNullable<typeof zone>).wallClock(time);
    const date = new Date(day * DAY);
    const arrivals = rate({
      date: date.toISOString().slice(0, 10),
      weekday: date.getUTCDay(),
      minute: Math.floor(ms / 60_000),
    });
    return { at: time, arrivals, finished: null, ongoing: null, waiting: null, replicas: null };
  });
}

const options: SuggestOptions = {
  perReplica: 1,
  shortage: 10,
  base: 1,
  maxFloor: 50,
  timezone: NY,
  market: null,
};
const text = (buckets: readonly TrafficBucket[], over: Partial<SuggestOptions> = {}) => {
  const used = { ...options, ...over };
  return suggestionYaml(suggest(buckets, used), { ...used, source: 'test' });
};

const dayOf = (needs: (slot: number) => number, day = 20_000): DayNeeds => ({
  day,
  weekday: 1,
  slots: Float64Array.from({ length: SLOTS }, (_, slot) => needs(slot)),
  requests: 1_000,
  known: SLOTS,
});
const fitting = { shortage: 10, base: 1, maxFloor: 50 };

describe('the floors that cost least', () => {
  it('follow what every day needs, and leave nights alone', () => {
    const days = Array.from({ length: 5 }, () =>
      dayOf((slot) => (slot < 36 ? 0.2 : slot < 40 ? 6 : slot < 64 ? 3 : 0.2)),
    );
    expect(fitWindows(days, fitting)).toEqual([
      { from: 36, to: 40, floor: 6 },
      { from: 40, to: 64, floor: 3 },
    ]);
  });

  it('take the quantile that the shortage asks for: one bad day in five is worth it at 10, not at 2', () => {
    const days = [2, 2, 2, 2, 6].map((need) => dayOf((slot) => (slot >= 40 && slot < 64 ? need : 0)));
    expect(fitWindows(days, fitting)).toEqual([{ from: 40, to: 64, floor: 6 }]);
    expect(fitWindows(days, { ...fitting, shortage: 2 })).toEqual([{ from: 40, to: 64, floor: 2 }]);
  });

  it('make no window for what is too little to be worth one, nor above the highest floor', () => {
    const blip = [dayOf((slot) => (slot === 50 ? 1.2 : 0))];
    expect(fitWindows(blip, { ...fitting, shortage: 2 })).toEqual([]);
    const high = [dayOf((slot) => (slot >= 40 && slot < 60 ? 90 : 0))];
    expect(fitWindows(high, fitting)).toEqual([{ from: 40, to: 60, floor: 50 }]);
    expect(fitWindows([], fitting)).toEqual([]);
  });

  it('are ordered, apart and above the base for any needs, and cost no more than none or one constant floor', () => {
    const need = fc.option(fc.double({ min: 0, max: 8, noNaN: true }), { nil: Number.NaN, freq: 10 });
    const cost = (days: readonly DayNeeds[], floors: (slot: number) => number, windows: number): number => {
      let sum = windows * 4 * days.length;
      for (const { slots } of days) {
        for (const [slot, raw] of slots.entries()) {
          if (Number.isNaN(raw)) continue;
          const gap = Math.max(1, Math.ceil(raw)) - floors(slot);
          sum += gap > 0 ? 10 * gap : -gap;
        }
      }
      return sum;
    };
    fc.assert(
      fc.property(
        fc.array(fc.array(need, { minLength: SLOTS, maxLength: SLOTS }), { minLength: 1, maxLength: 4 }),
        (rows) => {
          const days = rows.map((row) => dayOf((slot) => row[slot] ?? Number.NaN));
          const windows = fitWindows(days, fitting);
          let last = 0;
          for (const { from, to, floor } of windows) {
            expect(from).toBeGreaterThanOrEqual(last);
            expect(to).toBeGreaterThan(from);
            expect(floor).toBeGreaterThan(1);
            last = to;
          }
          const fitted = (slot: number): number =>
            windows.find(({ from, to }) => from <= slot && slot < to)?.floor ?? 1;
          const found = cost(days, fitted, windows.length);
          expect(windows.length).toBeLessThanOrEqual(12);
          for (let floor = 1; floor <= 8; floor++)
            expect(found).toBeLessThanOrEqual(cost(days, () => floor, floor > 1 ? 1 : 0) + 1e-6);
        },
      ),
      { seed: 17, numRuns: 25 },
    );
  });
});

describe('the evidence', () => {
  it('counts what the floor idles and the days on which it is short', () => {
    const days = [2, 3, 5].map((need, index) => dayOf((slot) => (slot < 4 ? need : 0), 20_000 + index));
    expect(evidenceOf(days, { from: 0, to: 4, floor: 3 }, 0.9)).toMatchObject({
      days: 3,
      firstDate: '2024-10-04',
      lastDate: '2024-10-06',
      median: 3,
      quantile: 5,
      most: 5,
      idleHours: 1 / 3,
      shortDays: 1,
    });
    expect([quantileOf([], 0.5), quantileOf([1, 2, 3, 4], 0.5), quantileOf([1, 2, 3, 4], 1)]).toEqual([
      0, 2, 4,
    ]);
  });
});

describe('days that are unlike the others', () => {
  it('are found by ratio to the median, which they do not move', () => {
    const days = [100, 110, 95, 5, 105, 900].map((requests) => ({ ...dayOf(() => 1), requests }));
    expect(outliersOf(days).map(({ day }) => day.requests)).toEqual([5, 900]);
  });

  it('are nobody among days that scatter widely, or are few', () => {
    const scattered = [10, 40, 90, 200, 500].map((requests) => ({ ...dayOf(() => 1), requests }));
    expect(outliersOf(scattered)).toEqual([]);
    expect(outliersOf(scattered.slice(0, 3))).toEqual([]);
  });
});

describe('needs by quarters of an hour', () => {
  it('take the busiest five minutes, in wall-clock time, and days of which half is known', () => {
    const buckets = history('2026-10-30', 4, ({ minute }) => (minute === 575 ? 4 : 1));
    const days = needsOf(buckets, zone, 2);
    expect(days.map(({ day }) => new Date(day * DAY).toISOString().slice(5, 10))).toEqual([
      '10-30',
      '10-31',
      '11-01',
      '11-02',
    ]);
    for (const { slots } of days) expect(slots[38]).toBe(2);
    const half = history('2026-11-02', 1, ({ minute }) => (minute < 600 ? 1 : null));
    expect(needsOf(half, zone, 2)).toEqual([]);
  });
});

describe('a suggested calendar', () => {
  const open = (minute: number): boolean => minute >= 570 && minute < 960;
  const trading = history('2026-11-02', 28, ({ date, weekday, minute }) => {
    if (weekday === 0 || weekday === 6 || date === '2026-11-26') return 0.1;
    if (date === '2026-11-18') return 0.05;
    if (date === '2026-11-27' && minute >= 780) return 0.1;
    return minute >= 570 && minute < 600 ? 7.5 : open(minute) ? 2.5 : 0.1;
  });

  it('stands on the session of a market calendar, holidays and early closes aside, odd days named', () => {
    const { head, sessions, windows } = text(trading, { market });
    expect(sessions).toEqual([]);
    expect(windows.filter((line) => line.includes('name:'))).toEqual([
      '  - {name: regular-0930, on: regular, from: open, to: open+30m, floor: 8}',
      '  - {name: regular-1000, on: regular, from: open+30m, to: close, floor: 3}',
    ]);
    expect(windows[0]).toContain('17 session days, 2026-11-02 to 2026-11-25: peaks of 7.5 replicas');
    expect(head).toContain(
      '2026-11-18 (wed): 6 % of the usual requests, left out; a holiday that the calendar does not know, or lost data.',
    );
    expect(head.join('\n')).toContain('2026-11-26: holiday, ');
    expect(head.join('\n')).toContain('2026-11-27: early close 09:30-13:00, ');
    expect(head).toContain('days without session (8): never worth a floor above 1.');
  });

  it('has sessions of its own without a market calendar, and is a sound calendar', () => {
    const { sessions, windows } = text(trading);
    expect(sessions).toEqual([
      '  mon-fri-0930: {days: "mon-fri", hours: "09:30-10:00"}',
      '  mon-fri-1000: {days: "mon-fri", hours: "10:00-16:00"}',
    ]);
    const calendar = calendarOf(
      parse(['calendar: c', `timezone: ${NY}`, 'sessions:', ...sessions, 'windows:', ...windows].join('\n')),
    );
    const floorAt = (when: string) => calendar.boundsAt(at(`${when} ${NY}`), 0).floor;
    expect(floorAt('2026-12-01 09:45')).toBe(8);
    expect(floorAt('2026-12-01 12:00')).toBe(3);
    expect(floorAt('2026-12-05 12:00')).toBe(0);
  });

  it('is sound for any traffic, on the market calendar and without', () => {
    const level = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(fc.array(level, { minLength: 24, maxLength: 24 }), fc.boolean(), (hours, onMarket) => {
        const buckets = history('2026-11-16', 7, ({ minute }) => hours[Math.floor(minute / 60)] ?? 0);
        const { sessions, windows } = text(buckets, { market: onMarket ? market : null });
        const regular = onMarket ? ['  regular: {days: mon-fri, hours: "09:30-16:00"}'] : [];
        const document = [
          'calendar: c',
          `timezone: ${NY}`,
          'sessions:',
          ...regular,
          ...sessions,
          'earlyCloses:',
          ...(onMarket ? ['  - {date: 2026-11-27, close: "13:00", sessions: [regular]}'] : []),
          'windows:',
          ...windows,
        ];
        expect(() => calendarOf(parse(document.join('\n')))).not.toThrow();
      }),
      { seed: 18, numRuns: 25 },
    );
  });

  it('says when a single day is no pattern, and when there is none', () => {
    const { head } = text(history('2026-11-16', 1, () => 3));
    expect(head.join('\n')).toContain('mon-fri: a single day is no pattern');
    expect(head.join('\n')).toContain('sat-sun: no day in this history, so no window.');
    expect(suggest([], options)).toMatchObject({ firstDate: null });
  });
});

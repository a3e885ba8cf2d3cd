import { describe, expect, it } from 'vitest';
import { at, calendarOf } from '../support/calendar.ts';

const HEAD = `calendar: c
timezone: America/New_York
sessions: {regular: {days: mon-fri, hours: "09:30-16:00"}}
`;
const MINUTE = 60_000;
const ny = (time: string) => at(`${time} America/New_York`);

describe('a window', () => {
  const calendar = calendarOf(`${HEAD}windows:
  - {name: day, on: regular, from: open-30m, floor: 2, lead: 10m}
  - {name: burst, on: regular, from: open-5m, to: open+30m, floor: 4, ceiling: 8, policy: {upscaleDelay: 0s}}
  - {name: late, on: regular, from: close-1h, to: close+15m, ceiling: 3}
`);
  const bounds = (time: string, lead = 0) => calendar.boundsAt(ny(`2026-03-09 ${time}`), lead);

  it('asks for its floor from its own lead on, whatever auto is', () => {
    expect(bounds('08:49').floor).toBe(0);
    expect(bounds('08:50')).toMatchObject({ floor: 2, windows: ['day'] });
    expect(bounds('08:49', 5 * MINUTE).floor).toBe(0);
  });

  it('asks for its floor from the fleet lead on when its own is auto', () => {
    expect(bounds('09:10', 15 * MINUTE).floor).toBe(4);
    expect(bounds('09:09', 15 * MINUTE).floor).toBe(2);
  });

  it('sets ceiling and policy only from its beginning on', () => {
    expect(bounds('09:24', 15 * MINUTE)).toEqual({
      floor: 4,
      ceiling: null,
      policy: {},
      windows: ['day', 'burst'],
      covered: true,
    });
    expect(bounds('09:25', 15 * MINUTE)).toMatchObject({ ceiling: 8, policy: { upscaleDelay: 0 } });
    expect(bounds('10:00')).toMatchObject({ floor: 2, ceiling: null, policy: {} });
  });

  it('reaches past the close', () => {
    expect(bounds('16:14')).toMatchObject({ floor: 0, ceiling: 3, windows: ['late'] });
    expect(bounds('16:15')).toMatchObject({ ceiling: null, windows: [] });
  });

  it('gives the highest floor between two instants, both included', () => {
    expect(calendar.maxFloor(ny('2026-03-09 09:00'), ny('2026-03-09 09:24'), 0)).toBe(2);
    expect(calendar.maxFloor(ny('2026-03-09 09:00'), ny('2026-03-09 09:25'), 0)).toBe(4);
    expect(calendar.maxFloor(ny('2026-03-07 00:00'), ny('2026-03-08 12:00'), 0)).toBe(0);
    expect(calendar.maxFloor(ny('2026-03-06 20:00'), ny('2026-03-09 20:00'), 0)).toBe(4);
  });
});

it('lets a floor that is led in stand beside a lower ceiling that is in force', () => {
  const calendar = calendarOf(`${HEAD}windows:
  - {name: day, on: regular, floor: 4, lead: 10m}
  - {name: nights, outside: day, ceiling: 1}
`);
  expect(calendar.boundsAt(ny('2026-03-09 09:25'), 0)).toMatchObject({
    floor: 4,
    ceiling: 1,
    windows: ['day', 'nights'],
  });
  expect(calendar.boundsAt(ny('2026-03-09 09:30'), 0)).toMatchObject({
    floor: 4,
    ceiling: null,
    windows: ['day'],
  });
});

describe('outside', () => {
  it('a session with a lunch break is the break too, outside a window over it is not', () => {
    const calendar = calendarOf(`calendar: tse
timezone: Asia/Tokyo
sessions: {regular: {days: mon-fri, hours: ["09:00-11:30", "12:30-15:30"]}}
windows:
  - {name: whole-day, on: regular, floor: 1}
  - {name: idle, outside: regular, ceiling: 5}
  - {name: nights, outside: whole-day, ceiling: 2}
  - {name: days-again, outside: nights, policy: {upscaleDelay: 5s}}
`);
    const windows = (time: string) => calendar.boundsAt(at(`2026-11-24 ${time} Asia/Tokyo`), 0).windows;
    expect(windows('11:29')).toEqual(['whole-day', 'days-again']);
    expect(windows('11:30')).toEqual(['whole-day', 'idle', 'days-again']);
    expect(windows('12:30')).toEqual(['whole-day', 'days-again']);
    expect(windows('15:30')).toEqual(['idle', 'nights']);
    expect(calendar.boundsAt(at('2026-11-22 12:00 Asia/Tokyo'), 0)).toMatchObject({ ceiling: 2, floor: 0 });
  });

  it('sessions that touch there is nothing between them', () => {
    const calendar = calendarOf(`calendar: c
timezone: America/New_York
sessions: {all-day: {days: daily, hours: "00:00-24:00"}}
windows: [{name: never, outside: all-day, ceiling: 0}]
`);
    expect(calendar.sessions('2026-11-01', '2026-11-02')).toHaveLength(2);
    for (const time of ['2026-03-08 00:00', '2026-11-01 00:00', '2026-11-02 00:00']) {
      expect(calendar.boundsAt(ny(time), 0).windows).toEqual([]);
      expect(calendar.boundsAt(ny(time) - 1, 0).windows).toEqual([]);
    }
    expect(calendar.next(ny('2026-01-01 00:00'), 0, 3)).toEqual([]);
  });

  it('an event is all time but its rows', () => {
    const calendar = calendarOf(`calendar: c
timezone: America/New_York
events:
  - {name: fomc, date: 2026-12-09, hours: "13:45-15:30"}
  - {name: fomc, date: 2027-01-27, hours: "13:45-15:30"}
windows:
  - {name: fomc, on: fomc, floor: 4, from: open-15m}
  - {name: quiet, outside: fomc, ceiling: 4}
`);
    expect(calendar.boundsAt(ny('2026-12-09 13:30'), 0)).toMatchObject({
      floor: 4,
      windows: ['fomc', 'quiet'],
    });
    expect(calendar.boundsAt(ny('2026-12-09 13:45'), 0)).toMatchObject({ floor: 4, ceiling: null });
    expect(calendar.next(ny('2026-12-09 15:30'), 0, 9).map((next) => next.at)).toEqual(
      ['2027-01-27 13:30', '2027-01-27 13:45', '2027-01-27 15:30'].map(ny),
    );
  });
});

it('ends a window after the date on which it expires', () => {
  const calendar = calendarOf(`${HEAD}windows:
  - {name: trial, on: regular, floor: 3, expires: 2026-11-24}
  - {name: cap, outside: regular, ceiling: 9, expires: 2026-11-24}
`);
  expect(calendar.boundsAt(ny('2026-11-24 12:00'), 0).floor).toBe(3);
  expect(calendar.boundsAt(ny('2026-11-25 12:00'), 0).floor).toBe(0);
  expect(calendar.boundsAt(ny('2026-11-25 00:00') - 1, 0).ceiling).toBe(9);
  expect(calendar.boundsAt(ny('2026-11-25 00:00'), 0).ceiling).toBeNull();
});

describe('next', () => {
  it('finds an event ten years ahead, and says that nothing comes after it', () => {
    const calendar = calendarOf(`calendar: c
timezone: Europe/London
events: [{name: launch, date: 2036-06-02, hours: "09:00-10:00"}]
windows: [{name: launch, on: launch, floor: 5}]
`);
    expect(calendar.next(at('2026-01-01T00:00:00Z'), 0, 5)).toEqual([
      { at: at('2036-06-02T08:00:00Z'), floor: 5, ceiling: null, windows: ['launch'] },
      { at: at('2036-06-02T09:00:00Z'), floor: 0, ceiling: null, windows: [] },
    ]);
    expect(calendar.next(at('2036-06-02T09:00:00Z'), 0, 5)).toEqual([]);
  });

  it('leaves out the instants at which a lead begins that asks for nothing new', () => {
    const calendar = calendarOf(`${HEAD}windows: [{name: day, on: regular, floor: 2, lead: 10m}]`);
    expect(calendar.next(ny('2026-11-24 08:00'), 0, 2).map((next) => next.at)).toEqual([
      ny('2026-11-24 09:20'),
      ny('2026-11-24 16:00'),
    ]);
  });
});

it('answers at any instant, and for a lead of any size', () => {
  const calendar = calendarOf(`${HEAD}windows: [{name: day, on: regular, floor: 2}]`);
  for (const instant of [-1e15, 0, 4e12, 1e15, Number.NaN]) {
    expect(calendar.boundsAt(instant, 0).floor).toBeLessThanOrEqual(2);
    expect(calendar.next(instant, 0, 2).length).toBeLessThanOrEqual(2);
  }
  expect(calendar.boundsAt(ny('2026-11-23 00:00'), Number.POSITIVE_INFINITY).floor).toBe(2);
  expect(calendar.boundsAt(ny('2026-11-23 09:29'), -5).floor).toBe(0);
});

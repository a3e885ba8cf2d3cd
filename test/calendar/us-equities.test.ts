import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { at, calendarOf, issuesOf, utcSessions } from '../support/calendar.ts';
import { nyseHolidays, nyseSessions } from './nyse-rules.ts';

const text = readFileSync(new URL('../../calendars/us-equities.yaml', import.meta.url), 'utf8');
const calendar = calendarOf(text);
const rows = calendar.datedRows('2025-01-01', '2027-12-31');
const HOUR = 3_600_000;

describe('the rules that check the file', () => {
  it.each([
    [2014, 252],
    [2015, 252],
    [2016, 252],
    [2017, 251],
    [2018, 251],
    [2019, 252],
    [2020, 253],
    [2021, 252],
    [2022, 251],
    [2023, 250],
    [2024, 252],
    [2025, 250],
    [2026, 251],
    [2027, 251],
  ])('give %i its known %i sessions', (year, sessions) => {
    expect(nyseSessions(year)).toHaveLength(sessions);
  });
});

describe('us-equities', () => {
  it('compiles without a warning', () => {
    expect(issuesOf(text)).toEqual([]);
  });

  it.each([2025, 2026, 2027])('has the sessions and early closes of %i by the exchange rules', (year) => {
    const sessions = calendar.sessions(`${year}-01-01`, `${year}-12-31`);
    const found = sessions.map(({ date, intervals: [hours] }) => ({
      date,
      early: (hours?.close ?? 0) - (hours?.open ?? 0) === 3.5 * HOUR,
    }));
    expect(found).toEqual(nyseSessions(year));
    const closed = rows.filter(({ kind, date }) => kind === 'holiday' && date.startsWith(String(year)));
    expect(new Set(closed.map(({ date }) => date))).toEqual(nyseHolidays(year));
  });

  it('has 31 closures and 6 early closes, each named', () => {
    expect(rows.filter(({ kind }) => kind === 'holiday')).toHaveLength(31);
    expect(rows.filter(({ kind }) => kind === 'early close')).toHaveLength(6);
    expect(rows.every(({ name }) => name !== null)).toBe(true);
  });

  it.each(rows.filter(({ kind }) => kind === 'holiday'))('is closed all day on $date, $name', ({ date }) => {
    expect(calendar.sessions(date, date)).toEqual([]);
    expect(
      calendar.maxFloor(at(`${date} 00:00 America/New_York`), at(`${date} 23:59 America/New_York`), 0),
    ).toBe(0);
  });

  it.each(rows.filter(({ kind }) => kind === 'early close'))(
    'closes at 13:00 on $date, $name',
    ({ date }) => {
      expect(calendar.sessions(date, date)[0]?.intervals).toEqual([
        { open: at(`${date} 09:30 America/New_York`), close: at(`${date} 13:00 America/New_York`) },
      ]);
      expect(calendar.boundsAt(at(`${date} 12:59 America/New_York`), 0).floor).toBe(2);
      expect(calendar.boundsAt(at(`${date} 13:00 America/New_York`), 0)).toMatchObject({
        floor: 0,
        policy: {},
        windows: [],
      });
    },
  );

  it('asks for two replicas and a gain of 1 from 09:00 to 16:00, half-open', () => {
    const bounds = (time: string) => calendar.boundsAt(at(`2026-03-09 ${time} America/New_York`), 0);
    expect(bounds('08:59')).toEqual({ floor: 0, ceiling: null, policy: {}, windows: [], covered: true });
    expect(bounds('09:00')).toEqual({
      floor: 2,
      ceiling: null,
      policy: { smoothingFactor: 1 },
      windows: ['market-hours'],
      covered: true,
    });
    expect(bounds('15:59').floor).toBe(2);
    expect(bounds('16:00').floor).toBe(0);
  });

  it.each([
    ['the Friday before the clocks change in spring', '2026-03-06', '14:30', '21:00'],
    ['the Monday after', '2026-03-09', '13:30', '20:00'],
    ['a day when only London has changed', '2026-10-28', '13:30', '20:00'],
    ['the Friday before the clocks change in autumn', '2026-10-30', '13:30', '20:00'],
    ['the Monday after', '2026-11-02', '14:30', '21:00'],
  ])('opens and closes by New York on %s', (_, date, open, close) => {
    const day = date.slice(5);
    expect(utcSessions(calendar, date)).toEqual([`${date}: ${day}T${open}/${day}T${close}`]);
  });

  it('trades on federal holidays that are none of the exchange', () => {
    expect(calendar.sessions('2026-10-12', '2026-10-12')).toHaveLength(1);
    expect(calendar.sessions('2026-11-11', '2026-11-11')).toHaveLength(1);
  });

  it('is covered to the last instant of 2027 in New York, and keeps the weekly shape after it', () => {
    const end = at('2028-01-01 00:00 America/New_York');
    expect(calendar.coveredUntil).toBe(end);
    expect(calendar.boundsAt(end - 1, 0).covered).toBe(true);
    expect(calendar.boundsAt(end, 0).covered).toBe(false);
    expect(calendar.boundsAt(at('2025-01-01 00:00 America/New_York') - 1, 0).covered).toBe(false);
    expect(calendar.boundsAt(at('2028-01-05 10:00 America/New_York'), 0)).toMatchObject({
      floor: 2,
      covered: false,
    });
  });
});

import { DateTime } from 'luxon';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Calendar } from '../../src/calendar/calendar.ts';
import { loadCalendarFile } from '../../src/config/load-calendar.ts';
import { rowsWithin } from '../../src/simulate/backtest/scores.ts';
import { type FinSightOptions, finSight, finSightSpan } from '../../src/simulate/finsight.ts';
import type { Trace } from '../../src/simulate/trace.ts';
import { CHAT_TOKENS } from '../../src/simulate/workload.ts';

const file = new URL('../../calendars/us-equities.yaml', import.meta.url).pathname;
let calendar: Calendar;
beforeAll(async () => {
  const loaded = await loadCalendarFile(file);
  if (!('calendar' in loaded)) throw new Error('the shipped calendar loads');
  calendar = loaded.calendar;
});

const generate = (given: Partial<FinSightOptions> = {}) =>
  finSight({
    seed: 1,
    calendar,
    from: '2026-11-23',
    days: 7,
    volume: 1,
    tokens: CHAT_TOKENS,
    volatileFactor: 1,
    ...given,
  });
const ny = (text: string) => DateTime.fromISO(text, { zone: 'America/New_York' }).toMillis();
const within = ({ arrivedAt }: Trace, from: number, to: number) => {
  const { first, end } = rowsWithin(arrivedAt, { from, to });
  return end - first;
};
const between = (trace: Trace, from: string, to: string) => within(trace, ny(from), ny(to));
const day = (trace: Trace, date: string) => between(trace, `${date}T00:00`, `${date}T24:00`);

describe('the FinSight workload', () => {
  it('brings about 10,000 questions on a regular day, about half on an early close, hardly any without a session', () => {
    const trace = generate();
    for (const date of ['2026-11-23', '2026-11-24', '2026-11-25']) {
      expect(day(trace, date)).toBeGreaterThan(6_500);
      expect(day(trace, date)).toBeLessThan(14_500);
    }
    const early = day(trace, '2026-11-27');
    expect(early).toBeGreaterThan(3_500);
    expect(early).toBeLessThan(8_000);
    for (const closed of ['2026-11-26', '2026-11-28', '2026-11-29'])
      expect(day(trace, closed)).toBeLessThan(400);
  });

  it('is quiet after an early close', () => {
    const trace = generate();
    expect(between(trace, '2026-11-27T14:00', '2026-11-27T16:00')).toBeLessThan(
      between(trace, '2026-11-25T14:00', '2026-11-25T16:00') / 5,
    );
  });

  it('is a reverse J: five times the noon at the bell, more again at the close', () => {
    const trace = generate({ days: 2, volume: 3 });
    const perMinute = (from: string, to: string, minutes: number) =>
      between(trace, `2026-11-24T${from}`, `2026-11-24T${to}`) / minutes;
    const noon = perMinute('12:00', '14:00', 120);
    expect(perMinute('09:30', '09:35', 5) / noon).toBeGreaterThan(4);
    expect(perMinute('15:30', '16:00', 30) / noon).toBeGreaterThan(1.3);
    expect(perMinute('02:00', '06:00', 240) / noon).toBeLessThan(0.15);
  });

  it('follows the wall clock over a change to summer time', () => {
    const trace = generate({ from: '2026-03-06', days: 4 });
    for (const date of ['2026-03-06', '2026-03-09'])
      expect(between(trace, `${date}T09:30`, `${date}T09:40`)).toBeGreaterThan(
        4 * between(trace, `${date}T08:30`, `${date}T08:40`),
      );
    const { from, to } = finSightSpan({ calendar, from: '2026-03-06', days: 4 });
    expect((to - from) / 3_600_000).toBe(95);
  });

  it('has one volatile session of five, which brings so many times as much', () => {
    const options = { days: 5, from: '2026-11-16' } as const;
    const calm = generate(options);
    const volatile = generate({ ...options, volatileFactor: 4 });
    const dates = ['16', '17', '18', '19', '20'].map((date) => `2026-11-${date}`);
    const factors = dates.map((date) => day(volatile, date) / day(calm, date));
    expect(factors.filter((factor) => factor > 3)).toHaveLength(1);
    expect(factors.filter((factor) => factor > 0.9 && factor < 1.1)).toHaveLength(4);
  });

  it('is burstier than Poisson by the minute: variance over mean of 2 to 4 in the quiet of the day', () => {
    const trace = generate({ days: 3 });
    const counts: number[] = [];
    for (const date of ['23', '24', '25']) {
      const noon = ny(`2026-11-${date}T11:40`);
      for (let minute = 0; minute < 160; minute++) {
        const from = noon + minute * 60_000;
        counts.push(within(trace, from, from + 60_000));
      }
    }
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1);
    expect(variance / mean).toBeGreaterThan(2);
    expect(variance / mean).toBeLessThan(4.5);
  });

  it('has five tenants that ask about as much, in order of arrival, the same for the same seed', () => {
    const trace = generate({ days: 2 });
    const byTenant = [0, 1, 2, 3, 4].map((index) => trace.tenant.filter((tenant) => tenant === index).length);
    expect(Math.min(...byTenant) / Math.max(...byTenant)).toBeGreaterThan(0.85);
    expect([...trace.arrivedAt]).toEqual([...trace.arrivedAt].sort((a, b) => a - b));
    expect(trace).toEqual(generate({ days: 2 }));
    expect(trace.length).not.toBe(generate({ days: 2, seed: 2 }).length);
  });
});

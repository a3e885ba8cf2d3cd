import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUCKET_MS, type TrafficBucket } from '../../src/core/traffic-bucket.ts';
import { learnCapacity } from '../../src/signal/capacity.ts';
import { learnSeason, seasonRatio } from '../../src/signal/season.ts';
import { learnedUntil, learnTraffic } from '../../src/signal/traffic.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Every day alike, in UTC. */
const clock = {
  slots: (at: number) => [{ kind: 'day', minute: Math.floor((at % DAY) / 60_000) }],
};

function days(count: number, rate: (hour: number) => number | null): readonly TrafficBucket[] {
  return Array.from({ length: count * 288 }, (_, index) => {
    const at = index * BUCKET_MS;
    const arrivals = rate((at % DAY) / HOUR);
    return { at, arrivals, finished: arrivals, ongoing: null, waiting: null, replicas: null };
  });
}

describe("the season's ratio", () => {
  const bell = learnSeason(
    days(10, (hour) => (hour < 9 ? 1 : 6)),
    clock,
  );
  const at = 20 * DAY + 9 * HOUR;

  it('is what is usual soon over what was usual in the window', () => {
    const before = seasonRatio(bell, { at: at - 60_000, window: 300_000, ahead: 120_000 });
    expect(before).toMatchObject({ coming: 6, past: 1, kind: 'day', days: 10 });
    expect(before.ratio).toBeCloseTo(6, 0);
    expect(seasonRatio(bell, { at: at - 10 * 60_000, window: 300_000, ahead: 120_000 }).ratio).toBe(1);
    expect(seasonRatio(bell, { at: at + 10 * 60_000, window: 300_000, ahead: 120_000 }).ratio).toBe(1);
  });

  it('counts a burst once for a window that is already inside it', () => {
    const inside = { at: at + 60_000, ahead: 120_000 };
    expect(seasonRatio(bell, { ...inside, window: 60_000 }).ratio).toBe(1);
    expect(seasonRatio(bell, { ...inside, window: 120_000 }).ratio).toBeCloseTo(12 / 7, 1);
  });

  it.each([
    { name: 'is 1 without a season', season: null },
    { name: 'is 1 where that time of day was never seen', season: learnSeason([], clock) },
    {
      name: 'is 1 where what came before was never seen',
      season: learnSeason(
        days(3, (hour) => (hour >= 9 ? 6 : null)),
        clock,
      ),
    },
  ])('$name', ({ season }) => {
    expect(seasonRatio(season, { at: at - 60_000, window: 300_000, ahead: 120_000 })).toMatchObject({
      ratio: 1,
      kind: null,
    });
  });

  it('is shrunk toward 1 by how little was seen', () => {
    const of = (count: number, scale: number) =>
      seasonRatio(
        learnSeason(
          days(count, (hour) => (hour < 9 ? scale : 6 * scale)),
          clock,
        ),
        { at: at - 60_000, window: 300_000, ahead: 120_000 },
      ).ratio;
    expect(of(1, 0.001)).toBeLessThan(1.1);
    expect(of(1, 0.1)).toBeLessThan(of(10, 0.1));
    expect(of(10, 0.1)).toBeLessThan(of(10, 10));
  });

  it('lies between 0.2 and 10 whatever history says, and answers the same again', () => {
    const rate = fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: null });
    fc.assert(
      fc.property(fc.array(rate, { minLength: 24, maxLength: 24 }), fc.nat(10 * 288), (hours, bucket) => {
        const season = learnSeason(
          days(2, (hour) => hours[Math.floor(hour)] ?? null),
          clock,
        );
        const asked = { at: bucket * BUCKET_MS + 123_000, window: 600_000, ahead: 360_000 };
        const { ratio } = seasonRatio(season, asked);
        expect(ratio).toBeGreaterThanOrEqual(0.2);
        expect(ratio).toBeLessThanOrEqual(10);
        expect(seasonRatio(season, asked).ratio).toBe(ratio);
      }),
      { seed: 12, numRuns: 100 },
    );
  });

  it('believes a class of days from two days on, and before that one it resembles', () => {
    const kinds = {
      slots: (instant: number) => {
        const [slot] = clock.slots(instant);
        const special = Math.floor(instant / DAY) % 7 === 6;
        const usual = { kind: 'usual', minute: slot?.minute ?? 0 };
        return special ? [{ ...usual, kind: 'special' }, usual] : [usual];
      },
    };
    const buckets = days(14, () => 1).map((bucket) => ({
      ...bucket,
      arrivals: Math.floor(bucket.at / DAY) % 7 === 6 ? 5 : 1,
    }));
    const special = 20 * DAY;
    expect(learnSeason(buckets, kinds).usual(special)).toMatchObject({ kind: 'special', rate: 5, days: 2 });
    const once = buckets.filter(({ at: start }) => start < 7 * DAY);
    expect(learnSeason(once, kinds).usual(special)).toMatchObject({ kind: 'usual', rate: 1 });
  });
});

describe('what history says a replica carries', () => {
  const span = (finished: number, waiting: number, replicas = 2): TrafficBucket => ({
    at: 0,
    arrivals: finished,
    finished,
    ongoing: 10 + waiting,
    waiting,
    replicas,
  });

  it('is the middle of what busy replicas finished', () => {
    const busy = [1.8, 2.2, 2, 2.4, 1, 2.6].map((rate) => span(rate, 4));
    expect(learnCapacity([...busy, span(9, 0)])).toMatchObject({ busyRate: 1.1, busySpans: 6 });
  });

  it('is not known from less than half an hour of queues, and then requests still have a mean stay', () => {
    expect(learnCapacity([span(2, 4), span(2, 4)])).toMatchObject({ busyRate: null, staySeconds: 7 });
    expect(learnCapacity([])).toEqual({ busyRate: null, busySpans: 0, staySeconds: null });
  });
});

describe('the history that is learned from', () => {
  it('ends at midnight UTC, from an hour past it on', () => {
    expect(learnedUntil(20 * DAY + HOUR)).toBe(20 * DAY);
    expect(learnedUntil(20 * DAY + HOUR - 1)).toBe(19 * DAY);
  });

  it('holds nothing after its end', () => {
    const { season } = learnTraffic(
      days(3, () => 1),
      clock,
      2 * DAY,
    );
    expect(season.days).toBe(2);
  });
});

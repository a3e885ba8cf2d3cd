import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absentSample } from '../../src/core/sample.ts';
import { growth, ongoingOf, pointsOf } from '../../src/signal/series.ts';
import { aggregate, type Point } from '../../src/signal/window.ts';
import { aSample } from '../support/decision.ts';

const everyFive = (...values: number[]): Point[] =>
  values.map((value, index) => ({ at: index * 5_000, value }));

describe('the look-back window', () => {
  it.each<{ name: string; points: Point[]; at: number; lookBack: number; mean: number | null }>([
    {
      name: 'weighs each value by how long it held',
      points: [
        { at: 0, value: 10 },
        { at: 20_000, value: 40 },
      ],
      at: 30_000,
      lookBack: 60_000,
      mean: 20,
    },
    {
      name: 'gives the newest value 1 ms when it is from this very instant',
      points: everyFive(10, 10, 40),
      at: 10_000,
      lookBack: 30_000,
      mean: 10.003,
    },
    {
      name: 'leaves out a value exactly as old as the window',
      points: everyFive(100, 7),
      at: 30_000,
      lookBack: 30_000,
      mean: 7,
    },
    {
      name: 'is the value of that instant for a window of 0',
      points: everyFive(1, 2, 3),
      at: 10_000,
      lookBack: 0,
      mean: 3,
    },
    {
      name: 'knows nothing when all values are older',
      points: everyFive(1, 2),
      at: 100_000,
      lookBack: 30_000,
      mean: null,
    },
    { name: 'knows nothing without values', points: [], at: 0, lookBack: 30_000, mean: null },
  ])('$name', ({ points, at, lookBack, mean }) => {
    const result = aggregate(points, at, lookBack, 'mean');
    if (mean === null) expect(result).toBeNull();
    else expect(result).toBeCloseTo(mean, 3);
  });

  it('makes a mean of twenties exactly 20', () => {
    expect(
      aggregate(
        everyFive(20, 20, 20, 20, 20, 20, 20).map((p) => ({ ...p, value: 20.000000000000004 })),
        30_000,
        60_000,
        'mean',
      ),
    ).toBe(20);
  });

  it('aggregates by max, min and last too', () => {
    const points = everyFive(3, 9, 1, 4);
    expect((['max', 'min', 'last'] as const).map((kind) => aggregate(points, 15_000, 30_000, kind))).toEqual([
      9, 1, 4,
    ]);
  });

  it('lies between the smallest and the largest value of the window, whatever the spacing', () => {
    const spaced = fc.array(
      fc.record({
        gap: fc.integer({ min: 1, max: 60_000 }),
        value: fc.double({ min: 0, max: 1e6, noNaN: true }),
      }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(spaced, (rows) => {
        let at = 0;
        const points = rows.map(({ gap, value }) => {
          at += gap;
          return { at, value };
        });
        const mean = aggregate(points, at, at + 1, 'mean') ?? Number.NaN;
        const values = points.map(({ value }) => value);
        expect(mean).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
        expect(mean).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
      }),
    );
  });
});

describe('series', () => {
  it('take only fresh samples, and skip what is not known', () => {
    const samples = [
      aSample(0, { running: 1 }),
      absentSample(5_000, 'gone'),
      aSample(10_000, { running: null, waiting: null }),
      aSample(15_000, { running: 2, waiting: 3 }),
    ];
    expect(pointsOf(samples, ongoingOf)).toEqual([
      { at: 0, value: 1 },
      { at: 15_000, value: 5 },
    ]);
  });

  it('count the growth of a counter over the window and say how long that was', () => {
    const samples = [0, 5, 10, 15].map((second) =>
      aSample(second * 1000, { finished: second === 0 ? null : 4 }),
    );
    expect(growth(samples, 15_000, 10_000, (sample) => sample.finished)).toEqual({ total: 8, seconds: 10 });
    expect(growth(samples.slice(0, 1), 0, 10_000, (sample) => sample.finished)).toBeNull();
  });
});

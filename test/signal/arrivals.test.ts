import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/core/sample.ts';
import { arrivalRates } from '../../src/signal/arrivals.ts';
import { aSample } from '../support/decision.ts';

const STEP = 5_000;
const RULE = { confidence: 0, source: 'conservation' } as const;

/** Samples every 5 s from 0 on, each with its fields. */
const samplesOf = (rows: readonly Partial<Sample>[]): readonly Sample[] =>
  rows.map((row, index) => aSample(index * STEP, row));
const last = (samples: readonly Sample[]): number => samples[samples.length - 1]?.at ?? 0;
const ratesOf = (rows: readonly Partial<Sample>[], windows: readonly number[], rule: object = {}) => {
  const samples = samplesOf(rows);
  return arrivalRates(samples, last(samples), windows, { ...RULE, ...rule });
};
const steady = (count: number, arrived: number | null): readonly Partial<Sample>[] =>
  Array.from({ length: count }, () => ({ arrived }));

describe('arrivals over a window', () => {
  it('are counted over exactly the window', () => {
    const rows = [...steady(7, 1), ...steady(6, 10)];
    expect(ratesOf(rows, [30_000, 60_000])).toMatchObject([
      { window: 30_000, rate: 2 },
      { window: 60_000, rate: 1.1 },
    ]);
  });

  it('are believed less by as many deviations of a Poisson count as the rule says, and never below none', () => {
    const [rate] = ratesOf(steady(13, 3), [60_000], { confidence: 1.5 });
    expect(rate?.low).toBeCloseTo((36 - 1.5 * 6) / 60, 9);
    expect(ratesOf([...steady(12, 0), { arrived: 2 }], [60_000], { confidence: 1.5 })).toMatchObject([
      { low: 0 },
    ]);
  });

  it('leave unknown stretches out of the count and out of the time: unknown is not zero', () => {
    const rows = [...steady(5, 2), ...steady(4, null), ...steady(4, 2)];
    expect(ratesOf(rows, [60_000])).toMatchObject([{ rate: 0.4 }]);
  });

  it('are not known where less than half of the window is', () => {
    expect(ratesOf([...steady(8, null), ...steady(5, 2)], [60_000])).toEqual([]);
    expect(ratesOf(steady(13, null), [30_000, 60_000])).toEqual([]);
    expect(ratesOf([{ arrived: 4 }], [30_000])).toEqual([]);
  });

  it('leave out windows shorter than two scrapes, which would count one lump or none', () => {
    const rows = Array.from({ length: 121 }, (_, index) =>
      index % 12 === 0 ? { arrived: 60, arrivedOver: 60_000 } : { arrived: 0 },
    );
    expect(ratesOf(rows, [30_000, 60_000, 120_000, 600_000])).toMatchObject([
      { window: 120_000, rate: 1 },
      { window: 600_000, rate: 1 },
    ]);
  });

  it("are a gateway's counter's growth where one is read; a sum that fell says nothing of that stretch", () => {
    const counts = [100, 110, 120, 40, 50, 60, 70];
    const rows = counts.map((gateway) => ({ gateway, arrived: null }));
    expect(ratesOf(rows, [30_000], { source: 'gateway' })).toMatchObject([{ rate: 2 }]);
  });

  it('are never negative, never NaN, and never fewer when more arrived', () => {
    const rows = fc.array(fc.option(fc.integer({ min: -2, max: 60 }), { nil: null }), {
      minLength: 1,
      maxLength: 130,
    });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 40 }), (arrived, more) => {
        const windows = [30_000, 60_000, 600_000];
        const before = ratesOf(
          arrived.map((one) => ({ arrived: one })),
          windows,
          { confidence: 1.5 },
        );
        const after = ratesOf(
          arrived.map((one) => ({ arrived: one === null ? null : Math.max(0, one) + more })),
          windows,
          { confidence: 1.5 },
        );
        expect(after.map(({ window }) => window)).toEqual(before.map(({ window }) => window));
        for (const [index, { rate, low }] of before.entries()) {
          expect(low).toBeGreaterThanOrEqual(0);
          expect(rate).toBeGreaterThanOrEqual(low);
          expect(after[index]?.low).toBeGreaterThanOrEqual(low - 1e-9);
        }
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});

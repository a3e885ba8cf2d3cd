import { describe, expect, it } from 'vitest';
import { createRandom, exponential, lognormal, poisson } from '../../src/simulate/random.ts';

const N = 40_000;
const draws = (draw: () => number) => Array.from({ length: N }, draw).sort((a, b) => a - b);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('random numbers', () => {
  it('are the same for the same seed and others for another', () => {
    const first = (seed: string | number) => Array.from({ length: 5 }, createRandom(seed, 'x'));
    expect(first(7)).toEqual(first(7));
    expect(first(7)).not.toEqual(first(8));
    expect(first('7')).not.toEqual(first(7));
  });

  it('lie in [0, 1) with a mean of a half', () => {
    const values = draws(createRandom('uniform'));
    expect(values[0]).toBeGreaterThanOrEqual(0);
    expect(values.at(-1)).toBeLessThan(1);
    expect(mean(values)).toBeCloseTo(0.5, 2);
  });

  it('are lognormal by median and sigma', () => {
    const random = createRandom('lognormal');
    const values = draws(() => lognormal(random, 95, 0.35));
    expect(values[N / 2]).toBeGreaterThan(94);
    expect(values[N / 2]).toBeLessThan(96);
    // 95 x exp(1.645 x 0.35)
    expect((values[N * 0.95] ?? 0) / 168.9).toBeCloseTo(1, 1);
  });

  it('are exponential by their mean', () => {
    const random = createRandom('exponential');
    expect(mean(draws(() => exponential(random, 20)))).toBeCloseTo(20, 0);
  });

  it.each([0, 0.3, 4, 75])('are Poisson with mean and variance %d', (expected) => {
    const random = createRandom('poisson');
    const values = draws(() => poisson(random, expected));
    const average = mean(values);
    expect(average).toBeCloseTo(expected, 0);
    const variance = mean(values.map((value) => (value - average) ** 2));
    expect(Math.abs(variance - expected)).toBeLessThanOrEqual(0.04 * expected);
  });
});

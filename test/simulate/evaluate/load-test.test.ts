import { describe, expect, it } from 'vitest';
import { loadTest } from '../../../src/simulate/evaluate/load-test.ts';
import { PROFILES } from '../../../src/simulate/profiles.ts';
import { createTrace } from '../../../src/simulate/trace.ts';

const carries = (promptTokens: number) =>
  loadTest({
    lengths: createTrace([{ arrivedAt: 0, promptTokens, outputTokens: 30, tenant: 0 }], ['']),
    profile: PROFILES['a10g-mistral-7b'],
    objectiveMs: 2_000,
  });

describe('a load test', () => {
  it('finds a rate that leaves room for the queues of Poisson traffic, less of longer prompts', () => {
    // By prefill and decode alone 1 / (3000 x 0.28 + 30 x (0.25 + 0.72)) ms = 1.15 a second.
    const long = carries(3_000);
    expect(long).toBeGreaterThan(0.3 * 1.15);
    expect(long).toBeLessThan(1.15);
    expect(carries(5_000)).toBeLessThan(long);
  });

  it('finds nothing where the prefill alone takes longer than the objective', () => {
    expect(carries(8_000)).toBe(0);
  });
});

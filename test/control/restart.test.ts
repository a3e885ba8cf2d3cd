import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RandomHistory, randomHistory } from '../support/random-history.ts';
import { checkRestart } from '../support/restart-case.ts';

/** Cases run side by side: each waits some milliseconds for the history it reads back. */
const batch = (size: number): fc.Arbitrary<RandomHistory[]> =>
  fc.array(randomHistory, { minLength: size, maxLength: size });

describe('a process started at a random instant of a random past, beside one that ran all along', () => {
  it('is never below it until they agree, exact where it can know all, and agrees once nothing holds', async () => {
    let equal = 0;
    await fc.assert(
      fc.asyncProperty(batch(100), async (histories) => {
        for (const verdict of await Promise.all(histories.map(checkRestart))) {
          expect(verdict.broken).toEqual([]);
          equal += verdict.equal ? 1 : 0;
        }
      }),
      { numRuns: 10, endOnFailure: true },
    );
    // Pasts from which nothing can be told apart would prove nothing: most agree at every instant.
    expect(equal).toBeGreaterThan(850);
  }, 120_000);

  it('keeps to the same bound where historyLimit is shorter than its delays', async () => {
    const limits = fc.constantFrom(15_000, 30_000, 60_000);
    await fc.assert(
      fc.asyncProperty(batch(50), limits, async (histories, historyLimit) => {
        const limited = histories.map((history) => ({ ...history, historyLimit }));
        for (const { broken } of await Promise.all(limited.map(checkRestart))) expect(broken).toEqual([]);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  }, 120_000);

  it('asks for no more than its policy where the other one only kept what it had', async () => {
    // Demand is 12 for two replicas, of which half the way is 7: what the other one has beyond is kept and not asked for.
    const verdict = await checkRestart({
      fields: { minReplicas: 1, maxReplicas: 12, downscaleDelay: 120_000 },
      stretches: [
        { steps: 25, kind: 'load', ongoing: 20, ready: 2, unschedulable: 0 },
        { steps: 3, kind: 'load', ongoing: 53, ready: 11, unschedulable: 0 },
        { steps: 15, kind: 'load', ongoing: 119, ready: 2, unschedulable: 2 },
        { steps: 3, kind: 'burst', ongoing: 67, ready: 11, unschedulable: 0 },
        { steps: 5, kind: 'partial', ongoing: 62, ready: 6, unschedulable: 2 },
        { steps: 18, kind: 'load', ongoing: 117, ready: 2, unschedulable: 0 },
      ],
      window: { from: 16, steps: 11, floor: 3, ceiling: null },
      reload: {
        at: 0,
        fields: {
          minReplicas: 1,
          maxReplicas: 12,
          upscaleDelay: 30_000,
          downscaleDelay: 120_000,
          downscaleToZeroDelay: 30_000,
          lookBackPeriod: 30_000,
          aggregation: 'last',
          upscalingFactor: 0.5,
          downscalingFactor: 0.5,
          delay: { apply: 'max' },
          burst: { threshold: 3, hold: 30_000 },
          provisionTimeout: 60_000,
        },
      },
      restart: 39,
    });
    expect(verdict.broken).toEqual([]);
  });

  it('falls to what the other one falls to, at the very instant at which both do', async () => {
    // `mean` over a wait that was lost would be what the window's end asks for: 5 instead of 6.
    const verdict = await checkRestart({
      fields: { minReplicas: 0, maxReplicas: 7, downscaleDelay: 0 },
      stretches: [
        { steps: 11, kind: 'partial', ongoing: 71, ready: 9, unschedulable: 0 },
        { steps: 20, kind: 'load', ongoing: 67, ready: 5, unschedulable: 0 },
      ],
      window: { from: 24, steps: 16, floor: 5, ceiling: 3 },
      reload: {
        at: 0,
        fields: {
          minReplicas: 0,
          maxReplicas: 7,
          upscaleDelay: 10_000,
          downscaleDelay: 0,
          lookBackPeriod: 30_000,
          aggregation: 'max',
          upscalingFactor: 0.5,
          downscalingFactor: 0.5,
          delay: { apply: 'mean' },
          provisionTimeout: 120_000,
        },
      },
      restart: 24,
    });
    expect(verdict).toEqual({ equal: true, broken: [] });
  });

  it('keeps what was exported last where the other one stood lower while the replay waited for a fall', async () => {
    // Pods without a node since before its memory stop the other one's rise to 11 at step 18, and not the replay's.
    const verdict = await checkRestart({
      fields: { minReplicas: 1, maxReplicas: 11, downscaleDelay: 10_000 },
      stretches: [
        { steps: 12, kind: 'silent', ongoing: 0, ready: 3, unschedulable: 2 },
        { steps: 18, kind: 'load', ongoing: 115, ready: 2, unschedulable: 2 },
        { steps: 5, kind: 'silent', ongoing: 0, ready: 11, unschedulable: 2 },
        { steps: 16, kind: 'load', ongoing: 73, ready: 4, unschedulable: 0 },
      ],
      window: { from: 5, steps: 8, floor: 6, ceiling: null },
      reload: {
        at: 0,
        fields: {
          minReplicas: 1,
          maxReplicas: 11,
          upscaleDelay: 30_000,
          downscaleDelay: 10_000,
          downscaleToZeroDelay: 120_000,
          lookBackPeriod: 30_000,
          aggregation: 'min',
          delay: { apply: 'max' },
          provisionTimeout: 60_000,
        },
      },
      restart: 37,
    });
    expect(verdict.broken).toEqual([]);
  });
});

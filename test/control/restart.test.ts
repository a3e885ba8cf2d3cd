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

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../src/core/policy.ts';
import { type RandomHistory, randomHistory, type Stretch } from '../support/random-history.ts';
import { checkRestart } from '../support/restart-case.ts';

interface Past {
  /** What it does, beside the other one. */
  readonly does: string;
  readonly equal?: true;
  readonly stretches: readonly Stretch[];
  readonly window: RandomHistory['window'];
  readonly fields: PolicyFields;
  readonly restart: number;
}

/** Pasts that left the bound once, or a bound that said too much. */
const PASTS: readonly Past[] = [
  {
    // Demand is 12 for two replicas, of which half the way is 7: what the other one has beyond is kept and not asked for.
    does: 'asks for no more than its policy where the other one only kept what it had',
    stretches: [
      { steps: 7, kind: 'load', ongoing: 34, ready: 4, unschedulable: 2 },
      { steps: 15, kind: 'gap', ongoing: 9, ready: 4, unschedulable: 0 },
      { steps: 3, kind: 'burst', ongoing: 2, ready: 2, unschedulable: 2 },
      { steps: 3, kind: 'load', ongoing: 53, ready: 11, unschedulable: 0 },
      { steps: 15, kind: 'load', ongoing: 119, ready: 2, unschedulable: 2 },
      { steps: 3, kind: 'burst', ongoing: 67, ready: 11, unschedulable: 0 },
      { steps: 5, kind: 'partial', ongoing: 62, ready: 6, unschedulable: 2 },
      { steps: 18, kind: 'load', ongoing: 117, ready: 2, unschedulable: 0 },
    ],
    window: { from: 16, steps: 11, floor: 3, ceiling: null },
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
    restart: 39,
  },
  {
    // From step 58 on: what waits has no base by which more could be asked for.
    does: 'asks for what it asked for before where nothing runs',
    stretches: [
      { steps: 8, kind: 'load', ongoing: 113, ready: 3, unschedulable: 2 },
      { steps: 8, kind: 'partial', ongoing: 11, ready: 8, unschedulable: 0 },
      { steps: 4, kind: 'load', ongoing: 66, ready: 8, unschedulable: 0 },
      { steps: 13, kind: 'partial', ongoing: 74, ready: 4, unschedulable: 0 },
      { steps: 6, kind: 'load', ongoing: 43, ready: 7, unschedulable: 2 },
      { steps: 19, kind: 'silent', ongoing: 28, ready: 2, unschedulable: 0 },
      { steps: 13, kind: 'load', ongoing: 88, ready: 0, unschedulable: 0 },
      { steps: 4, kind: 'partial', ongoing: 2, ready: 11, unschedulable: 2 },
    ],
    window: { from: 0, steps: 15, floor: 2, ceiling: 3 },
    fields: {
      minReplicas: 0,
      maxReplicas: 7,
      upscaleDelay: 30_000,
      downscaleDelay: 0,
      lookBackPeriod: 10_000,
      aggregation: 'max',
      upscalingFactor: 0.5,
      downscalingFactor: 1,
      delay: { apply: 'last' },
      burst: { threshold: 1.5, hold: 60_000 },
      provisionTimeout: 60_000,
    },
    restart: 34,
  },
  {
    // `mean` over a wait that was lost would be what the window's end asks for: 5 instead of 6.
    does: 'falls to what the other one falls to, at the very instant at which both do',
    equal: true,
    stretches: [
      { steps: 11, kind: 'partial', ongoing: 71, ready: 9, unschedulable: 0 },
      { steps: 20, kind: 'load', ongoing: 67, ready: 5, unschedulable: 0 },
    ],
    window: { from: 24, steps: 16, floor: 5, ceiling: 3 },
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
    restart: 24,
  },
  {
    // Pods without a node since before its memory stop the other one's rise to 11 at step 18, and not the replay's.
    does: 'keeps what was exported last where the other one stood lower while the replay waited for a fall',
    stretches: [
      { steps: 12, kind: 'silent', ongoing: 0, ready: 3, unschedulable: 2 },
      { steps: 18, kind: 'load', ongoing: 115, ready: 2, unschedulable: 2 },
      { steps: 5, kind: 'silent', ongoing: 0, ready: 11, unschedulable: 2 },
      { steps: 16, kind: 'load', ongoing: 73, ready: 4, unschedulable: 0 },
    ],
    window: { from: 5, steps: 8, floor: 6, ceiling: null },
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
    restart: 37,
  },
];

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

  it.each(PASTS)('$does', async ({ fields, equal, ...past }) => {
    const verdict = await checkRestart({ ...past, fields, reload: { at: 0, fields } });
    expect(verdict.broken).toEqual([]);
    if (equal) expect(verdict.equal).toBe(true);
  });
});

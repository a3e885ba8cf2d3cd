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
});

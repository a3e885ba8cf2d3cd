import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PolicyFields, resolvePolicy } from '../../src/core/policy.ts';
import { absentSample } from '../../src/core/sample.ts';
import { type DelayResult, delayStep, type Wish } from '../../src/policy/delay.ts';
import { answers, aSample, aState, at, story } from '../support/decision.ts';

const START = at('2026-11-23 09:30 America/New_York');

/** Ongoing requests at seconds after 09:30, on two ready replicas unless said, target 10 each. */
function fleet(rows: readonly (readonly [seconds: number, ongoing: number, ready?: number])[]) {
  return rows.map(([seconds, ongoing, ready = 2]) =>
    aSample(START + seconds * 1000, { running: ongoing, ready }),
  );
}
const run = (rows: Parameters<typeof fleet>[0], fields: PolicyFields = {}, target = 2) =>
  answers(
    story(fleet(rows), {
      fields: { upscaleDelay: 30_000, downscaleDelay: 300_000, ...fields },
      state: aState({ target }),
    }),
  );

describe('the delay', () => {
  it('rises once the rise has been wanted for the upscale delay', () => {
    expect(
      run([
        [0, 40],
        [25, 40],
        [30, 40],
      ]),
    ).toEqual([2, 2, 4]);
  });

  it.each([
    { gap: 30, rises: true },
    { gap: 35, rises: false },
  ])('keeps a waiting rise through a gap of its own delay and no longer: $gap s', ({ gap, rises }) => {
    const unknown = { ...absentSample(START + 10_000, 'Prometheus is down') };
    const samples = [
      ...fleet([[0, 40]]),
      ...[5, gap - 5].map((second) => ({ ...unknown, at: START + second * 1000 })),
      { ...unknown, at: START + gap * 1000 },
      ...fleet([[gap + 5, 40]]),
    ];
    const fields = { upscaleDelay: 30_000, lookBackPeriod: 0 };
    expect(answers(story(samples, { fields, state: aState({ target: 2 }) })).at(-1)).toBe(rises ? 4 : 2);
  });

  it('starts again when the rise is not wanted for one instant', () => {
    expect(
      run([
        [0, 40],
        [25, 20],
        [30, 40],
        [55, 40],
        [60, 40],
      ]),
    ).toEqual([2, 2, 2, 2, 4]);
  });

  it('falls only after the fall was wanted for 5 min without a break', () => {
    expect(
      run(
        [
          [0, 10],
          [299, 10],
          [300, 10],
        ],
        {},
        2,
      ),
    ).toEqual([2, 2, 1]);
  });

  it('applies what is wanted last, as Ray does', () => {
    expect(
      run([
        [0, 90],
        [15, 50],
        [30, 30],
      ]),
    ).toEqual([2, 2, 3]);
  });

  it.each<{ apply: 'min' | 'mean' | 'max' | 'last'; replicas: number }>([
    { apply: 'last', replicas: 3 },
    { apply: 'min', replicas: 3 },
    { apply: 'max', replicas: 9 },
    { apply: 'mean', replicas: 7 },
  ])('applies the $apply of the wait when asked to', ({ apply, replicas }) => {
    expect(
      run(
        [
          [0, 90],
          [15, 50],
          [30, 30],
        ],
        { delay: { apply } },
      ).at(-1),
    ).toBe(replicas);
  });

  it('weighs what a fall wanted by how long it was wanted, asked often or seldom', () => {
    const step = fc.record({
      seconds: fc.integer({ min: 1, max: 20 }),
      wanted: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 30 }), (steps) => {
        const policy = resolvePolicy({ maxReplicas: 20, downscaleDelay: 60_000, delay: { apply: 'mean' } });
        const rest = { target: 10, min: 0, direct: false, mayFall: true, noFall: '' };
        let wish: Wish | null = null;
        let now = START;
        let area = 0;
        let before = 0;
        for (const { seconds, wanted } of steps) {
          now += seconds * 1000;
          if (wish !== null) area += before * seconds * 1000;
          before = wanted;
          const result: DelayResult = delayStep({ ...rest, at: now, wanted, wish }, policy);
          wish = result.wish;
          const waited = now - (wish?.since ?? now);
          if (waited < 60_000) expect(result.out).toBe(10);
          else {
            expect(result.out).toBe(Math.ceil(Math.round((area / waited) * 1e6) / 1e6));
            return;
          }
        }
      }),
    );
  });

  it('goes to zero only from one, after its own delay', () => {
    const fields = { minReplicas: 0, downscaleDelay: 10_000, downscaleToZeroDelay: 60_000 };
    expect(
      run(
        [
          [0, 0, 3],
          [10, 0, 3],
          [15, 0, 1],
          [70, 0, 1],
          [75, 0, 1],
        ],
        fields,
        3,
      ),
    ).toEqual([3, 1, 1, 1, 0]);
  });

  it('counts by the clock, however seldom it is asked', () => {
    expect(
      run([
        [0, 40],
        [600, 40],
      ]),
    ).toEqual([2, 4]);
  });

  it('decides with a delay of 0 at once', () => {
    expect(
      run(
        [
          [0, 40],
          [5, 10],
        ],
        { upscaleDelay: 0, downscaleDelay: 0, guards: { consolidation: false } },
      ),
    ).toEqual([4, 1]);
  });
});

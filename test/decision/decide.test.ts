import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../src/core/policy.ts';
import { absentSample, type Sample, UNKNOWN_REPLICAS } from '../../src/core/sample.ts';
import { aCalendar, answers, aSample, aState, at, decideOnce, story } from '../support/decision.ts';

const OPEN = at('2026-11-23 09:30 America/New_York');
const fresh = (seconds: number, ongoing: number, ready = 2, more: Partial<Sample> = {}): Sample =>
  aSample(OPEN + seconds * 1000, { running: ongoing, ready, ...more });
const gone = (seconds: number, ready: number | null = null): Sample =>
  absentSample(OPEN + seconds * 1000, 'Prometheus did not answer', { ...UNKNOWN_REPLICAS, ready });

describe('missing and stale data', () => {
  it('hold the last answer, and a fall has to be wanted anew afterwards', () => {
    const samples = [
      fresh(0, 5, 4),
      fresh(290, 5, 4),
      gone(295),
      gone(400),
      fresh(405, 5, 4),
      fresh(704, 5, 4),
      fresh(705, 5, 4),
    ];
    const outcomes = story(samples, { state: aState({ target: 4 }) });
    expect(answers(outcomes)).toEqual([4, 4, 4, 4, 4, 4, 1]);
    expect(outcomes[2]?.decision).toMatchObject({
      held: 'absent',
      reason: 'held at 4: Prometheus did not answer',
    });
  });

  it('do not break a rise that is being waited for', () => {
    expect(answers(story([fresh(0, 40), gone(15), fresh(30, 40)], { state: aState({ target: 2 }) }))).toEqual(
      [2, 2, 4],
    );
  });

  it('are no answer at all when nothing was known before', () => {
    const decision = decideOnce(gone(0), { state: aState({ target: null }) });
    expect(decision).toMatchObject({
      replicas: null,
      held: 'unknown',
      reason: 'nothing is known yet: Prometheus did not answer',
    });
  });

  it('let the floor of the calendar rise, since the last answer is known', () => {
    expect(
      decideOnce(gone(0), { state: aState({ target: 1 }), calendar: aCalendar({ floor: 3 }) }).replicas,
    ).toBe(3);
  });

  it('are zero demand for a fleet asleep, which stays at zero without a hold', () => {
    const decision = decideOnce(gone(0, 0), { state: aState({ target: 0 }), fields: { minReplicas: 0 } });
    expect(decision).toMatchObject({ replicas: 0, held: null, demand: 0 });
  });

  it('make a fleet with missing pods rise for what the others report, and not fall', () => {
    const missing = ['vllm-1'];
    expect(
      answers(
        story([fresh(0, 80, 2, { missing }), fresh(30, 80, 2, { missing })], {
          state: aState({ target: 2 }),
        }),
      ),
    ).toEqual([2, 8]);
    const held = story([fresh(0, 0, 2, { missing }), fresh(900, 0, 2, { missing })], {
      state: aState({ target: 2 }),
    });
    expect(held[1]?.decision).toMatchObject({
      replicas: 2,
      held: 'partial',
      reason: expect.stringContaining('vllm-1'),
    });
  });

  it('zero traffic is a value and does scale down', () => {
    expect(answers(story([fresh(0, 0), fresh(300, 0)], { state: aState({ target: 2 }) }))).toEqual([2, 1]);
  });
});

describe('the start', () => {
  const fields = { lookBackPeriod: 30_000, downscaleDelay: 0, upscaleDelay: 0 };

  it('does not go below the replicas that are there until a whole look-back window has been seen', () => {
    const samples = [0, 15, 29, 30, 35].map((second) => fresh(second, 0, 3));
    expect(answers(story(samples, { fields, state: aState({ target: null, seenSince: null }) }))).toEqual([
      3, 3, 3, 1, 1,
    ]);
  });

  it('takes the larger of what was asked for and what is there', () => {
    expect(
      decideOnce(fresh(0, 0, 3), { fields, state: aState({ target: 1, seenSince: null }) }).replicas,
    ).toBe(3);
    expect(
      decideOnce(fresh(0, 0, 1), { fields, state: aState({ target: 4, seenSince: null }) }).replicas,
    ).toBe(4);
  });
});

describe('who wins', () => {
  const ten = { maxReplicas: 10, upscaleDelay: 60_000, downscaleDelay: 300_000 };

  it('a hold over the end of a floor', () => {
    const calendar = aCalendar((instant) => ({ floor: instant < OPEN + 10_000 ? 5 : 0 }));
    expect(
      answers(story([fresh(0, 0), gone(400), gone(900)], { calendar, state: aState({ target: 5 }) })),
    ).toEqual([5, 5, 5]);
  });

  it('a hold over a ceiling', () => {
    const calendar = aCalendar({ ceiling: 1 });
    expect(answers(story([gone(0), gone(900)], { calendar, state: aState({ target: 5 }) }))).toEqual([5, 5]);
  });

  it('a ceiling over consolidation, after the downscale delay', () => {
    const calendar = aCalendar({ ceiling: 2 });
    const samples = [0, 299, 300].map((second) => fresh(second, 60, 6));
    expect(answers(story(samples, { calendar, fields: ten, state: aState({ target: 6 }) }))).toEqual([
      6, 6, 2,
    ]);
  });

  it('a floor over the upscale delay and over a burst', () => {
    const burst = { threshold: 1 };
    expect(
      decideOnce(fresh(0, 0), {
        calendar: aCalendar({ floor: 4 }),
        fields: ten,
        state: aState({ target: 1 }),
      }).replicas,
    ).toBe(4);
    const outcomes = story([fresh(0, 40, 1), fresh(5, 0, 1)], {
      calendar: aCalendar((t) => ({ floor: t > OPEN ? 6 : 0 })),
      fields: { ...ten, burst },
      state: aState({ target: 1 }),
    });
    expect(answers(outcomes)).toEqual([4, 6]);
  });

  it('a floor over a ceiling during its lead', () => {
    expect(
      decideOnce(fresh(0, 0), { calendar: aCalendar({ floor: 4, ceiling: 1 }), state: aState({ target: 1 }) })
        .replicas,
    ).toBe(4);
  });

  it('a floor over the scheduling guard, which stops other rises', () => {
    const stuck = {
      state: aState({ target: 2, unschedulableSince: OPEN - 3_600_000 }),
      fields: { upscaleDelay: 0 },
    };
    const sample = fresh(0, 90);
    const unschedulable = { ...sample, replicas: { ...sample.replicas, unschedulable: 1 } };
    expect(decideOnce(unschedulable, stuck).replicas).toBe(2);
    expect(decideOnce(unschedulable, { ...stuck, calendar: aCalendar({ floor: 4 }) }).replicas).toBe(4);
  });

  it("maxReplicas over a floor, since it is the fleet's budget", () => {
    expect(
      decideOnce(fresh(0, 0), {
        calendar: aCalendar({ floor: 40 }),
        fields: ten,
        state: aState({ target: 1 }),
      }).replicas,
    ).toBe(10);
  });

  it('a burst freezes falls for its hold', () => {
    const fields = { downscaleDelay: 0, upscaleDelay: 60_000, burst: { threshold: 1.5, hold: 60_000 } };
    const samples = [fresh(0, 40, 2), fresh(5, 0, 4), fresh(59, 0, 4), fresh(60, 0, 4)];
    expect(answers(story(samples, { fields, state: aState({ target: 2 }) }))).toEqual([4, 4, 4, 1]);
  });
});

describe('a window of the calendar', () => {
  it('overrides policy fields while it lasts', () => {
    const calendar = aCalendar((instant) => (instant < OPEN ? {} : { policy: { upscaleDelay: 0 } }));
    const samples = [fresh(-5, 40), fresh(0, 40)];
    expect(answers(story(samples, { calendar, state: aState({ target: 2 }) }))).toEqual([2, 4]);
  });
});

describe('a recorded story of Ray Serve', () => {
  it('with 304 requests ongoing on the one replica that runs stays at 17 where Ray falls to 10', () => {
    const fields: PolicyFields = {
      maxReplicas: 40,
      targetOngoingRequests: 16,
      downscalingFactor: 0.5,
      upscalingFactor: 0.5,
      downscaleDelay: 0,
    };
    const sample = aSample(OPEN, { running: 303.757, ready: 1 });
    expect(
      decideOnce(sample, {
        fields: { ...fields, guards: { consolidation: false } },
        state: aState({ target: 17 }),
      }).replicas,
    ).toBe(10);
    const decision = decideOnce(sample, { fields, state: aState({ target: 17 }) });
    expect(decision).toMatchObject({ replicas: 17 });
    expect(decision.steps.find(({ step }) => step === 'guards')?.reason).toContain('would be over target');
  });
});

/** Any fleet at any instant under any policy: what must always hold. */
const anyFields = fc.record({
  minReplicas: fc.integer({ min: 0, max: 5 }),
  maxReplicas: fc.integer({ min: 5, max: 30 }),
  upscaleDelay: fc.constantFrom(0, 10_000, 60_000),
  downscaleDelay: fc.constantFrom(0, 10_000, 300_000),
  smoothingFactor: fc.constantFrom(0.3, 1, 2),
  lookBackPeriod: fc.constantFrom(0, 30_000),
  burst: fc.option(fc.record({ threshold: fc.constantFrom(1, 2) }), { nil: undefined }),
});
const anySample = fc.record({
  gap: fc.integer({ min: 1, max: 120 }),
  ongoing: fc.double({ min: 0, max: 400, noNaN: true }),
  ready: fc.option(fc.integer({ min: 0, max: 30 }), { nil: null }),
  kind: fc.constantFrom('fresh', 'fresh', 'fresh', 'stale', 'absent', 'partial'),
  floor: fc.integer({ min: 0, max: 8 }),
  ceiling: fc.option(fc.integer({ min: 0, max: 12 }), { nil: null }),
});

describe('properties', () => {
  it('hold for every history: bounds, no fall on bad data, floors at once, no NaN, every number with its reason', () => {
    fc.assert(
      fc.property(anyFields, fc.array(anySample, { minLength: 1, maxLength: 25 }), (raw, rows) => {
        const { burst, ...rest } = raw;
        const fields: PolicyFields = burst ? { ...rest, burst } : rest;
        let instant = OPEN;
        const byInstant = new Map<number, (typeof rows)[number]>();
        const samples = rows.map((row) => {
          instant += row.gap * 1000;
          byInstant.set(instant, row);
          const base = aSample(instant, { running: row.ongoing, ready: row.ready });
          if (row.kind === 'absent') return absentSample(instant, 'gone');
          if (row.kind === 'stale') return { ...base, presence: 'stale' as const, why: 'old' };
          return row.kind === 'partial' ? { ...base, missing: ['pod'] } : base;
        });
        const calendar = aCalendar((t) => ({
          floor: byInstant.get(t)?.floor ?? 0,
          ceiling: byInstant.get(t)?.ceiling ?? null,
        }));
        let previous: number | null = 3;
        for (const { decision } of story(samples, { fields, calendar, state: aState({ target: 3 }) })) {
          const row = byInstant.get(decision.at);
          const answer = decision.replicas ?? Number.NaN;
          expect(Number.isInteger(answer)).toBe(true);
          expect(answer).toBeGreaterThanOrEqual(
            Math.min(raw.maxReplicas, Math.max(raw.minReplicas, row?.floor ?? 0)),
          );
          expect(answer).toBeLessThanOrEqual(raw.maxReplicas);
          if (decision.held !== null)
            expect(answer).toBeGreaterThanOrEqual(Math.min(previous ?? 0, raw.maxReplicas));
          if (row?.kind !== 'fresh' && previous !== 0) expect(decision.held).not.toBeNull();
          if (answer > (previous ?? 0))
            expect(answer).toBeLessThanOrEqual(Math.max(decision.bounds.max, decision.bounds.min));
          if (answer === 0 && previous !== 0) expect(previous).toBe(1);
          expect(decision.steps.every((step) => step.reason.length > 0)).toBe(true);
          previous = decision.replicas;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is idempotent when nothing changes: the same instant again gives the same answer', () => {
    fc.assert(
      fc.property(
        anyFields,
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 20 }),
        (raw, ongoing, target) => {
          const { burst: _burst, ...fields } = raw;
          const state = aState({
            target: Math.min(Math.max(target, fields.minReplicas), fields.maxReplicas),
          });
          const [once] = story([fresh(0, ongoing, target)], {
            fields: { ...fields, upscaleDelay: 60_000, downscaleDelay: 60_000 },
            state,
          });
          if (once === undefined) throw new Error('no outcome');
          const [again] = story([fresh(0, ongoing, target)], {
            fields: { ...fields, upscaleDelay: 60_000, downscaleDelay: 60_000 },
            state: once.state,
          });
          expect(again?.decision.replicas).toBe(once.decision.replicas);
        },
      ),
    );
  });

  it('never asks for less when more is ongoing', () => {
    fc.assert(
      fc.property(
        anyFields,
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 20 }),
        (raw, a, b, ready) => {
          const { burst: _burst, ...fields } = raw;
          const answer = (ongoing: number): number =>
            decideOnce(fresh(0, ongoing, ready), {
              fields: { ...fields, upscaleDelay: 0, downscaleDelay: 0 },
              state: aState({ target: ready }),
            }).replicas ?? -1;
          expect(answer(Math.min(a, b))).toBeLessThanOrEqual(answer(Math.max(a, b)));
        },
      ),
    );
  });
});

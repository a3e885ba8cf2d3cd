import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNKNOWN_REPLICAS } from '../../src/core/sample.ts';
import { limitsOf } from '../../src/policy/bounds.ts';
import { bufferStep } from '../../src/policy/buffer.ts';
import { gainStep } from '../../src/policy/gain.ts';
import { guardsStep } from '../../src/policy/guards.ts';
import { landingStep, landsOn } from '../../src/policy/landing.ts';
import { autoLead } from '../../src/policy/lead.ts';
import { aCalendar, aPolicy, aSample, aState, decideOnce } from '../support/decision.ts';

describe('the gain', () => {
  it.each([
    { name: 'moves half of the way up', demand: 8, running: 4, up: 0.5, down: 1, out: 6 },
    { name: 'rounds up on the way down too', demand: 1, running: 4, up: 1, down: 0.5, out: 3 },
    {
      name: 'falls by one where rounding would swallow the fall',
      demand: 9,
      running: 10,
      up: 1,
      down: 0.15,
      out: 9,
    },
    { name: 'overshoots with a factor above 1', demand: 4, running: 2, up: 2, down: 1, out: 6 },
    { name: 'stays when demand is what runs', demand: 3, running: 3, up: 0.5, down: 0.5, out: 3 },
  ])('$name', ({ demand, running, up, down, out }) => {
    const policy = aPolicy({ upscalingFactor: up, downscalingFactor: down });
    expect(gainStep({ demand, running, target: running }, policy).out).toBe(out);
  });

  it('asks for one at once when nothing runs and requests wait, and never for less than before', () => {
    const policy = aPolicy({});
    expect(gainStep({ demand: 0.1, running: 0, target: 0 }, policy)).toMatchObject({ out: 1, direct: true });
    expect(gainStep({ demand: 30, running: 0, target: 4 }, policy)).toMatchObject({ out: 4, direct: true });
    expect(gainStep({ demand: 0, running: 0, target: 4 }, policy)).toMatchObject({ out: 4 });
  });

  it('is monotonic in demand', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 500, noNaN: true }),
        fc.double({ min: 0, max: 500, noNaN: true }),
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0.05, max: 3, noNaN: true }),
        (a, b, running, factor) => {
          const policy = aPolicy({ smoothingFactor: factor });
          const out = (demand: number): number =>
            gainStep({ demand, running, target: running }, policy).out ?? -1;
          expect(out(Math.min(a, b))).toBeLessThanOrEqual(out(Math.max(a, b)));
        },
      ),
    );
  });
});

describe('the limits', () => {
  it.each([
    { name: 'a floor lifts minReplicas', floor: 3, ceiling: null, min: 3, max: 10 },
    { name: 'a ceiling lowers maxReplicas', floor: 0, ceiling: 2, min: 1, max: 2 },
    { name: 'a ceiling below minReplicas is minReplicas', floor: 0, ceiling: 0, min: 1, max: 1 },
    { name: 'a floor wins over a ceiling', floor: 4, ceiling: 2, min: 4, max: 4 },
    { name: 'maxReplicas wins over a floor', floor: 50, ceiling: null, min: 10, max: 10 },
  ])('$name', ({ floor, ceiling, min, max }) => {
    const bounds = { floor, ceiling, policy: {}, windows: ['w'], covered: true };
    expect(limitsOf(aPolicy({ maxReplicas: 10 }), bounds)).toMatchObject({ min, max });
  });
});

describe('the guards', () => {
  const limits = { min: 0, max: 100, floor: 0, ceiling: null };
  const input = {
    at: 0,
    wanted: 2,
    target: 5,
    demand: 3.2,
    hold: null,
    limits,
    unschedulable: null,
    unschedulableSince: null,
  };

  it('keep what the demand needs', () => {
    expect(guardsStep(input, aPolicy({})).out).toBe(4);
    expect(guardsStep({ ...input, demand: 8 }, aPolicy({})).out).toBe(5);
    expect(guardsStep(input, aPolicy({ guards: { consolidation: false } })).out).toBe(2);
  });

  it('let a ceiling have its way', () => {
    expect(guardsStep({ ...input, limits: { ...limits, ceiling: 2, max: 2 } }, aPolicy({})).out).toBe(2);
  });

  it('stop rises, not falls, after replicas could not be scheduled for the provision timeout', () => {
    const stuck = { ...input, at: 600_000, wanted: 9, unschedulable: 2, unschedulableSince: 0 };
    expect(guardsStep(stuck, aPolicy({})).out).toBe(5);
    expect(guardsStep({ ...stuck, at: 599_000 }, aPolicy({})).out).toBe(9);
    expect(guardsStep({ ...stuck, wanted: 4, demand: 4 }, aPolicy({})).out).toBe(4);
  });
});

describe('the landing', () => {
  const from = (current: number) => ({ current, created: null, autoscaler: null });

  it.each([
    [20, 22, 20],
    [20, 23, 23],
    [10, 11, 10],
    [10, 9, 10],
    [9, 10, 10],
    [0, 1, 1],
  ])('an HPA with its default tolerance at %i makes of %i', (current, wanted, lands) => {
    expect(landsOn(wanted, current, 0.1)).toBe(lands);
  });

  it('reports what would be swallowed, and rounds up out of the band only when asked to', () => {
    expect(landingStep(21, from(20), aPolicy({}))).toMatchObject({
      out: 21,
      reason: expect.stringContaining('would keep 20'),
    });
    expect(landingStep(21, from(20), aPolicy({ landing: { tolerance: 0.1 } }))).toMatchObject({
      out: 21,
      reason: expect.stringContaining('keeps 20 replicas instead of 21'),
    });
    expect(landingStep(21, from(20), aPolicy({ landing: { tolerance: 0.1, roundUp: true } })).out).toBe(23);
    expect(landingStep(19, from(20), aPolicy({ landing: { tolerance: 0.1, roundUp: true } })).out).toBe(19);
  });
});

describe('the lead', () => {
  it('is the default until five starts were measured, then the p95, capped, plus a sync and an evaluation', () => {
    expect(autoLead(aPolicy({}), null, 5_000)).toBe(300_000);
    expect(autoLead(aPolicy({}), 120_000, 5_000)).toBe(140_000);
    expect(autoLead(aPolicy({ coldStart: { max: 60_000 } }), 120_000, 5_000)).toBe(80_000);
  });
});

describe('the buffer', () => {
  const facts = { ...UNKNOWN_REPLICAS, ready: 2 };
  const base = { at: 0, target: 2, facts, calendar: aCalendar({ floor: 6 }), lead: 0, previous: null };

  it.each([
    { name: 'is the coming floor less what is there', fields: { buffer: { min: 0 } }, input: {}, out: 4 },
    { name: 'is at least min', fields: { buffer: { min: 1 } }, input: { calendar: null }, out: 1 },
    { name: 'is at most max', fields: { buffer: { max: 3 } }, input: {}, out: 3 },
    {
      name: 'leaves room below maxReplicas, even below min',
      fields: { maxReplicas: 3, buffer: { min: 2 } },
      input: {},
      out: 1,
    },
    {
      name: 'counts starting replicas as there',
      fields: { buffer: { min: 0 } },
      input: { facts: { ...facts, starting: 3 } },
      out: 1,
    },
    {
      name: 'does not fall while a pod is unscheduled',
      fields: { buffer: { min: 0 } },
      input: { calendar: null, previous: 3, facts: { ...facts, unschedulable: 1 } },
      out: 3,
    },
    { name: 'is none without a buffer policy', fields: {}, input: {}, out: 0 },
  ])('$name', ({ fields, input, out }) => {
    expect(bufferStep({ ...base, ...input }, aPolicy(fields)).out).toBe(out);
  });
});

describe('the demand', () => {
  const ready = 2;
  const of = (fields: object, sample: object) =>
    decideOnce(aSample(0, { ready, ...sample }), { fields: fields as never, state: aState({ target: 2 }) });

  it('takes the signal that asks for most', () => {
    const signals = { waiting: { target: 2 }, kvCacheUsage: { target: 0.5 } };
    expect(of({ signals }, { running: 10, waiting: 8, kvCacheUsage: 1 }).demand).toBe(4);
    expect(of({ signals }, { running: 10, waiting: 0, kvCacheUsage: 1.5 }).demand).toBe(3);
  });

  it('reads one signal alone when the policy names it', () => {
    expect(
      of({ signals: { only: 'waiting', waiting: { target: 2 } } }, { running: 500, waiting: 2 }).demand,
    ).toBe(1);
  });

  it('does not fall while a signal that the policy reads is unknown', () => {
    const decision = of(
      { signals: { kvCacheUsage: { target: 0.5 } }, downscaleDelay: 0 },
      { running: 1, kvCacheUsage: null },
    );
    expect(decision).toMatchObject({ held: 'partial', replicas: 2 });
  });

  it('caps what a custom query may ask for', () => {
    expect(
      of({ signals: { query: { promql: 'x', target: 1, cap: 7 } } }, { running: 0, query: 1e6 }).demand,
    ).toBe(7);
  });
});

describe('the horizon of a buffer', () => {
  it('begins buffer.lead before the floor is asked for, which is its own lead before it opens', () => {
    const open = 3_600_000;
    // As a compiled calendar answers: asked for from open - lead on.
    const calendar = {
      ...aCalendar({}),
      maxFloor: (_from: number, to: number, lead: number) => (to >= open - lead ? 4 : 0),
    };
    const policy = aPolicy({ buffer: { lead: 300_000 } });
    const at = (instant: number) =>
      bufferStep(
        { at: instant, target: 1, facts: UNKNOWN_REPLICAS, calendar, lead: 120_000, previous: null },
        policy,
      ).out;
    expect(at(open - 120_000 - 300_000 - 1)).toBe(0);
    expect(at(open - 120_000 - 300_000)).toBe(3);
  });
});

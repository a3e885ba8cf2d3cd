import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPolicy } from '../../src/config/policy-document.ts';
import type { PolicyFields } from '../../src/core/policy.ts';
import { absentSample, type Sample } from '../../src/core/sample.ts';
import { BUCKET_MS, type TrafficBucket } from '../../src/core/traffic-bucket.ts';
import { decide } from '../../src/decision/decide.ts';
import type { Decision } from '../../src/decision/record.ts';
import type { DecisionState } from '../../src/decision/state.ts';
import { learnTraffic, type Traffic } from '../../src/signal/traffic.ts';
import { aSample, aState } from '../support/decision.ts';

const DAY = 86_400_000;
const STEP = 5_000;
/** 09:00 of a day after ten days of history. */
const NOON = 10 * DAY + 9 * 3_600_000;
const COLD_START = { default: '2m' };

function fieldsOf(document: object = {}): PolicyFields {
  const { value, issues } = readPolicy({
    policy: 'p',
    preset: 'arrival-rate',
    maxReplicas: 100,
    coldStart: COLD_START,
    ...document,
  });
  if (value === undefined) throw new Error(JSON.stringify(issues));
  return value;
}

const carrying = (perReplica: number, more: object = {}) =>
  fieldsOf({ signals: { arrivalRate: { perReplica, headroom: 0, ...more } } });

/** Ten days alike: `before` 09:00 UTC and `after`, requests per second; with a queue where `busy` finish per replica. */
function traffic(before: number, after: number, busy: number | null = null): Traffic {
  const buckets = Array.from({ length: 2880 }, (_, index): TrafficBucket => {
    const at = index * BUCKET_MS;
    const rate = at % DAY < 9 * 3_600_000 ? before : after;
    const queue = busy !== null && index % 288 < 2;
    const finished = queue ? busy * 2 : rate;
    return { at, arrivals: rate, finished, ongoing: rate * 5, waiting: queue ? 4 : 0, replicas: 2 };
  });
  const clock = { slots: (at: number) => [{ kind: 'day', minute: Math.floor((at % DAY) / 60_000) }] };
  return learnTraffic(buckets, clock, 10 * DAY);
}

interface Scene {
  readonly at?: number;
  /** Requests a second. */
  readonly rate?: number | null;
  readonly sample?: Partial<Sample> & { ready?: number };
  readonly minutes?: number;
  readonly traffic?: Traffic | null;
  readonly state?: Partial<DecisionState>;
  readonly now?: Sample;
  readonly pending?: boolean;
}

/** Samples of the last minutes with a steady rate, and the decision at their end. */
function decided(fields: PolicyFields, scene: Scene): Decision {
  const { at = NOON, rate = 0, minutes = 11, sample = {} } = scene;
  const samples: Sample[] = [];
  for (let time = at - minutes * 60_000; time <= at; time += STEP) {
    const arrived = rate === null ? null : (rate * STEP) / 1000;
    samples.push(aSample(time, { ready: 4, running: (rate ?? 0) * 5, arrived, finished: 0, ...sample }));
  }
  if (scene.now !== undefined) samples[samples.length - 1] = scene.now;
  const input = {
    at,
    fields,
    calendar: null,
    samples,
    coldStartP95: null,
    evaluationInterval: STEP,
    traffic: scene.traffic ?? null,
    ...(scene.pending === undefined ? {} : { historyPending: scene.pending }),
  };
  return decide(input, aState({ target: 4, ...scene.state })).decision;
}

const reasonOf = (decision: Decision, step: string): string | undefined =>
  decision.steps.find((each) => each.step === step)?.reason;

describe('demand from the arrival rate', () => {
  it('is told in one sentence: what comes now, what is usual soon, what one replica carries', () => {
    const decision = decided(carrying(1.2), { at: NOON - 30_000, rate: 4, traffic: traffic(4, 5.6) });
    expect(decision.replicas).toBe(5);
    expect(decision.reason).toBe('3.88 requests/s now, x 1.4 expected within the next 3m, 1.2 a replica');
    expect(reasonOf(decision, 'arrivals')).toBe(
      '3.88 requests/s are proven over 10m (counted: 30s 4, 1m 4, 2m 4, 5m 4, 10m 4)',
    );
    expect(reasonOf(decision, 'season')).toBe(
      'x 1.4: 5.6 requests/s are usual within the next 3m, 4 over the last 10m (day, 10 days seen)',
    );
    expect(reasonOf(decision, 'capacity')).toBe('1.2 requests/s a replica: as configured');
  });

  it('goes ahead of the season by a cold start, and not before', () => {
    const at = (minutes: number) => NOON - minutes * 60_000;
    const usual = { rate: 4, traffic: traffic(4, 16) };
    expect(decided(carrying(1), { at: at(5), ...usual }).replicas).toBe(4);
    expect(decided(carrying(1), { at: at(3), ...usual }).replicas).toBe(16);
  });

  it.each([
    { name: 'has not been read', traffic: null, why: 'x 1: no history of days has been read' },
    {
      name: 'holds nothing',
      traffic: learnTraffic([], { slots: () => [] }, 0),
      why: 'x 1: 0 days of history say nothing of this time',
    },
  ])('stays what it is now where history $name', ({ traffic: known, why }) => {
    const decision = decided(carrying(1), { rate: 4, traffic: known });
    expect(decision.replicas).toBe(4);
    expect(decision.reason).toBe('3.88 requests/s now, no season known, 1 a replica');
    expect(reasonOf(decision, 'season')).toBe(why);
  });

  it('keeps a replica until demand is well below what one fewer carries', () => {
    const fields = { ...carrying(1), downscaleDelay: 0 };
    expect(decided(fields, { rate: 2.99 }).replicas).toBe(4);
    expect(decided(fields, { rate: 2.8 }).replicas).toBe(3);
  });

  it('asks for one replica for what is too little to be proven, and for none when nothing comes', () => {
    const fields = { ...carrying(1), minReplicas: 0, downscaleDelay: 0, downscaleToZeroDelay: 0 };
    const state = { target: 1 };
    expect(decided(fields, { rate: 0.002, state }).replicas).toBe(1);
    expect(decided(fields, { rate: 0, sample: { running: 1 }, state }).replicas).toBe(1);
    expect(decided(fields, { rate: 0, state }).replicas).toBe(0);
  });

  it('adds replicas for a queue that those which run do not clear before others could come', () => {
    const long = decided(carrying(1), { rate: 4, sample: { waiting: 360 } });
    expect(long.replicas).toBe(7);
    expect(long.reason).toContain('3 replicas for a queue that outlives a start');
    expect(decided(carrying(1), { rate: 2, sample: { waiting: 100 } }).replicas).toBe(4);
  });

  it('goes straight to the demand from nothing', () => {
    const decision = decided(carrying(1), { rate: 6, sample: { ready: 0 }, state: { target: 1 } });
    expect(decision.replicas).toBe(6);
  });

  it('wakes a fleet that is asleep where a gateway counts its requests', () => {
    const fields = { ...fieldsOf({ minReplicas: 0 }) };
    const signals = {
      only: 'arrivalRate' as const,
      arrivalRate: { perReplica: 1, headroom: 0, promql: 'gateway' },
    };
    const samples = Array.from({ length: 25 }, (_, index) => ({
      ...absentSample(NOON - (24 - index) * STEP, 'no series'),
      gateway: index * 15,
    }));
    const input = { at: NOON, calendar: null, samples, coldStartP95: null, evaluationInterval: STEP };
    const asleep = aState({ target: 0 });
    expect(decide({ ...input, fields: { ...fields, signals } }, asleep).decision.replicas).toBe(3);
    expect(decide({ ...input, fields }, asleep).decision.replicas).toBe(0);
  });
});

describe('what a replica carries', () => {
  it.each([
    {
      name: 'is four fifths of what busy replicas finish',
      traffic: traffic(4, 4, 2),
      reason: /^1\.6 requests\/s a replica: 0\.8 of the 2 that busy replicas finish \(the middle of 20 spans/,
    },
    {
      name: 'is the target over the stay of history until busy replicas were seen',
      traffic: traffic(4, 4),
      reason: /^2 requests\/s a replica: 10 ongoing requests \(the target\) that stay 5 s each;/,
    },
    {
      name: 'is the target over the stay of the last minutes without history',
      traffic: null,
      reason: /^2 requests\/s a replica: 10 ongoing requests \(the target\) that stay 5 s each;/,
    },
  ])('$name, when the policy does not say', ({ traffic: known, reason }) => {
    expect(reasonOf(decided(fieldsOf(), { rate: 4, traffic: known }), 'capacity')).toMatch(reason);
  });
});

describe('arrivals that are not known', () => {
  it("leave Ray Serve's demand to raise the fleet, and nothing to lower it", () => {
    const fields = { ...carrying(1), downscaleDelay: 0 };
    const busy = decided(fields, { rate: null, sample: { running: 75 } });
    expect(busy).toMatchObject({ replicas: 8, held: 'partial' });
    expect(busy.reason).toBe(
      'arrivals are not known over half a window yet; 75 ongoing requests at 10 each are 7.5 replicas',
    );
    expect(decided(fields, { rate: null, sample: { running: 1 } })).toMatchObject({ replicas: 4 });
  });

  it('name the counter that is not there', () => {
    const decision = decided(carrying(1), { rate: null, sample: { running: 75, finished: null } });
    expect(decision.reason).toContain('finished requests are not counted (vllm:request_success_total)');
  });

  it('change nothing while history is being read back', () => {
    const scene = { rate: null, sample: { running: 75 }, pending: true };
    expect(decided(carrying(1), scene)).toMatchObject({ replicas: 4 });
  });

  it.each([
    { name: 'stale', now: { ...aSample(NOON, { ready: 4 }), presence: 'stale' as const, why: 'old' } },
    { name: 'absent', now: absentSample(NOON, 'gone') },
    { name: 'partial', now: { ...aSample(NOON, { ready: 4, arrived: null }), missing: ['pod'] } },
  ])('never lower the fleet: $name', ({ now }) => {
    expect(decided({ ...carrying(1), downscaleDelay: 0 }, { rate: 0, now })).toMatchObject({ replicas: 4 });
  });
});

const anyRow = fc.record({
  arrived: fc.option(fc.integer({ min: 0, max: 80 }), { nil: null, freq: 8 }),
  waiting: fc.integer({ min: 0, max: 50 }),
  kind: fc.constantFrom('fresh', 'fresh', 'fresh', 'fresh', 'stale', 'absent', 'partial'),
});

describe('properties of the rule', () => {
  const fields = { ...carrying(0.8), downscaleDelay: 10_000 };

  function answersOf(rows: readonly { arrived: number | null; waiting: number; kind: string }[], more = 0) {
    let state: DecisionState = aState({ target: 3 });
    const samples: Sample[] = [];
    return rows.map(({ arrived, waiting, kind }, index) => {
      const at = NOON + index * STEP;
      const base = aSample(at, {
        ready: 3,
        running: 5,
        waiting,
        finished: 0,
        arrived: arrived === null ? null : arrived + more,
      });
      samples.push(
        kind === 'absent'
          ? absentSample(at, 'gone')
          : kind === 'stale'
            ? { ...base, presence: 'stale', why: 'old' }
            : kind === 'partial'
              ? { ...base, arrived: null, missing: ['pod'] }
              : base,
      );
      const input = {
        at,
        fields,
        calendar: null,
        samples: [...samples],
        coldStartP95: null,
        evaluationInterval: STEP,
      };
      const outcome = decide(input, state);
      const before = state.target ?? 0;
      state = outcome.state;
      return { kind, before, ...outcome.decision };
    });
  }

  it('never falls at an instant whose data are missing, and gives every number a reason', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 80 }), (rows) => {
        for (const { kind, before, replicas, steps } of answersOf(rows)) {
          const answer = replicas ?? Number.NaN;
          expect(Number.isInteger(answer)).toBe(true);
          expect(answer).toBeLessThanOrEqual(100);
          if (kind !== 'fresh') expect(answer).toBeGreaterThanOrEqual(before);
          expect(steps.every(({ reason }) => reason !== '' && !/NaN|undefined|null/.test(reason))).toBe(true);
        }
      }),
      { seed: 14, numRuns: 150 },
    );
  });

  it('never asks for less because more arrives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 130, maxLength: 130 }),
        fc.integer({ min: 0, max: 40 }),
        fc.nat(4),
        (arrived, more, before) => {
          const of = (extra: number) => {
            const samples = arrived.map((one, index) =>
              aSample(NOON + (index - 129) * STEP, {
                ready: 4,
                running: 9,
                finished: 0,
                arrived: one + extra,
              }),
            );
            const input = {
              at: NOON,
              fields,
              calendar: null,
              samples,
              coldStartP95: null,
              evaluationInterval: STEP,
            };
            return decide({ ...input, traffic: traffic(2, 2 + before) }, aState({ target: 4 })).decision;
          };
          expect(of(more).replicas ?? 0).toBeGreaterThanOrEqual(of(0).replicas ?? 0);
        },
      ),
      { seed: 15, numRuns: 60 },
    );
  });
});

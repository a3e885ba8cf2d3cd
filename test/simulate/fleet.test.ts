import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fleet } from '../../src/simulate/fleet.ts';
import { type ColdStart, createPod, DEFAULT_COLD_START } from '../../src/simulate/pod.ts';
import { DEFAULT_PROFILE } from '../../src/simulate/profiles.ts';
import { aLog, aRequest, type Log } from './morning-fixture.ts';

/** Pods that take exactly 100 s on a warm node. */
const EXACT: ColdStart = {
  start: { medianSeconds: 100, sigma: 0 },
  imagePull: null,
  node: { medianSeconds: 60, sigma: 0 },
  warmNodes: Number.POSITIVE_INFINITY,
};

function aFleet(given: Partial<ColdStart> = {}, log: Log = aLog()): Fleet {
  const coldStart = { ...EXACT, ...given };
  return new Fleet(0, { seed: 1, profile: DEFAULT_PROFILE, coldStart, gracePeriodMs: 30_000, listener: log });
}

const phases = (fleet: Fleet) => fleet.pods.map(({ phase }) => phase);

describe('a pod', () => {
  it.each([
    { name: 'a warm node', coldStart: DEFAULT_COLD_START, warm: true, median: 95 },
    {
      name: 'a warm node without the image',
      coldStart: { ...DEFAULT_COLD_START, imagePull: { medianSeconds: 150, sigma: 0.5 } },
      warm: true,
      median: 255,
    },
    { name: 'a new node', coldStart: DEFAULT_COLD_START, warm: false, median: 252 },
    {
      name: 'weights that are loaded apart',
      coldStart: { ...DEFAULT_COLD_START, weights: { medianSeconds: 48, sigma: 0 } },
      warm: true,
      median: 143,
    },
  ])('has the cold start of its parts: $name', ({ coldStart, warm, median }) => {
    const seconds = Array.from({ length: 4_000 }, (_, ordinal) => {
      const pod = createPod(0, { seed: 'quantiles', ordinal, coldStart, warm });
      return pod.readyAt / 1000;
    }).sort((a, b) => a - b);
    expect((seconds[2_000] ?? 0) / median).toBeGreaterThan(0.95);
    expect((seconds[2_000] ?? 0) / median).toBeLessThan(1.05);
  });

  it('of a warm node is ready within 169 s in 95 of 100 cases', () => {
    const seconds = Array.from({ length: 4_000 }, (_, ordinal) => {
      return createPod(0, { seed: 'p95', ordinal, coldStart: DEFAULT_COLD_START, warm: true }).readyAt / 1000;
    }).sort((a, b) => a - b);
    expect((seconds[3_800] ?? 0) / 169).toBeCloseTo(1, 1);
  });

  it('takes the same time whenever it is created', () => {
    const options = { seed: 3, ordinal: 5, coldStart: DEFAULT_COLD_START, warm: true };
    expect(createPod(7_000, options).readyAt - 7_000).toBe(createPod(0, options).readyAt);
  });
});

describe('a fleet', () => {
  it('is ready one cold start after it was asked for', () => {
    const fleet = aFleet();
    fleet.scale(2);
    fleet.advance(99_999);
    expect([fleet.specReplicas, fleet.statusReplicas, fleet.readyReplicas]).toEqual([2, 2, 0]);
    fleet.advance(100_000);
    expect(fleet.readyReplicas).toBe(2);
  });

  it('leaves a pod pending until a node came when no warm one is free', () => {
    const fleet = aFleet({ warmNodes: 1 });
    fleet.scale(2);
    expect(phases(fleet)).toEqual(['starting', 'pending']);
    fleet.advance(60_000);
    expect(phases(fleet)).toEqual(['starting', 'starting']);
    fleet.advance(159_999);
    expect(fleet.readyReplicas).toBe(1);
    fleet.advance(160_000);
    expect(fleet.readyReplicas).toBe(2);
  });

  it('keeps requests at the gateway until a pod is ready, then serves them', () => {
    const log = aLog();
    const fleet = aFleet({}, log);
    fleet.scale(1);
    fleet.submit(aRequest(), 0);
    expect([fleet.gatewayDepth, fleet.inFlight]).toEqual([1, 1]);
    fleet.advance(100_000);
    expect([fleet.gatewayDepth, fleet.inFlight]).toEqual([0, 1]);
    fleet.advance(150_000);
    expect(log.firstTokens.get(0)).toBeGreaterThan(100_000);
    expect(log.finishes.size).toBe(1);
  });

  it('loses clients at the gateway at their deadline', () => {
    const log = aLog();
    const fleet = aFleet({}, log);
    fleet.scale(1);
    fleet.submit(aRequest({ deadline: 30_000 }), 0);
    fleet.advance(40_000);
    expect(log.failures.get(0)).toEqual({ at: 30_000, reason: 'timeout' });
  });

  it('routes to the pod with the fewest requests', () => {
    const fleet = aFleet();
    fleet.startWarm(3);
    for (let id = 0; id < 7; id++) fleet.submit(aRequest({ id }), 0);
    expect(fleet.pods.map(({ replica }) => replica?.inFlight)).toEqual([3, 2, 2]);
  });

  it('deletes what is pending before what starts, that before what is ready, and of the ready the youngest', () => {
    const fleet = aFleet({ warmNodes: 3 });
    fleet.scale(1);
    fleet.advance(50_000);
    fleet.scale(2);
    fleet.advance(150_000);
    fleet.scale(4);
    expect(phases(fleet)).toEqual(['ready', 'ready', 'starting', 'pending']);
    const alive = [3, 2, 1, 0].map((replicas) => {
      fleet.scale(replicas);
      return fleet.pods.map(({ deletedAt }) => deletedAt === null);
    });
    expect(alive).toEqual([
      [true, true, true, false],
      [true, true, false, false],
      [true, false, false, false],
      [false, false, false, false],
    ]);
  });

  it('lets a deleted pod finish what it has and sends it nothing new', () => {
    const log = aLog();
    const fleet = aFleet({}, log);
    fleet.startWarm(2);
    fleet.submit(aRequest({ id: 0 }), 0);
    fleet.submit(aRequest({ id: 1 }), 0);
    fleet.scale(1);
    fleet.submit(aRequest({ id: 2 }), 1);
    expect(fleet.pods.map(({ replica }) => replica?.inFlight)).toEqual([2, 1]);
    fleet.advance(60_000);
    expect(log.finishes.size).toBe(3);
    expect(phases(fleet)).toEqual(['ready', 'gone']);
    expect(fleet.pods[1]?.goneAt).toBe(log.finishes.get(1));
  });

  it('kills a deleted pod at the end of its grace period', () => {
    const log = aLog();
    const fleet = aFleet({}, log);
    fleet.startWarm(1);
    fleet.submit(aRequest({ outputTokens: 5_000 }), 0);
    fleet.scale(0);
    fleet.advance(60_000);
    expect(log.failures.get(0)).toEqual({ at: 30_000, reason: 'pod-gone' });
    expect(fleet.gpuMs).toBe(30_000);
  });

  it('pays for a GPU from bound to gone: while it starts, and not while it is pending', () => {
    const fleet = aFleet({ warmNodes: 1 });
    fleet.scale(2);
    fleet.advance(200_000);
    expect(fleet.gpuMs).toBe(200_000 + 140_000);
    fleet.scale(0);
    fleet.advance(500_000);
    expect(fleet.gpuMs).toBe(340_000);
  });

  it('gives a pod the node of a pause pod at once, which then waits for a new one, and pays for both', () => {
    const fleet = aFleet({ warmNodes: 1 });
    fleet.startWarm(1);
    fleet.scaleBuffer(1);
    fleet.advance(100_000);
    expect(fleet.gpuTime.buffer).toBe(40_000);
    fleet.scale(3);
    expect(phases(fleet)).toEqual(['ready', 'starting', 'pending']);
    fleet.advance(160_000);
    expect(fleet.gpuTime.buffer).toBe(40_000);
    fleet.advance(170_000);
    expect(fleet.gpuTime.buffer).toBe(50_000);
    fleet.scaleBuffer(0);
    fleet.advance(400_000);
    expect(fleet.gpuTime.buffer).toBe(50_000);
  });

  it('routes in turn when told so, whatever the pods have', () => {
    const log = aLog();
    const fleet = new Fleet(0, {
      seed: 1,
      profile: DEFAULT_PROFILE,
      coldStart: EXACT,
      gracePeriodMs: 30_000,
      listener: log,
      router: 'round-robin',
    });
    fleet.startWarm(2);
    fleet.submit(aRequest({ id: 0, outputTokens: 1 }), 0);
    fleet.submit(aRequest({ id: 1, outputTokens: 5_000 }), 10_000);
    fleet.submit(aRequest({ id: 2, outputTokens: 5_000 }), 20_000);
    fleet.submit(aRequest({ id: 3, outputTokens: 5_000 }), 20_000);
    expect(fleet.pods.map(({ replica }) => replica?.inFlight)).toEqual([1, 2]);
  });

  it('never paid for a pod that was deleted before it had a node', () => {
    const fleet = aFleet({ warmNodes: 0 });
    fleet.scale(1);
    fleet.advance(10_000);
    fleet.scale(0);
    fleet.advance(500_000);
    expect(fleet.gpuMs).toBe(0);
  });

  const steps = fc.array(
    fc.record({
      gap: fc.integer({ min: 0, max: 40_000 }),
      replicas: fc.option(fc.integer({ min: 0, max: 5 })),
      patience: fc.constantFrom(5_000, 30_000),
      outputTokens: fc.integer({ min: 1, max: 900 }),
    }),
    { maxLength: 40 },
  );

  it('loses no request, whatever is scaled when: arrived = finished + failed + in flight', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const log = aLog();
        const fleet = aFleet({}, log);
        let at = 0;
        for (const [id, { gap, replicas, patience, outputTokens }] of given.entries()) {
          at += gap;
          fleet.submit(aRequest({ id, arrivedAt: at, deadline: at + patience, outputTokens }), at);
          if (replicas !== null) fleet.scale(replicas);
          expect(log.finishes.size + log.failures.size + fleet.inFlight).toBe(id + 1);
          expect(fleet.statusReplicas).toBe(fleet.specReplicas);
        }
        fleet.advance(at + 1_000_000);
        expect(log.finishes.size + log.failures.size).toBe(given.length);
      }),
      { numRuns: 60 },
    );
  });
});

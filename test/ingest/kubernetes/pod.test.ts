import { describe, expect, it } from 'vitest';
import { coldStartOf, readPod } from '../../../src/ingest/kubernetes/pod.ts';
import { podFacts } from '../../../src/ingest/kubernetes/pod-facts.ts';
import { aPod, type PodOptions, T0 } from '../../support/kubernetes.ts';

const pod = (options: PodOptions) => readPod(aPod(options));
const NO_ROOM = { since: 1, message: '0/4 nodes are available: 4 Insufficient nvidia.com/gpu.' };

describe('a pod', () => {
  it('is read as far along as it is', () => {
    expect(pod({})).toMatchObject({
      created: T0,
      scheduled: null,
      started: null,
      ready: false,
      unschedulable: null,
    });
    expect(pod({ unschedulable: NO_ROOM }).unschedulable).toEqual({
      since: T0 + 1_000,
      message: NO_ROOM.message,
    });
    expect(pod({ scheduled: 2, started: 30, ready: 90 })).toMatchObject({
      scheduled: T0 + 2_000,
      started: T0 + 30_000,
      ready: true,
      readySince: T0 + 90_000,
      unschedulable: null,
    });
    expect(pod({ deleted: 5 }).deleted).toBe(T0 + 5_000);
  });

  it('that is gated waits for a node, and one that the scheduler has not seen does not', () => {
    const gated = {
      since: 0,
      message: 'Scheduling is blocked due to non-empty scheduling gates',
      reason: 'SchedulingGated',
    };
    expect(pod({ unschedulable: gated }).unschedulable?.message).toContain('gates');
    expect(pod({ unschedulable: { ...NO_ROOM, reason: 'SchedulerError' } }).unschedulable).toBeNull();
  });

  it.each([
    ['7', 7],
    ['-100', -100],
    ['', 0],
    ['many', 0],
    ['1.5', 0],
  ])('with a deletion cost of %j costs %i', (text, cost) => {
    const annotations = { 'controller.kubernetes.io/pod-deletion-cost': text };
    expect(pod({ annotations }).deletionCost).toBe(cost);
  });

  it.each([
    ['nothing', {}],
    ['null', null],
    ['text', 'pod'],
    [
      'wrong types',
      { metadata: { labels: [1], name: 4, creationTimestamp: 'soon' }, status: { conditions: { a: 1 } } },
    ],
    ['holes', { metadata: null, spec: null, status: { conditions: [null, 3], containerStatuses: [null] } }],
  ])('of %s is a pod of which nothing is known', (_, object) => {
    expect(readPod(object)).toMatchObject({
      name: '',
      created: 0,
      ready: false,
      scheduled: null,
      started: null,
    });
  });

  it("keeps the scheduler's message on one line and short", () => {
    const message = `no\nroom\u001b[31m ${'x'.repeat(1_000)}`;
    const kept = pod({ unschedulable: { since: 0, message } }).unschedulable?.message ?? '';
    expect(kept).toHaveLength(400);
    expect(kept.startsWith('no room [31m xxx')).toBe(true);
  });
});

describe('a cold start', () => {
  const before = pod({ scheduled: 1, started: 40 });

  it('is created to ready, told apart by lever', () => {
    const now = pod({ scheduled: 1, started: 40, ready: 100 });
    expect(coldStartOf(before, now, T0 + 35_000)).toEqual({
      total: 100_000,
      nodeWait: null,
      levers: { node: 1_000, image: 34_000, container: 5_000, runtime: 60_000 },
    });
  });

  it('whose pull was not seen has the image in the lever of the container', () => {
    const now = pod({ scheduled: 1, started: 40, ready: 100 });
    expect(coldStartOf(before, now, null)?.levers).toEqual({
      node: 1_000,
      container: 39_000,
      runtime: 60_000,
    });
  });

  it('leaves out the time that no node took it, and counts that as the wait for a node', () => {
    const waited = pod({ created: 0, scheduled: 240, started: 250, ready: 300 });
    expect(coldStartOf(pod({ unschedulable: NO_ROOM }), waited, null)).toMatchObject({
      total: 60_000,
      nodeWait: 240_000,
      levers: { node: 240_000, runtime: 50_000 },
    });
  });

  it.each<[string, PodOptions, PodOptions]>([
    ['was ready before', { scheduled: 1, started: 2, ready: 3 }, { scheduled: 1, started: 2, ready: 3 }],
    ['has restarted', { scheduled: 1 }, { scheduled: 1, started: 40, ready: 100, restarts: 1 }],
    ['is on its way out', { scheduled: 1 }, { scheduled: 1, started: 40, ready: 100, deleted: 101 }],
    ['is still starting', { scheduled: 1 }, { scheduled: 1, started: 40 }],
  ])('is none of a pod that %s', (_, then, now) => {
    expect(coldStartOf(pod(then), pod(now), null)).toBeNull();
  });

  it('is none of a pod that had lost its readiness', () => {
    const lost = { ...pod({ scheduled: 1, started: 40 }), readySince: T0 + 500_000 };
    expect(coldStartOf(lost, pod({ scheduled: 1, started: 40, ready: 600 }), null)).toBeNull();
  });

  it('does not take the pull of an earlier life for its own', () => {
    const now = pod({ scheduled: 100, created: 99, started: 140, ready: 200 });
    expect(coldStartOf(pod({ created: 99, scheduled: 100 }), now, T0 + 20_000)?.levers.image).toBeUndefined();
  });
});

describe('the pods of a target', () => {
  it('are counted by what they are, the longest wait named', () => {
    const facts = podFacts([
      pod({ name: 'a', scheduled: 1, started: 2, ready: 3 }),
      pod({ name: 'b', created: 50, scheduled: 51 }),
      pod({ name: 'd', created: 60, unschedulable: { since: 70, message: 'later' } }),
      pod({ name: 'c', created: 60, unschedulable: { since: 62, message: 'no room' } }),
      pod({ name: 'e', created: 0, scheduled: 1, started: 2, ready: 3, deleted: 90 }),
    ]);
    expect(facts).toEqual({
      created: 4,
      ready: 1,
      starting: 3,
      startingSince: T0 + 50_000,
      unschedulable: 2,
      longestUnschedulable: { pod: 'c', since: T0 + 62_000, message: 'no room' },
      terminating: 1,
    });
  });
});

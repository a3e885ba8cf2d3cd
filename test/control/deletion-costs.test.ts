import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CostChange, planCosts } from '../../src/control/deletion-costs.ts';
import { type Pod, readPod } from '../../src/ingest/kubernetes/pod.ts';
import { aPod } from '../support/kubernetes.ts';

const pod = (name: string, deletionCost = 0, ready = true): Pod => ({
  ...readPod(aPod({ name, scheduled: 1, started: 2, ...(ready ? { ready: 3 } : {}) })),
  deletionCost,
});
const shown = (changes: readonly CostChange[]) => changes.map(({ pod: { name }, cost }) => [name, cost]);
const busy = (loads: Record<string, number>) => new Map(Object.entries(loads));

/** The pods that a ReplicaSet would remove: those that are not ready first, then the cheapest. */
function removed(pods: readonly Pod[], count: number): readonly string[] {
  const order = [...pods].sort(
    (a, b) => Number(a.ready) - Number(b.ready) || a.deletionCost - b.deletionCost,
  );
  return order.slice(0, count).map(({ name }) => name);
}

const applied = (pods: readonly Pod[], changes: readonly CostChange[]): readonly Pod[] =>
  pods.map((one) => {
    const change = changes.find((candidate) => candidate.pod.name === one.name);
    return change === undefined ? one : { ...one, deletionCost: change.cost ?? 0 };
  });

describe('pod deletion costs', () => {
  it('are written below zero for the idlest pods alone', () => {
    const pods = [pod('a'), pod('b'), pod('c'), pod('d')];
    expect(shown(planCosts(pods, busy({ a: 9, b: 0, c: 4, d: 7 }), 2))).toEqual([
      ['b', -2],
      ['c', -1],
    ]);
  });

  it('are not written again while the order is right, whatever the numbers are', () => {
    const pods = [pod('a'), pod('b', -2), pod('c', -1), pod('d')];
    expect(planCosts(pods, busy({ a: 9, b: 4, c: 0, d: 7 }), 2)).toEqual([]);
    expect(planCosts(pods, busy({ a: 90, b: 1, c: 1, d: 1 }), 2)).toEqual([]);
  });

  it('move when another pod becomes the idle one', () => {
    const pods = [pod('a'), pod('b', -1), pod('c')];
    expect(shown(planCosts(pods, busy({ a: 0, b: 6, c: 4 }), 1))).toEqual([
      ['a', -1],
      ['b', null],
    ]);
  });

  it('leave it to the ReplicaSet where pods that are not ready go first, or all of them go', () => {
    expect(planCosts([pod('a'), pod('b', 0, false)], busy({ a: 3 }), 1)).toEqual([]);
    expect(planCosts([pod('a')], busy({ a: 3 }), 1)).toEqual([]);
    expect(planCosts([], busy({}), 3)).toEqual([]);
  });

  it('are not guessed while the requests of some pod are not known', () => {
    expect(planCosts([pod('a'), pod('b')], busy({ a: 3 }), 1)).toEqual([]);
  });

  it('let go of the fewest requests, and need no second write', () => {
    const fleets = fc.array(
      fc.record({ load: fc.nat(5), cost: fc.integer({ min: -3, max: 2 }), ready: fc.boolean() }),
      { minLength: 2, maxLength: 8 },
    );
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 7 }), (drawn, going) => {
        const pods = drawn.map(({ cost, ready }, index) => pod(`p${index}`, cost, ready));
        const running = new Map(drawn.map(({ load }, index) => [`p${index}`, load]));
        const after = applied(pods, planCosts(pods, running, going));
        const ready = after.filter((one) => one.ready);
        const most = Math.min(going - (after.length - ready.length), ready.length - 1);
        if (most <= 0) return;
        const load = (names: readonly string[]) =>
          names.reduce((sum, name) => sum + (running.get(name) ?? 0), 0);
        const fewest = [...ready].map(({ name }) => running.get(name) ?? 0).sort((a, b) => a - b);
        expect(load(removed(ready, most))).toBe(fewest.slice(0, most).reduce((sum, one) => sum + one, 0));
        expect(planCosts(after, running, going)).toEqual([]);
      }),
      { seed: 20261121 },
    );
  });
});

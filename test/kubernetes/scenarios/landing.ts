import { expect, it } from 'vitest';
import { pause } from '../harness/processes.ts';
import { specsSince } from '../harness/timelines.ts';
import { aPolicy, loadFor } from './policies.ts';
import type { Scenario } from './scenario.ts';

/** Every number of 1 to 40 once: falls and rises by one within what would be the HPA's band, leaps, and back and forth. */
const ROUTES = {
  'falling-by-one': [40, 39, 38, 37, 36, 35, 34, 33, 32, 31],
  'rising-by-one': [21, 22, 23, 24, 25, 26, 27, 28, 29, 30],
  'to-and-fro': [20, 11, 19, 12, 18, 13, 17, 14, 16, 15],
  'small-leaps': [10, 1, 9, 2, 8, 3, 7, 4, 6, 5],
} as const;

/** A few of them, each within 10 % of the one before but for the first and the last. */
const WITHIN_THE_BAND = { 'within-the-band': [20, 21, 22, 21, 9] } as const;

export const landingFiles = { 'policy-landing.yaml': aPolicy('landing') };

const ALL = { ...ROUTES, ...WITHIN_THE_BAND };
type Route = keyof typeof ALL;

export function landing(
  { world, calm, record }: Scenario,
  routes: readonly Route[] = Object.keys(ROUTES) as Route[],
): void {
  it.for(routes)('lands exactly on each number it is told: %s', async (name) => {
    const fleet = await world().fleet({ namespace: name, scaler: calm(), policy: 'landing', load: 5 });
    await fleet.settles(1);
    for (const replicas of ALL[name]) {
      const from = Date.now();
      fleet.timeline.mark(`load of ${replicas}`);
      fleet.load(loadFor(replicas));
      await fleet.settles(replicas);
      // Two syncs on: it has stayed there.
      await pause(4_000);
      expect(specsSince(fleet.timeline, from).at(-1)).toBe(replicas);
    }
    record(`landing-${name}`, fleet);
  });

  it('goes from 1 to 40 and back in one step each', async () => {
    const fleet = await world().fleet({ namespace: 'far', scaler: calm(), policy: 'landing', load: 5 });
    await fleet.settles(1);
    const from = Date.now();
    fleet.timeline.mark('load of 40');
    fleet.load(loadFor(40));
    await fleet.settles(40);
    fleet.timeline.mark('load of 1');
    fleet.load(loadFor(1));
    await fleet.settles(1);
    expect(specsSince(fleet.timeline, from)).toEqual([1, 40, 1]);
    record('far', fleet);
  });
}

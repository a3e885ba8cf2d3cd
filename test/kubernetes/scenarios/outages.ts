import { expect, it } from 'vitest';
import type { Program } from '../harness/processes.ts';
import { pause } from '../harness/processes.ts';
import { specsSince } from '../harness/timelines.ts';
import type { World } from '../harness/world.ts';
import { loadFor } from './policies.ts';
import type { Scenario } from './scenario.ts';

/** These stop what all fleets need, so they run after everything else, one by one. */
export function outages({ world, calm, record }: Scenario): void {
  it.each([
    { name: 'keda-restart', what: 'the KEDA operator', program: ({ plane }: World): Program => plane.keda },
    { name: 'api-restart', what: 'the API server', program: ({ plane }: World): Program => plane.apiserver },
  ])('neither shrinks nor flaps while $what is away for 15 s, in the middle of a rise', async (outage) => {
    const fleet = await world().fleet({
      namespace: outage.name,
      scaler: calm(),
      policy: 'landing',
      load: loadFor(5),
    });
    await fleet.settles(5);
    const from = Date.now();
    const program = outage.program(world());
    fleet.timeline.mark('load of 12');
    fleet.load(loadFor(12));
    fleet.timeline.mark(`${outage.what} stops`);
    await program.stop();
    await pause(15_000);
    fleet.timeline.mark('it starts again');
    await program.start();
    await fleet.settles(12);
    await pause(10_000);
    record(outage.name, fleet);
    expect(specsSince(fleet.timeline, from)).toEqual([5, 12]);
  });
}

import { expect, it } from 'vitest';
import { until } from '../harness/control-plane.ts';
import { aDeployment, aNode, aScaledObject, PAUSE_PRIORITY } from '../harness/objects.ts';
import { pause } from '../harness/processes.ts';
import { specsSince } from '../harness/timelines.ts';
import { applyNode } from '../harness/world.ts';
import { aPolicy, loadFor } from './policies.ts';
import type { Scenario } from './scenario.ts';

export const capacityFiles = {
  'policy-buffered.yaml': aPolicy('buffered', { maxReplicas: 6, buffer: '{min: 2, max: 2}' }),
  'policy-full.yaml': aPolicy('full', { maxReplicas: 12, provisionTimeout: '10s' }),
};

export function capacity({ world, calm, record }: Scenario): void {
  it('gives the nodes of pause pods to a rise at once, and back after it', async () => {
    const { api, timelines } = world();
    await applyNode(api, aNode('four-gpus', 'buffered', 4));
    const fleet = await world().fleet({
      namespace: 'buffered',
      scaler: calm(),
      policy: 'buffered',
      pool: 'buffered',
      load: loadFor(2),
      replicas: 2,
    });
    const buffer = { namespace: 'buffered', name: 'vllm-buffer' };
    await api.apply(
      aDeployment({ ...buffer, pool: 'buffered', replicas: 0, priorityClassName: PAUSE_PRIORITY }),
    );
    await api.apply(
      aScaledObject({
        ...buffer,
        minReplicaCount: 0,
        cooldownPeriod: 2,
        metadata: { scalerAddress: calm().address, role: 'buffer', fleet: 'vllm', policy: 'buffered' },
      }),
    );
    await fleet.settles(2);
    const pauseReady = () => timelines.of(buffer.namespace, buffer.name).now().ready;
    await until('two pause pods', () => pauseReady() === 2);
    fleet.timeline.mark('load of 4');
    const risen = Date.now();
    fleet.load(loadFor(4));
    await fleet.settles(4);
    await until('the pause pods are evicted', () => pauseReady() === 0);
    expect(specsSince(fleet.timeline, risen)).toEqual([2, 4]);
    fleet.timeline.mark('load of 2');
    fleet.load(loadFor(2));
    await fleet.settles(2);
    await until('the pause pods are back', () => pauseReady() === 2);
    record('buffered', fleet);
    record(
      'buffered-pause-pods',
      { timeline: timelines.of(buffer.namespace, buffer.name) },
      fleet.timeline.marks,
    );
  });

  it('asks for no more while nodes are full, says so, and goes on when there is room', async () => {
    const { api } = world();
    await applyNode(api, aNode('full', 'full', 4));
    const fleet = await world().fleet({
      namespace: 'full',
      scaler: calm(),
      policy: 'full',
      pool: 'full',
      load: loadFor(3),
    });
    await fleet.settles(3);
    fleet.timeline.mark('load of 6');
    fleet.load(loadFor(6));
    await fleet.reaches(6);
    const explained = () => calm().explain('full', 'vllm');
    await until('two that wait', async () => (await explained()).replicaFacts.unschedulable === 2);
    // provisionTimeout, counted from no later than this.
    await pause(11_000);
    fleet.timeline.mark('load of 9');
    fleet.load(loadFor(9));
    await until('the reason', async () => {
      const { steps } = await explained();
      return steps.some(({ reason }) => /no further rise: 2 replicas could not be scheduled/.test(reason));
    });
    // Three syncs of the HPA.
    await pause(6_000);
    expect(fleet.spec()).toBe(6);
    fleet.timeline.mark('a node joins');
    await applyNode(api, aNode('new', 'full', 8));
    await fleet.settles(9);
    expect(specsSince(fleet.timeline, 0)).toEqual([1, 3, 6, 9]);
    record('full', fleet);
  });
}

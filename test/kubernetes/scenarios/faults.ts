import { expect, it } from 'vitest';
import { pause } from '../harness/processes.ts';
import { specsSince } from '../harness/timelines.ts';
import { aPolicy, loadFor } from './policies.ts';
import type { Scenario } from './scenario.ts';

const SECOND = 1_000;
const files = { 'policy-steady.yaml': aPolicy('steady') };

export function killed({ world, record }: Scenario): void {
  it('shrinks nothing and gets there when the scaler is killed in mid-ramp', async () => {
    const scaler = await world().scaler({ name: 'killed', files });
    const fleet = await world().fleet({
      namespace: 'killed',
      scaler,
      policy: 'steady',
      load: 5,
      readyAfter: '5s',
    });
    await fleet.settles(1);
    const from = Date.now();
    for (const replicas of [5, 10]) {
      fleet.timeline.mark(`load of ${replicas}`);
      fleet.load(loadFor(replicas));
      await pause(6 * SECOND);
    }
    fleet.load(loadFor(15));
    await pause(SECOND);
    fleet.timeline.mark('scaler killed');
    await scaler.stop('SIGKILL');
    fleet.load(loadFor(20));
    await pause(8 * SECOND);
    fleet.timeline.mark('started again');
    await scaler.start();
    await fleet.settles(20);
    await pause(10 * SECOND);
    const specs = specsSince(fleet.timeline, from);
    record('killed', fleet);
    await scaler.stop();
    expect(specs).toEqual([...specs].sort((a, b) => a - b));
    expect(specs.at(-1)).toBe(20);
  });
}

/** Any outage that is longer than `staleAfter` and every delay together tells the same, s. */
export function blinded({ world, record }: Scenario, outage = 120): void {
  it(`holds what runs while Prometheus is stopped for ${outage} s, and falls once it is back`, async () => {
    const prometheus = await world().anotherPrometheus();
    const scaler = await world().scaler({ name: 'blind', prometheus: prometheus.url, files });
    const fleet = await world().fleet({ namespace: 'blind', scaler, policy: 'steady', load: loadFor(6) });
    await fleet.settles(6);
    await pause(5 * SECOND);
    const from = Date.now();
    fleet.timeline.mark('Prometheus stops');
    await prometheus.pause();
    fleet.load(loadFor(2));
    await pause(outage * SECOND);
    expect(specsSince(fleet.timeline, from)).toEqual([6]);
    expect((await scaler.explain('blind', 'vllm')).held).not.toBeNull();
    fleet.timeline.mark('Prometheus goes on');
    prometheus.resume();
    await fleet.settles(2);
    expect(specsSince(fleet.timeline, from)).toEqual([6, 2]);
    record('blind', fleet);
    await scaler.stop();
  });
}

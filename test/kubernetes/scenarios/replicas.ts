import { expect, it } from 'vitest';
import { freePort } from '../../support/prometheus.ts';
import { until } from '../harness/control-plane.ts';
import { startNameServer } from '../harness/names.ts';
import { pause } from '../harness/processes.ts';
import type { Scaler } from '../harness/scaler.ts';
import { startService } from '../harness/service.ts';
import { specsSince } from '../harness/timelines.ts';
import { MODEL } from '../harness/vllm.ts';
import { aPolicy, loadFor } from './policies.ts';
import type { Scenario } from './scenario.ts';

const SECOND = 1_000;
const files = { 'policy-pair.yaml': aPolicy('pair') };

export function replicas({ world, record }: Scenario): void {
  it('is answered alike by two scalers behind one name, and does not shrink while they disagree', async () => {
    const port = String(await freePort());
    const one = await world().scaler({ name: 'pair-1', files, grpc: `127.0.0.1:${port}` });
    const two = await world().scaler({ name: 'pair-2', files, grpc: `127.0.0.2:${port}` });
    const names = await startNameServer(['127.0.0.1', '127.0.0.2']);
    try {
      const fleet = await world().fleet({
        namespace: 'pair',
        scaler: { address: names.target('bellwether.test', port) },
        policy: 'pair',
        load: loadFor(3),
        scaledObject: { scaleDownWindowSeconds: 30 },
      });
      const from = Date.now();
      for (const wanted of [3, 8]) {
        fleet.timeline.mark(`load of ${wanted}`);
        fleet.load(loadFor(wanted));
        await fleet.settles(wanted);
        await pause(3 * SECOND);
        const answers = await Promise.all([one, two].map((scaler) => scaler.explain('pair', 'vllm')));
        expect(answers.map((answer) => answer.replicas)).toEqual([wanted, wanted]);
      }
      expect(specsSince(fleet.timeline, from).filter((spec) => spec > 1)).toEqual([3, 8]);

      fleet.timeline.mark('they disagree');
      await two.write('policy-pair.yaml', aPolicy('pair', { targetOngoingRequests: 40 }));
      await until('the other opinion', async () => (await two.explain('pair', 'vllm')).replicas === 2);
      // Well within the HPA's window: KEDA 2.21 makes two calls an evaluation, so one of two may get all GetMetrics.
      await pause(15 * SECOND);
      await two.write('policy-pair.yaml', aPolicy('pair'));
      fleet.timeline.mark('they agree');
      await pause(30 * SECOND);
      expect(specsSince(fleet.timeline, from).filter((spec) => spec > 1)).toEqual([3, 8]);
      record('pair', fleet);
      await Promise.all([one.stop(), two.stop()]);
    } finally {
      await names.stop();
    }
  });

  it('is upgraded twice without an error in what KEDA says of its ScaledObject', async () => {
    // Known before KEDA asks, as by a watch of the cluster: a fleet seen for the first time may need longer than a call.
    const config = `fleets: [{namespace: rolling, name: vllm, model: "${MODEL}", policy: pair}]\n`;
    const aRelease = async (name: string): Promise<Scaler> => {
      const scaler = await world().scaler({ name, files, config });
      const decided = async () => (await scaler.explain('rolling', 'vllm')).replicas !== null;
      await until(`a decision of ${name}`, async () => name === 'rolling-0' || (await decided()));
      return scaler;
    };
    const old = await aRelease('rolling-0');
    const service = await startService(old.address);
    try {
      const fleet = await world().fleet({
        namespace: 'rolling',
        scaler: service,
        policy: 'pair',
        load: loadFor(4),
      });
      await fleet.settles(4);
      await pause(3 * SECOND);
      const said = (await world().plane.keda.said()).length;
      let serving = old;
      for (const step of [1, 2]) {
        const next = await aRelease(`rolling-${step}`);
        fleet.timeline.mark('upgrade');
        service.pointAt(next.address);
        await serving.stop('SIGTERM');
        serving = next;
        await pause(8 * SECOND);
      }
      const errors = (await world().plane.keda.said())
        .slice(said)
        .split('\n')
        .filter((line) => /error/i.test(line) && line.includes('rolling'));
      expect(errors).toEqual([]);
      fleet.timeline.mark('load of 7');
      fleet.load(loadFor(7));
      await fleet.settles(7);
      expect(specsSince(fleet.timeline, 0).filter((spec) => spec > 1)).toEqual([4, 7]);
      record('rolling', fleet);
      await serving.stop();
    } finally {
      await service.stop();
    }
  });
}

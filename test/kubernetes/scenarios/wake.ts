import { expect, it } from 'vitest';
import { KedaClient } from '../../support/keda-client.ts';
import { freePort } from '../../support/prometheus.ts';
import { until } from '../harness/control-plane.ts';
import { pause } from '../harness/processes.ts';
import { MODEL } from '../harness/vllm.ts';
import { alwaysFloor, aPolicy } from './policies.ts';
import type { Scenario } from './scenario.ts';

/** From our decision to the message on the stream, ms. */
const PUSH_BUDGET = 100;

export function wake({ world, record }: Scenario): void {
  it('sleeps at zero and is woken by a push, long before KEDA would have asked', async () => {
    const scaler = await world().scaler({
      name: 'zero',
      files: {
        'policy-zero.yaml': aPolicy('zero', { minReplicas: 0, downscaleToZeroDelay: '3s' }),
        'calendar-zero.yaml': alwaysFloor('zero', 0),
      },
    });
    const metadata = { calendar: 'zero' };
    const scaledObject = { minReplicaCount: 0, cooldownPeriod: 2 };
    const fleet = await world().fleet({
      namespace: 'zero',
      scaler,
      policy: 'zero',
      load: 5,
      metadata,
      scaledObject,
    });
    await fleet.settles(1);
    fleet.timeline.mark('no load');
    fleet.load(0);
    await fleet.settles(0);

    // From here on KEDA asks every two minutes: what wakes the fleet is the push.
    await world().api.patch('/apis/keda.sh/v1alpha1/namespaces/zero/scaledobjects/vllm', {
      spec: { pollingInterval: 120 },
    });
    await pause(5_000);
    const stream = new KedaClient(scaler.address);
    const pushed = firstTrue(stream, { calendar: 'zero', policy: 'zero', scalerAddress: scaler.address });
    fleet.timeline.mark('a window opens');
    await scaler.write('calendar-zero.yaml', alwaysFloor('zero', 2));
    const pushedAt = await pushed;
    stream.close();
    await fleet.settles(2, 30_000);
    record('zero', fleet);

    const decision = scaler.log().findLast(({ msg, to }) => msg === 'decision changed' && to === 2);
    const woken = fleet.timeline.moments.findLast(
      ({ spec }, index, all) => all[index - 1]?.spec === 0 && spec > 0,
    );
    const ours = pushedAt - Number(decision?.time);
    process.stderr.write(
      `wake: decision to push ${ours} ms, push to spec.replicas ${(woken?.at ?? 0) - pushedAt} ms (KEDA)\n`,
    );
    expect(ours).toBeLessThanOrEqual(PUSH_BUDGET);
  });

  it('is still woken by a push after KEDA was answered with errors three times in a row', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const scaler = await world().scaler({
      name: 'errors',
      prometheus: nobody,
      files: {
        'policy-zero.yaml': aPolicy('zero', { minReplicas: 0 }),
        'calendar-zero.yaml': alwaysFloor('zero', 0),
      },
    });
    const fleet = await world().fleet({
      namespace: 'errors',
      scaler,
      policy: 'zero',
      replicas: 0,
      metadata: { calendar: 'zero' },
      scaledObject: { minReplicaCount: 0, cooldownPeriod: 2 },
    });
    // Nothing is known, so nothing is answered by value.
    await until('three errors', async () => (await refusals(scaler.http)) >= 3);
    fleet.timeline.mark('a window opens');
    await scaler.write('calendar-zero.yaml', alwaysFloor('zero', 1));
    // KEDA's back-off may have grown meanwhile, to a minute at most.
    await fleet.reaches(1, 90_000);
    record('errors', fleet);
  });
}

/** When the stream first says `true`; epoch ms. */
function firstTrue(client: KedaClient, metadata: Readonly<Record<string, string>>): Promise<number> {
  const ref = { name: 'vllm', namespace: 'zero', scalerMetadata: { model: MODEL, ...metadata } };
  const stream = client.stream<{ result: boolean }>('StreamIsActive', ref);
  stream.on('error', () => {});
  return new Promise((resolve) => {
    stream.on('data', ({ result }) => {
      if (result) resolve(Date.now());
    });
  });
}

/** How often GetMetrics was answered UNAVAILABLE. */
async function refusals(http: string): Promise<number> {
  const text = await (await fetch(`http://${http}/metrics`)).text();
  const line = text
    .split('\n')
    .find((one) => /^bellwether_grpc_requests_total\{.*GetMetrics".*UNAVAILABLE/i.test(one));
  return Number(line?.split(' ').at(-1) ?? 0);
}

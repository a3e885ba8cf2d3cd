import { expect, it } from 'vitest';
import { anAuthority, type Certificate } from '../../support/certificates.ts';
import type { KubeApi } from '../harness/api.ts';
import { aNamespace } from '../harness/objects.ts';
import { pause } from '../harness/processes.ts';
import { aPolicy, loadFor } from './policies.ts';
import type { Scenario } from './scenario.ts';

const NAMESPACE = 'mtls';

export function mtls({ world, record }: Scenario): void {
  it('speaks mTLS by a TriggerAuthentication, through a rotation of both certificates', async () => {
    const { api } = world();
    const authority = anAuthority('bellwether-ca');
    const pem = ({ cert, key }: Certificate) => ({ 'tls.crt': cert, 'tls.key': key });
    const scaler = await world().scaler({
      name: NAMESPACE,
      files: {
        'policy-mtls.yaml': aPolicy('mtls'),
        'ca.crt': authority.cert,
        ...pem(authority.issue('bellwether')),
      },
      config: 'tls: {certFile: tls.crt, keyFile: tls.key, clientCaFile: ca.crt}\n',
    });
    await api.apply(aNamespace(NAMESPACE));
    await giveKeda(api, authority.cert, authority.issue('keda'));
    const fleet = await world().fleet({
      namespace: NAMESPACE,
      scaler: { address: `localhost:${scaler.address.split(':')[1]}` },
      policy: 'mtls',
      load: loadFor(2),
      metadata: { enableTLS: 'true' },
      scaledObject: { authentication: 'bellwether' },
    });
    await fleet.settles(2);

    const said = (await world().plane.keda.said()).length;
    const renewed = pem(authority.issue('bellwether-renewed'));
    fleet.timeline.mark('certificates rotated');
    for (const [name, text] of Object.entries(renewed)) await scaler.put(name, text);
    await giveKeda(api, authority.cert, authority.issue('keda-renewed'));
    await pause(3_000);
    fleet.load(loadFor(4));
    await fleet.settles(4);
    const errors = (await world().plane.keda.said())
      .slice(said)
      .split('\n')
      .filter((line) => /error/i.test(line) && line.includes(NAMESPACE));
    expect(errors).toEqual([]);

    // The next handshake is by the renewed ones.
    fleet.timeline.mark('scaler restarted');
    await scaler.stop();
    await scaler.start();
    fleet.load(loadFor(6));
    await fleet.settles(6);
    record('mtls', fleet);
    await scaler.stop();
  });
}

async function giveKeda(api: KubeApi, ca: string, { cert, key }: Certificate): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  await api.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: NAMESPACE, name: 'keda-client' },
    data: { 'ca.crt': base64(ca), 'tls.crt': base64(cert), 'tls.key': base64(key) },
  });
  const parameters = { caCert: 'ca.crt', tlsClientCert: 'tls.crt', tlsClientKey: 'tls.key' };
  await api.apply({
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'TriggerAuthentication',
    metadata: { namespace: NAMESPACE, name: 'bellwether' },
    spec: {
      secretTargetRef: Object.entries(parameters).map(([parameter, key]) => ({
        parameter,
        name: 'keda-client',
        key,
      })),
    },
  });
}

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { checkCluster } from '../../../src/cli/check-cluster.ts';
import { clientTool, helmBinary } from '../../support/helm-binary.ts';
import { until } from '../harness/control-plane.ts';
import { aNamespace } from '../harness/objects.ts';
import type { Scenario } from './scenario.ts';

const run = promisify(execFile);
const DEPLOY = fileURLToPath(new URL('../../../deploy', import.meta.url));
const EXAMPLES = join(DEPLOY, 'examples');
const NO_NAMES = { policies: undefined, calendars: undefined };

/** Every file that holds objects of Kubernetes. */
const FILES = [
  ...readdirSync(EXAMPLES)
    .filter((name) => name.endsWith('.yaml') && name !== 'bellwether.yaml')
    .map((name) => join('examples', name)),
  join('kubernetes', 'bellwether.yaml'),
];

export function manifests({ world, calm }: Scenario): void {
  it.for(FILES)('deploy/%s is accepted by the API server and the schemas of KEDA', async (file) => {
    const { api, plane } = world();
    for (const name of ['llm', 'analysts', 'research', 'bellwether']) await api.apply(aNamespace(name));
    const kubectl = await clientTool('kubectl');
    const args = [
      'apply',
      '--server-side',
      '--dry-run=server',
      '--validate=strict',
      '-f',
      join(DEPLOY, file),
    ];
    const { stdout } = await run(kubectl, args, { env: { ...process.env, KUBECONFIG: plane.kubeconfig } });
    expect(stdout).toContain('serverside-applied (server dry run)');
  });

  it('is installed by its chart, upgraded and rolled back, two ready replicas all the while', async () => {
    const { api, plane } = world();
    const helm = await helmBinary();
    const env = { ...process.env, KUBECONFIG: plane.kubeconfig };
    const release = ['charted', '--namespace', 'charted'];
    const chart = join(DEPLOY, 'helm', 'bellwether');
    const path = '/apis/apps/v1/namespaces/charted/deployments/charted-bellwether';
    const ready = async (): Promise<unknown> => {
      const status = (await api.get(path))?.status as Readonly<Record<string, unknown>> | undefined;
      return status?.readyReplicas;
    };
    await run(helm, ['upgrade', '--install', ...release, chart, '--create-namespace'], { env });
    await until('both replicas to be ready', async () => (await ready()) === 2);
    await run(
      helm,
      ['upgrade', ...release, chart, '--set', 'podLabels.again=yes-please,service.annotations.a=b'],
      {
        env,
      },
    );
    expect(await ready()).toBeGreaterThanOrEqual(2);
    await run(helm, ['rollback', ...release], { env });
    expect(await ready()).toBeGreaterThanOrEqual(2);
    await run(helm, ['uninstall', ...release], { env });
  });

  it('finds nothing wrong with a live fleet whose ScaledObject is open, and tells of one that is not', async () => {
    const { api, plane } = world();
    const fleet = await world().fleet({ namespace: 'checked', scaler: calm(), policy: 'landing', load: 5 });
    await fleet.settles(1);
    const check = () => checkCluster({ kubeconfig: plane.kubeconfig, namespace: 'checked' }, NO_NAMES);
    const open = await check();
    if ('fault' in open) throw new Error(open.fault);
    expect(open.inventory).toMatchObject({ kubernetes: expect.stringMatching(/^v1\./), lacks: [] });
    const before = open.problems.map(({ path }) => path);
    await api.patch('/apis/keda.sh/v1alpha1/namespaces/checked/scaledobjects/vllm', {
      spec: { idleReplicaCount: 0 },
    });
    const after = await check();
    if ('fault' in after) throw new Error(after.fault);
    const more = after.problems.filter(({ path }) => !before.includes(path));
    // KEDA may have said so in the status by now, too.
    const idle = more.find(({ path }) => path === 'spec.idleReplicaCount');
    expect(idle?.repair?.removed).toEqual(['  idleReplicaCount: 0']);
  });
}

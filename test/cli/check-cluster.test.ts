import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/check.ts';
import { aConfiguration } from '../config/files.ts';

const NOW = Date.parse('2026-07-01T12:00:00Z');
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

type Lists = Readonly<Record<string, readonly object[] | number>>;

/** An API server that answers lists, in pages of one item; a number is the status that it refuses with. */
async function anApiServer(lists: Lists, { kubernetes = 'v1.35.4', keda = '2.21.0' } = {}): Promise<string> {
  const asked: Lists = {
    version: [{ gitVersion: kubernetes }],
    'scaledobjects.keda.sh': [{ metadata: { labels: { 'app.kubernetes.io/version': keda } } }],
    ...lists,
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://api');
    const name = url.pathname.split('/').at(-1) ?? '';
    const found = asked[name] ?? [];
    const isList = name !== 'version' && name !== 'scaledobjects.keda.sh';
    if (typeof found === 'number') {
      response.writeHead(found, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', reason: 'Forbidden' }));
      return;
    }
    const at = Number(url.searchParams.get('continue') ?? 0);
    const more = at + 1 < found.length ? { continue: String(at + 1) } : {};
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isList ? { metadata: more, items: found.slice(at, at + 1) } : found[0]));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function check(url: string, ...args: readonly string[]) {
  const directory = await aConfiguration({
    'kubeconfig.yaml': `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "${url}", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: t}}]
`,
  });
  const out: string[] = [];
  const err: string[] = [];
  let exit = -1;
  const io = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    setExitCode: (code: number) => {
      exit = code;
    },
    color: false,
  };
  const paths = args.map((arg) => (arg.endsWith('.yaml') ? join(directory, arg) : arg));
  const flags = ['--cluster', '--kubeconfig', join(directory, 'kubeconfig.yaml')];
  await checkCommand(io, () => NOW).parseAsync([...flags, ...paths], { from: 'user' });
  return { out, err, exit };
}

const meta = (name: string) => ({ name, namespace: 'llm', managedFields: [{ manager: 'kubectl' }] });
const OPEN = {
  scaleUp: { tolerance: '0', policies: [{ type: 'Pods', value: 100, periodSeconds: 15 }] },
  scaleDown: { tolerance: '0', stabilizationWindowSeconds: 30 },
};

function scaledObject(name: string, spec: object = {}, status: object = {}): object {
  return {
    metadata: meta(name),
    spec: {
      scaleTargetRef: { name },
      minReplicaCount: 1,
      maxReplicaCount: 40,
      advanced: { horizontalPodAutoscalerConfig: { behavior: OPEN } },
      triggers: [{ type: 'external-push', metadata: { scalerAddress: 'bellwether:6000', model: name } }],
      ...spec,
    },
    status,
  };
}

function hpa(name: string, behavior: object = OPEN, conditions: readonly object[] = []): object {
  const target = name.replace(/^keda-hpa-/, '');
  return {
    metadata: meta(name),
    spec: { scaleTargetRef: { kind: 'Deployment', name: target }, behavior },
    status: { conditions },
  };
}

const deployment = (name: string, labels: object, matchLabels: object) => ({
  metadata: meta(name),
  spec: { replicas: 3, selector: { matchLabels }, template: { metadata: { labels }, spec: {} } },
});

describe('bellwether check --cluster', () => {
  it('finds nothing wrong with ScaledObjects that are right, and says what it asked', async () => {
    const url = await anApiServer({
      scaledobjects: [scaledObject('a'), scaledObject('b')],
      horizontalpodautoscalers: [hpa('keda-hpa-a'), hpa('keda-hpa-b')],
      deployments: [deployment('a', { app: 'a' }, { app: 'a' }), deployment('b', { app: 'b' }, { app: 'b' })],
    });
    expect(await check(url)).toEqual({
      out: ['0 files, 2 live ScaledObjects, Kubernetes v1.35.4, KEDA 2.21.0, 0 errors, 0 warnings'],
      err: [],
      exit: 0,
    });
  });

  it('applies the rules of files, with places and repairs as kubectl prints the object', async () => {
    const url = await anApiServer({
      scaledobjects: [scaledObject('a', { maxReplicaCount: 4, advanced: {} })],
    });
    const { err, exit } = await check(url);
    expect(err).toEqual([
      'llm/scaledobject/a:7:13 spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds: warning: should be 30: it comes on top of downscaleDelay, was the default of 300',
      '    -   advanced: {}',
      '    +   advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: {stabilizationWindowSeconds: 30}}}}',
    ]);
    expect(exit).toBe(0);
  });

  it('knows the policies of the files beside it', async () => {
    const url = await anApiServer({ scaledobjects: [scaledObject('a', { maxReplicaCount: 3 })] });
    expect((await check(url, 'bellwether.yaml')).err[0]).toMatch(
      /^llm\/scaledobject\/a:\d+:20 spec\.maxReplicaCount: warning: cuts what the policy may ask for \(maxReplicas 4\)/,
    );
  });

  it('tells of a tolerance that did not arrive in the HPA, whatever the version', async () => {
    const lost = { scaleUp: {}, scaleDown: {} };
    const lists = { scaledobjects: [scaledObject('a')], horizontalpodautoscalers: [hpa('keda-hpa-a', lost)] };
    const { err } = await check(await anApiServer(lists, { kubernetes: 'v1.34.2' }));
    expect(err).toHaveLength(2);
    expect(err[0]).toContain('did not arrive in keda-hpa-a: Kubernetes v1.34.2 has the feature');
    const gated = { ...lists, horizontalpodautoscalers: [hpa('keda-hpa-a')] };
    expect((await check(await anApiServer(gated, { kubernetes: 'v1.34.2' }))).err).toEqual([]);
  });

  it('tells what KEDA and the HPA say of themselves', async () => {
    const conditions = [
      { type: 'Ready', status: 'False', message: 'no metric specs\nreturned' },
      { type: 'Fallback', status: 'True', message: 'at least one trigger' },
    ];
    const ambiguous = {
      type: 'ScalingActive',
      status: 'False',
      reason: 'AmbiguousSelector',
      message: 'pods by [a b]',
    };
    const asleep = { type: 'ScalingActive', status: 'False', reason: 'ScalingDisabled', message: 'at zero' };
    const url = await anApiServer(
      {
        scaledobjects: [scaledObject('a', {}, { conditions }), scaledObject('b')],
        horizontalpodautoscalers: [
          hpa('keda-hpa-a', OPEN, [ambiguous]),
          hpa('keda-hpa-b', OPEN, [asleep]),
          hpa('b'),
        ],
      },
      { keda: '2.15.1' },
    );
    const { err } = await check(url);
    expect(
      err
        .filter((line) => !/is dropped by KEDA|\.tolerance:/.test(line))
        .map((line) => line.replace(/:\d+:\d+/, '')),
    ).toEqual([
      'cluster KEDA: warning: should be 2.17 or newer (tested with 2.20 and 2.21), was 2.15.1',
      'llm/horizontalpodautoscaler/b spec.scaleTargetRef: warning: should not be scaled by two: llm/scaledobject/b scales deployment/b too',
      'llm/horizontalpodautoscaler/keda-hpa-a status.conditions.0: warning: the HPA does not scale (AmbiguousSelector): pods by [a b]',
      'llm/scaledobject/a status.conditions.0: warning: KEDA says it is not ready: no metric specs returned',
      'llm/scaledobject/a status.conditions.1: warning: KEDA uses the fallback, since the scaler errs: at least one trigger',
    ]);
  });

  it('refuses selectors that overlap, and has nothing against a live count', async () => {
    const url = await anApiServer({
      scaledobjects: [scaledObject('a'), scaledObject('b')],
      deployments: [
        deployment('a', { app: 'x', tier: 'a' }, { app: 'x' }),
        deployment('b', { app: 'x', tier: 'b' }, { app: 'x', tier: 'b' }),
      ],
    });
    const { err, exit } = await check(url, '-n', 'llm');
    expect(err).toEqual([
      expect.stringMatching(
        /^llm\/deployment\/a:\d+:\d+ spec\.selector: must not match the pods of deployment\/b/,
      ),
    ]);
    expect(exit).toBe(1);
  });

  it('says what it may not read, and checks the rest', async () => {
    const url = await anApiServer({
      scaledobjects: [scaledObject('a', { maxReplicaCount: 4, idleReplicaCount: 0 })],
      services: 403,
      'scaledobjects.keda.sh': 403,
    });
    const { err, out } = await check(url);
    expect(err.at(-1)).toBe('not checked: the API server answered 403 (Forbidden) for services');
    expect(err[0]).toContain('spec.idleReplicaCount: warning: should be left out');
    expect(out).toEqual([
      '0 files, 1 live ScaledObject, Kubernetes v1.35.4, KEDA unknown, 0 errors, 1 warning',
    ]);
    const json = JSON.parse((await check(url, '--json')).out.join('\n'));
    expect(json).toMatchObject({ warnings: 1, cluster: { scaledObjects: 1, keda: 'unknown' } });
  });

  it('exits with 2 where ScaledObjects may not be read, or nobody answers', async () => {
    const closed = await anApiServer({ scaledobjects: 403 });
    expect(await check(closed)).toMatchObject({
      err: ['the API server answered 403 (Forbidden) for scaledobjects'],
      exit: 2,
    });
    const nobody = await check('http://127.0.0.1:1');
    expect(nobody.err).toEqual([expect.stringMatching(/^the API server .* for scaledobjects$/)]);
    expect(nobody.exit).toBe(2);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPrometheus, type TestPrometheus } from '../../support/prometheus.ts';
import type { KubeApi, KubeObject } from './api.ts';
import { buildControlPlane } from './build.ts';
import type { KedaVersion } from './components.ts';
import { type ControlPlane, startControlPlane, until } from './control-plane.ts';
import { aDeployment, aNamespace, aNode, aPausePriority, aScaledObject } from './objects.ts';
import { beginRun } from './processes.ts';
import { type Scaler, type ScalerOptions, startScaler } from './scaler.ts';
import { followTimelines, type Timeline, type Timelines } from './timelines.ts';
import { MODEL, startVllmPods, type VllmPods } from './vllm.ts';

/** The pool of nodes that are never full. */
export const ROOMY = 'roomy';

/** A cluster, what it runs and what watches it. */
export interface World {
  readonly plane: ControlPlane;
  readonly api: KubeApi;
  readonly vllm: VllmPods;
  readonly prometheus: TestPrometheus;
  readonly timelines: Timelines;
  readonly folder: string;
  /** Another Prometheus of the same pods, for a test that breaks it. */
  anotherPrometheus(): Promise<TestPrometheus>;
  scaler(options: Omit<ScalerOptions, 'folder' | 'prometheus'> & { prometheus?: string }): Promise<Scaler>;
  fleet(options: FleetOptions): Promise<Fleet>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  /** The scenario's own. */
  readonly namespace: string;
  readonly scaler: Pick<Scaler, 'address'>;
  readonly policy: string;
  /** Requests it has at first; default none. */
  readonly load?: number;
  readonly pool?: string;
  readonly readyAfter?: string;
  readonly replicas?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly scaledObject?: Partial<Omit<Parameters<typeof aScaledObject>[0], 'metadata'>>;
}

/** A Deployment `vllm` in a namespace of its own, with its ScaledObject. */
export interface Fleet {
  readonly namespace: string;
  readonly timeline: Timeline;
  load(ongoing: number): void;
  spec(): number;
  ready(): number;
  /** Waits until `spec.replicas` is this, at most `timeout` ms. */
  reaches(replicas: number, timeout?: number): Promise<void>;
  /** Waits until as many pods are ready, and no more are there. */
  settles(replicas: number, timeout?: number): Promise<void>;
  /** Deletes its namespace, so that it takes no time from the tests that still run. */
  remove(): Promise<void>;
}

export async function startWorld(keda: KedaVersion): Promise<World> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const files = await buildControlPlane(keda, say);
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-kubernetes-'));
  const run = beginRun(folder);
  const closing: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.reverse()) await close();
    const left = run.leftOver();
    run.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    if (left.length > 0) throw new Error(`processes were left behind: ${left.join(', ')}`);
  };
  try {
    const plane = await startControlPlane(files, folder);
    closing.push(plane.stop);
    return await furnish({ plane, folder, closing, stop });
  } catch (reason) {
    await stop();
    throw reason;
  }
}

interface Bare {
  readonly plane: ControlPlane;
  readonly folder: string;
  readonly closing: (() => Promise<void> | void)[];
  readonly stop: () => Promise<void>;
}

async function furnish({ plane, folder, closing, stop }: Bare): Promise<World> {
  const { api } = plane;
  await api.apply(aPausePriority());
  for (let node = 0; node < 4; node++) await applyNode(api, aNode(`${ROOMY}-${node}`, ROOMY, 64));
  const timelines = await followTimelines(api);
  closing.push(timelines.stop);
  const vllm = await startVllmPods(api);
  closing.push(vllm.stop);
  const scalers: Scaler[] = [];
  // A restarted scaler reads back what it exported, as behind a ServiceMonitor.
  const own = () =>
    scalers.map(({ http }, index) => ({
      address: http,
      labels: { namespace: 'bellwether', pod: `bellwether-${index}` },
      job: 'bellwether',
    }));
  const aPrometheus = async (): Promise<TestPrometheus> => {
    const prometheus = await startPrometheus();
    closing.push(() => prometheus.stop());
    await vllm.feed(prometheus, own);
    closing.push(() => vllm.forget(prometheus));
    return prometheus;
  };
  const prometheus = await aPrometheus();
  return {
    plane,
    api,
    vllm,
    prometheus,
    timelines,
    folder,
    stop,
    anotherPrometheus: aPrometheus,
    async scaler(options) {
      const scaler = await startScaler({ folder, prometheus: prometheus.url, ...options });
      closing.push(() => scaler.stop('SIGKILL'));
      scalers.push(scaler);
      vllm.refresh();
      return scaler;
    },
    fleet: (options) => startFleet({ api, vllm, timelines }, options),
  };
}

/** A node's capacity is status, which the API server takes from nobody but at creation of it by its own path. */
export async function applyNode(api: KubeApi, node: KubeObject): Promise<void> {
  await api.apply(node);
  await api.patch(`/api/v1/nodes/${node.metadata.name}/status`, { status: node.status });
}

async function startFleet(
  { api, vllm, timelines }: Pick<World, 'api' | 'vllm' | 'timelines'>,
  options: FleetOptions,
): Promise<Fleet> {
  const { namespace, scaler, policy } = options;
  const name = 'vllm';
  vllm.load(namespace, name, options.load ?? 0);
  await api.apply(aNamespace(namespace));
  await api.apply(
    aDeployment({
      namespace,
      name,
      pool: options.pool ?? ROOMY,
      replicas: options.replicas ?? 1,
      ...(options.readyAfter !== undefined && { readyAfter: options.readyAfter }),
    }),
  );
  await until(`Deployment ${namespace}/${name}`, () => timelines.of(namespace, name) !== undefined);
  await api.apply(
    aScaledObject({
      namespace,
      name,
      metadata: { scalerAddress: scaler.address, model: MODEL, policy, ...options.metadata },
      ...options.scaledObject,
    }),
  );
  const timeline = timelines.of(namespace, name);
  const wait = async (what: string, good: () => boolean, timeout: number): Promise<void> => {
    await until(what, good, timeout).catch(async (cause: unknown) => {
      const seen = `${JSON.stringify(timeline.moments.slice(-8))}\n${await describe(api, namespace)}`;
      throw new Error(`${namespace}: ${what} did not come within ${timeout / 1000} s: ${seen}`, { cause });
    });
  };
  return {
    namespace,
    timeline,
    load: (ongoing) => vllm.load(namespace, name, ongoing),
    spec: () => timeline.now().spec,
    ready: () => timeline.now().ready,
    reaches: (replicas, timeout = 150_000) =>
      wait(`spec.replicas ${replicas}`, () => timeline.now().spec === replicas, timeout),
    settles: (replicas, timeout = 150_000) =>
      wait(
        `${replicas} ready pods`,
        () => {
          const { spec, created, ready } = timeline.now();
          return spec === replicas && created === replicas && ready === replicas;
        },
        timeout,
      ),
    remove: () => api.delete(`/api/v1/namespaces/${namespace}`),
  };
}

/** What there is of a fleet, for whoever looks for why a test failed. */
async function describe(api: KubeApi, namespace: string): Promise<string> {
  const parts = [
    '/apis/apps/v1|deployments',
    '/apis/autoscaling/v2|horizontalpodautoscalers',
    '/api/v1|pods',
  ];
  const lines = parts.map(async (part) => {
    const [root = '', plural = ''] = part.split('|');
    const { items } = await api.list(`${root}/namespaces/${namespace}/${plural}`);
    const objects = items as readonly KubeObject[];
    return objects.map(({ metadata, status }) => `${plural} ${metadata.name}: ${JSON.stringify(status)}`);
  });
  return (await Promise.all(lines).catch((reason: unknown) => [[String(reason)]])).flat().join('\n');
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import { type Following, follow, type KubeApi, type KubeObject } from '../../test/kubernetes/harness/api.ts';
import { clusterPage } from '../../test/kubernetes/harness/cluster-page.ts';
import { aDeployment, aNamespace, aNode, aScaledObject } from '../../test/kubernetes/harness/objects.ts';
import { isReady } from '../../test/kubernetes/harness/vllm.ts';
import { applyNode } from '../../test/kubernetes/harness/world.ts';
import { exposition, vllmGauges } from '../../test/support/vllm-exporter.ts';

const NAMESPACES = 10;
const POOL = 'bench';
/** Requests a fleet has, however many pods it runs: 2 replicas at 10 each. */
const ONGOING = 16;
export const REPLICAS = 2;

/** A Deployment, its ScaledObject and its model: all are named alike. */
export interface BenchFleet {
  readonly namespace: string;
  readonly name: string;
}

export type Trigger = (fleet: BenchFleet) => Readonly<Record<string, unknown>>;

export interface BenchFleets {
  readonly fleets: readonly BenchFleet[];
  /** `127.0.0.1:PORT`: what vLLM's pods and kube-state-metrics export, on one page. */
  readonly address: string;
  /** Gives every fleet this trigger and resolves once each HPA acts on a metric with this in its name. */
  scaleBy(trigger: Trigger, metric: string): Promise<void>;
  /** How many Deployments are told to run another number than `REPLICAS`. */
  elsewhere(): number;
  stop(): void;
}

export async function startBenchFleets(api: KubeApi, count: number): Promise<BenchFleets> {
  const fleets = Array.from({ length: count }, (_, index) => ({
    namespace: `bench-${index % NAMESPACES}`,
    name: `model-${index}`,
  }));
  for (let index = 0; index < NAMESPACES; index++) await api.apply(aNamespace(`bench-${index}`));
  for (let node = 0; node * 200 < count * REPLICAS; node++)
    await applyNode(api, aNode(`${POOL}-${node}`, POOL, 250));
  const ignore = (): void => {};
  const pods = await follow(api, '/api/v1/pods', ignore);
  const hpas = await follow(api, '/apis/autoscaling/v2/horizontalpodautoscalers', ignore);
  const deployments = await follow(api, '/apis/apps/v1/deployments', ignore);
  await each(fleets, (fleet) => api.apply(aDeployment({ ...fleet, pool: POOL, replicas: REPLICAS })));
  await until(() => [...pods.objects.values()].filter(isReady).length === count * REPLICAS);
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(`${clusterPage(deployments, hpas, pods)}${enginesPage(pods)}`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    fleets,
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    async scaleBy(trigger, metric) {
      await each(fleets, (fleet) => api.apply(scaledObject(fleet, trigger(fleet))));
      await until(
        () =>
          [...hpas.objects.values()].filter((hpa) => isActive(hpa) && readsMetric(hpa, metric)).length ===
          count,
      );
    },
    elsewhere: () =>
      [...deployments.objects.values()].filter(
        ({ spec }) => (spec as { replicas?: number }).replicas !== REPLICAS,
      ).length,
    stop() {
      for (const following of [pods, hpas, deployments]) following.stop();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** KEDA's own defaults but for the behavior that every fleet of ours has. */
function scaledObject(fleet: BenchFleet, trigger: Readonly<Record<string, unknown>>): KubeObject {
  const object = aScaledObject({ ...fleet, pollingInterval: 30, metadata: {} });
  const triggers = [{ metricType: 'AverageValue', ...trigger }];
  return { ...object, spec: { ...(object.spec as object), triggers } };
}

function enginesPage(pods: Following): string {
  const ready = [...pods.objects.values()].filter(isReady);
  const perFleet = new Map<string, number>();
  const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.labels?.app}`;
  for (const pod of ready) perFleet.set(keyOf(pod), (perFleet.get(keyOf(pod)) ?? 0) + 1);
  return exposition(
    ready.flatMap((pod) => {
      const { namespace = '', name, labels } = pod.metadata;
      const running = ONGOING / (perFleet.get(keyOf(pod)) ?? 1);
      return vllmGauges(
        labels?.app ?? '',
        { running, waiting: 0, kv: running / 20 },
        { engine: '0', namespace, pod: name },
      );
    }),
  );
}

function isActive({ status }: KubeObject): boolean {
  const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.some((one) => one.type === 'ScalingActive' && one.status === 'True');
}

function readsMetric({ spec }: KubeObject, part: string): boolean {
  const { metrics = [] } = spec as { metrics?: { external?: { metric: { name: string } } }[] };
  return metrics.some(({ external }) => external?.metric.name.includes(part));
}

/** Eight at a time. */
async function each<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const work = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

/** Looks once a second for ten minutes. */
async function until(good: () => boolean): Promise<void> {
  for (let second = 0; !good(); second++) {
    if (second > 600) throw new Error('the fleets did not get there within ten minutes');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

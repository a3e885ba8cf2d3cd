import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { PrometheusTarget, TestPrometheus } from '../../support/prometheus.ts';
import { exposition, vllmGauges } from '../../support/vllm-exporter.ts';
import { follow, type KubeApi, type KubeObject } from './api.ts';
import { clusterPage } from './cluster-page.ts';

export const MODEL = 'mistralai/Mistral-7B-Instruct-v0.3';
/** Requests that one pod runs at once; more of them wait. */
const SLOTS = 10;

/** What vLLM's pods and kube-state-metrics would export of this cluster. */
export interface VllmPods {
  /** All requests that a fleet has. */
  load(namespace: string, deployment: string, ongoing: number): void;
  /** Keeps a Prometheus' targets those of the pods that exist; with these besides. */
  feed(prometheus: TestPrometheus, more: () => readonly PrometheusTarget[]): Promise<void>;
  /** Hands out the targets anew: what `more` answers has changed. */
  refresh(): void;
  forget(prometheus: TestPrometheus): void;
  stop(): Promise<void>;
}

interface Feed {
  readonly prometheus: TestPrometheus;
  readonly more: () => readonly PrometheusTarget[];
  due: boolean;
  busy: boolean;
}

/** One HTTP server plays all pods: Prometheus asks it at a path a pod, which is silent until the pod is ready. */
export async function startVllmPods(api: KubeApi): Promise<VllmPods> {
  const loads = new Map<string, number>();
  const fed = new Map<TestPrometheus, Feed>();
  let changed = false;
  const kept = new Set<string>();
  const pods = await follow(api, '/api/v1/pods', (pod, gone) => {
    changed = true;
    if (!gone && isServer(pod) && isReady(pod)) keepOldest(pod);
  });
  // The one that has the requests is the last to be taken, as it would be for its cost.
  function keepOldest(pod: KubeObject): void {
    const first = oldestOf([...pods.objects.values()], pod);
    if (first === undefined || kept.has(keyOf(first))) return;
    kept.add(keyOf(first));
    const annotations = { 'controller.kubernetes.io/pod-deletion-cost': '1000' };
    const { namespace, name } = first.metadata;
    void api
      .patch(`/api/v1/namespaces/${namespace}/pods/${name}`, { metadata: { annotations } })
      .catch(() => kept.delete(keyOf(first)));
  }
  const hpas = await follow(api, '/apis/autoscaling/v2/horizontalpodautoscalers', () => {});
  const deployments = await follow(api, '/apis/apps/v1/deployments', () => {});
  const server = createServer((request, response) => {
    const [, first, namespace, name] = (request.url ?? '').split('/');
    if (first === 'cluster') return answer(response, clusterPage(deployments, hpas, pods));
    const page = pageOf([...pods.objects.values()], `${namespace}/${name}`, loads);
    if (page === null) response.destroy();
    else answer(response, page);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as { port: number }).port}`;
  const targets = (): PrometheusTarget[] => [
    ...[...pods.objects.values()].filter(hasAddress).map((pod) => targetOf(pod, address)),
    { address, labels: { __metrics_path__: '/cluster' }, job: 'kube-state-metrics', honorLabels: true },
  ];
  // One change of the cluster is many events; a Prometheus that is stopped takes them when it goes on.
  const timer = setInterval(() => {
    for (const feed of fed.values()) {
      feed.due ||= changed;
      if (feed.due && !feed.busy) void hand(feed);
    }
    changed = false;
  }, 250);
  async function hand(feed: Feed): Promise<void> {
    feed.due = false;
    feed.busy = true;
    await feed.prometheus.scrape([...targets(), ...feed.more()]).catch(() => {
      feed.due = true;
    });
    feed.busy = false;
  }
  return {
    load: (namespace, deployment, ongoing) => void loads.set(`${namespace}/${deployment}`, ongoing),
    async feed(prometheus, more) {
      const feed: Feed = { prometheus, more, due: false, busy: false };
      fed.set(prometheus, feed);
      await hand(feed);
    },
    refresh() {
      changed = true;
    },
    forget: (prometheus) => void fed.delete(prometheus),
    async stop() {
      clearInterval(timer);
      for (const following of [pods, hpas, deployments]) following.stop();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function targetOf({ metadata }: KubeObject, address: string): PrometheusTarget {
  const { namespace = '', name } = metadata;
  return { address, labels: { __metrics_path__: `/pod/${namespace}/${name}`, namespace, pod: name } };
}

/** What service discovery knows of a pod, whose phase decides whether anything listens there. */
function hasAddress(pod: KubeObject): boolean {
  return isServer(pod) && (pod.status as { readonly podIP?: string }).podIP !== undefined;
}

function isServer({ metadata }: KubeObject): boolean {
  return metadata.labels?.app !== undefined && !metadata.labels.app.endsWith('-buffer');
}

/**
 * A pod's page; null while nothing listens there. The oldest ready pod of a fleet has all requests: shares that move
 * between two scrapes would be counted twice or not at all, which requests of real pods are not.
 */
function pageOf(pods: readonly KubeObject[], key: string, loads: ReadonlyMap<string, number>): string | null {
  const pod = pods.find((one) => keyOf(one) === key);
  if (!pod || !isReady(pod)) return null;
  const { namespace, labels } = pod.metadata;
  const isFirst = keyOf(oldestOf(pods, pod) ?? pod) === key;
  const ongoing = isFirst ? (loads.get(`${namespace}/${labels?.app}`) ?? 0) : 0;
  const running = Math.min(SLOTS, ongoing);
  return exposition(vllmGauges(MODEL, { running, waiting: ongoing - running, kv: running / SLOTS }));
}

/** Of the ready pods of one pod's fleet. */
function oldestOf(pods: readonly KubeObject[], { metadata }: KubeObject): KubeObject | undefined {
  const age = (one: KubeObject): string => `${one.metadata.creationTimestamp} ${one.metadata.name}`;
  return pods
    .filter((one) => one.metadata.namespace === metadata.namespace)
    .filter((one) => one.metadata.labels?.app === metadata.labels?.app && isReady(one))
    .sort((one, other) => (age(one) < age(other) ? -1 : 1))[0];
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

export function isReady(pod: KubeObject): boolean {
  const { conditions = [] } = pod.status as { conditions?: { type: string; status: string }[] };
  return (
    pod.metadata.deletionTimestamp === undefined &&
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}

function answer(response: ServerResponse, text: string): void {
  response.setHeader('content-type', 'text/plain; version=0.0.4');
  response.end(text);
}

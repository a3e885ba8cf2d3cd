import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReplicaFacts } from '../core/sample.ts';
import { type DeploymentFacts, renderKubeState, renderMetrics } from './exporter.ts';
import type { Fleet } from './fleet.ts';
import type { Pod } from './pod.ts';

/** A fleet as the cluster names it. */
export interface ServedFleet {
  readonly namespace: string;
  readonly deployment: string;
  readonly fleet: Fleet;
}

/** One pod's /metrics, as service discovery would list it. */
export interface PodTarget {
  readonly url: string;
  readonly namespace: string;
  readonly pod: string;
}

export interface FleetServer {
  readonly url: string;
  /** Pods that have an address now: bound and not gone, whether they answer or not. */
  targets(): readonly PodTarget[];
  /** The Deployment of a namespace as Kubernetes knows it. */
  replicasOf(namespace: string): ReplicaFacts | undefined;
  close(): Promise<void>;
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Serves what a cluster would, on a free port of 127.0.0.1: `/NAMESPACE/pods/POD/metrics` for each pod (503 while the engine
 * loads, 404 once it is gone), `/kube-state-metrics` for the Deployments, and `/targets` for Prometheus's http_sd.
 */
export async function serveFleets(fleets: readonly ServedFleet[]): Promise<FleetServer> {
  let url = '';
  const server = createServer((request, response) => send(response, answer(fleets, url, request.url ?? '/')));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  url = baseUrl(server.address());
  return {
    url,
    targets: () => listTargets(fleets, url),
    replicasOf: (namespace) => replicaFacts(fleets.find((served) => served.namespace === namespace)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function replicaFacts(served: ServedFleet | undefined): ReplicaFacts | undefined {
  if (served === undefined) return undefined;
  const { specReplicas, readyReplicas, startingReplicas } = served.fleet;
  const source = `simulated deployment/${served.deployment}`;
  return { spec: specReplicas, ready: readyReplicas, starting: startingReplicas, unschedulable: 0, source };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

function answer(fleets: readonly ServedFleet[], url: string, path: string): Answer {
  if (path === '/targets') return { status: 200, body: discovery(fleets, url), type: 'application/json' };
  if (path === '/kube-state-metrics') return { status: 200, body: renderKubeState(fleets.map(factsOf)) };
  const [, namespace, pods, name, metrics] = path.split('/');
  const pod =
    pods === 'pods' && metrics === 'metrics'
      ? fleets.find((served) => served.namespace === namespace)?.fleet.pods.find((pod) => pod.name === name)
      : undefined;
  if (!pod || pod.phase === 'gone') return { status: 404, body: 'no such pod\n' };
  if (!pod.replica) return { status: 503, body: 'the engine is still loading\n' };
  return { status: 200, body: renderMetrics(pod.replica) };
}

function send(response: ServerResponse, { status, body, type = METRICS_TYPE }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

function listTargets(fleets: readonly ServedFleet[], url: string): readonly PodTarget[] {
  return fleets.flatMap(({ namespace, fleet }) =>
    fleet.pods.filter(hasAddress).map((pod) => ({
      url: `${url}/${namespace}/pods/${pod.name}/metrics`,
      namespace,
      pod: pod.name,
    })),
  );
}

function discovery(fleets: readonly ServedFleet[], base: string): string {
  const { host } = new URL(base);
  return JSON.stringify(
    listTargets(fleets, base).map(({ url, namespace, pod }) => ({
      targets: [host],
      labels: { __metrics_path__: new URL(url).pathname, namespace, pod },
    })),
  );
}

function factsOf({ namespace, deployment, fleet }: ServedFleet): DeploymentFacts {
  return {
    namespace,
    deployment,
    spec: fleet.specReplicas,
    status: fleet.statusReplicas,
    ready: fleet.readyReplicas,
  };
}

function hasAddress(pod: Pod): boolean {
  return (
    pod.phase === 'starting' || pod.phase === 'ready' || (pod.phase === 'terminating' && pod.replica !== null)
  );
}

function baseUrl(address: string | AddressInfo | null): string {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

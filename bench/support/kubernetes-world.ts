import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** 2,000 ScaledObjects with ten pods each, in ten namespaces. */
export const CLUSTER = { fleets: 2_000, podsEach: 10, namespaces: 10 };

/** A vLLM pod of the size that an API server sends: managedFields, probes, volumes, tolerations. */
export function aLargePod(fleet: number, pod: number, ready: boolean, version: number): object {
  const name = `vllm-${fleet}-${pod}`;
  const at = '2026-11-20T09:00:00Z';
  const environment = Array.from({ length: 20 }, (_, index) => ({
    name: `VLLM_OPTION_${index}`,
    value: `value-${index}`,
  }));
  const field = { 'f:type': {}, 'f:status': {}, 'f:lastTransitionTime': {}, 'f:lastProbeTime': {} };
  const fields = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`k:{"name":"field-${index}"}`, field]),
  );
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name,
      namespace: `llm-${fleet % CLUSTER.namespaces}`,
      uid: `00000000-0000-4000-8000-${String(fleet * 100 + pod).padStart(12, '0')}`,
      resourceVersion: String(version),
      creationTimestamp: at,
      labels: {
        app: `vllm-${fleet}`,
        'pod-template-hash': '6d4cf56db6',
        team: 'a',
        tier: 'gpu',
        version: '1',
        zone: 'z',
      },
      annotations: { 'prometheus.io/scrape': 'true', 'cni.projectcalico.org/podIP': '10.0.0.1/32' },
      managedFields: [
        { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: { 'f:spec': fields } },
        { manager: 'kubelet', operation: 'Update', subresource: 'status', fieldsV1: { 'f:status': fields } },
      ],
    },
    spec: {
      containers: [
        {
          name: 'vllm',
          image: 'registry/vllm:0.20',
          env: environment,
          resources: { limits: { 'nvidia.com/gpu': '1' } },
        },
      ],
      nodeName: `gpu-${pod}`,
    },
    status: {
      phase: 'Running',
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
        type,
        status: type === 'PodScheduled' || ready ? 'True' : 'False',
        lastTransitionTime: at,
      })),
      containerStatuses: [{ name: 'vllm', restartCount: 0, ready, state: { running: { startedAt: at } } }],
    },
  };
}

/** A server that lists the world in pages and, once told, streams `events` pod events as fast as they are taken. */
export async function startKubernetesWorld(): Promise<{ readonly url: string; stop(): void }> {
  let stream: ServerResponse | null = null;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/bench/events')
      void sendEvents(() => stream, Number(url.searchParams.get('count'))).then(() => response.end());
    else if (url.searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      if (!url.pathname.endsWith('/pods')) return;
      stream = response;
      response.once('close', () => {
        stream = null;
      });
    } else sendList(request, response, url);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function sendEvents(watched: () => ServerResponse | null, count: number): Promise<void> {
  while (watched() === null) await new Promise((resolve) => setTimeout(resolve, 20));
  const stream = watched();
  if (stream === null) return;
  const { fleets, podsEach } = CLUSTER;
  // The same texts again and again: what is measured is the reader.
  const lines = Array.from({ length: 1_000 }, (_, index) => {
    const object = aLargePod((index * 7) % fleets, index % podsEach, index % 2 === 0, index + 2);
    return `${JSON.stringify({ type: 'MODIFIED', object })}\n`;
  });
  for (let sent = 0; sent < count; sent += 1) {
    if (!stream.write(lines[sent % lines.length]))
      await new Promise((resolve) => stream.once('drain', resolve));
  }
}

function sendList(_: IncomingMessage, response: ServerResponse, url: URL): void {
  const resource = url.pathname.split('/').at(-1) ?? '';
  const start = Number(url.searchParams.get('continue') ?? 0);
  const limit = Number(url.searchParams.get('limit') ?? 500);
  const [count, item] = COLLECTIONS[resource] ?? [0, () => ({})];
  const end = Math.min(count, start + limit);
  const items = Array.from({ length: end - start }, (_, index) => item(start + index));
  const metadata = { resourceVersion: '1', ...(end < count ? { continue: String(end) } : {}) };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ metadata, items }));
}

const { fleets, podsEach, namespaces } = CLUSTER;
const metaOf = (fleet: number, name: string): object => ({ name, namespace: `llm-${fleet % namespaces}` });

const COLLECTIONS: Readonly<Record<string, readonly [count: number, item: (index: number) => object]>> = {
  pods: [fleets * podsEach, (index) => aLargePod(Math.floor(index / podsEach), index % podsEach, true, 1)],
  deployments: [
    fleets,
    (index) => ({
      metadata: metaOf(index, `vllm-${index}`),
      spec: { replicas: podsEach, selector: { matchLabels: { app: `vllm-${index}` } } },
      status: { replicas: podsEach, readyReplicas: podsEach },
    }),
  ],
  scaledobjects: [
    fleets,
    (index) => ({
      metadata: metaOf(index, `vllm-${index}`),
      spec: {
        scaleTargetRef: { name: `vllm-${index}` },
        triggers: [{ type: 'external-push', metadata: { scalerAddress: 'bellwether:6000', model: 'm' } }],
      },
    }),
  ],
  horizontalpodautoscalers: [
    fleets,
    (index) => ({
      metadata: metaOf(index, `keda-hpa-vllm-${index}`),
      spec: {
        minReplicas: 1,
        maxReplicas: 20,
        scaleTargetRef: { kind: 'Deployment', name: `vllm-${index}` },
      },
      status: { currentReplicas: podsEach, desiredReplicas: podsEach },
    }),
  ],
};

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeKubernetes } from '../support/fake-kubernetes.ts';
import { aDeployment, anHpa, aPod, aScaledObject, eventually } from '../support/kubernetes.ts';
import { aFolder, type ServeProcess, startServe } from '../support/serve-process.ts';
import { startTinyPrometheus, type TinyPrometheus } from '../support/tiny-prometheus.ts';

const POLICY = `policy: default
minReplicas: 1
maxReplicas: 8
targetOngoingRequests: 10
upscaleDelay: 0s
downscaleDelay: 1h
lookBackPeriod: 1s
provisionTimeout: 1m
`;

const configFor = (prometheus: string): string => `prometheus: {url: "${prometheus}"}
evaluationInterval: 1s
settle: 0s
listen: {grpc: "127.0.0.1:0", http: "127.0.0.1:0"}
policies: [policy.yaml]
defaults: {policy: default}
kubernetes: {enabled: true, kubeconfig: kubeconfig, podDeletionCost: true}
`;

const kubeconfigFor = (server: string): string => `apiVersion: v1
kind: Config
current-context: test
clusters: [{name: c, cluster: {server: "${server}", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: secret-of-the-test}}]
contexts: [{name: test, context: {cluster: c, user: u}}]
`;

interface Explained {
  readonly replicas: number | null;
  readonly reason: string;
  readonly replicaFacts: Record<string, unknown> & { readonly cluster?: Record<string, unknown> };
  readonly warnings: readonly string[];
}

describe('serve beside a cluster', () => {
  let kubernetes: FakeKubernetes;
  let prometheus: TinyPrometheus;
  let folder: Awaited<ReturnType<typeof aFolder>>;
  let serve: ServeProcess;

  beforeAll(async () => {
    kubernetes = await FakeKubernetes.start();
    kubernetes.token = 'secret-of-the-test';
    prometheus = await startTinyPrometheus();
    load(5, 5);
    kubernetes.put('scaledobjects', aScaledObject());
    kubernetes.put('horizontalpodautoscalers', anHpa());
    kubernetes.put('deployments', aDeployment(2));
    for (const name of ['a', 'b'])
      kubernetes.put('pods', aPod({ name, scheduled: 1, started: 20, ready: 60 }));
    folder = await aFolder({
      'bellwether.yaml': configFor(prometheus.url),
      'policy.yaml': POLICY,
      kubeconfig: kubeconfigFor(kubernetes.url),
    });
    serve = await startServe(folder.path);
  });

  afterEach(() => {
    kubernetes.refuse('pods', null);
  });

  afterAll(async () => {
    await serve?.stop('SIGKILL');
    await prometheus?.stop();
    await kubernetes?.close();
    await folder?.remove();
  });

  function load(...running: readonly number[]): void {
    prometheus.pods = running.map((each, index) => ({
      namespace: 'llm',
      pod: ['a', 'b', 'c', 'd'][index] ?? 'z',
      model: 'm',
      running: each,
      waiting: 0,
    }));
  }

  async function get<T>(path: string): Promise<T> {
    const response = await fetch(`${serve.httpAddress}${path}`);
    return (await response.json()) as T;
  }
  const explained = () => get<Explained>('/v1/fleets/llm/vllm/explain');
  const untilExplained = async (check: (record: Explained) => void): Promise<void> => {
    const until = Date.now() + 20_000;
    for (;;) {
      try {
        check(await explained());
        return;
      } catch (reason) {
        if (Date.now() > until) throw reason;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };

  it('decides a fleet that KEDA has not asked for, by what the cluster says', async () => {
    await untilExplained(({ replicas, replicaFacts }) => {
      expect(replicas).toBe(2);
      expect(replicaFacts).toMatchObject({
        spec: 2,
        ready: 2,
        starting: 0,
        source: 'Kubernetes deployment/vllm',
      });
      expect(replicaFacts.cluster).toMatchObject({
        coverage: 1,
        lacks: [],
        autoscaler: { name: 'keda-hpa-vllm' },
      });
    });
    const ready = await get<Record<string, unknown>>('/readyz');
    expect(ready.cluster).toMatchObject({ lacks: [] });
  });

  it("asks for no more while pods cannot be scheduled, in the scheduler's words", async () => {
    const message = '0/4 nodes are available: 4 Insufficient nvidia.com/gpu.';
    kubernetes.put('deployments', aDeployment(3));
    kubernetes.put('pods', aPod({ name: 'c', created: 100, unschedulable: { since: 101, message } }));
    await untilExplained(({ replicaFacts }) => expect(replicaFacts.unschedulable).toBe(1));
    load(40, 40);
    await untilExplained(({ reason, replicaFacts }) => {
      expect(reason).toMatch(
        /^no further rise: 1 replica could not be scheduled for .*; the scheduler says of c: 0\/4 nodes/,
      );
      expect(replicaFacts.cluster).toMatchObject({ unschedulable: { pod: 'c', message } });
    });
    const text = await fetch(`${serve.httpAddress}/v1/fleets/llm/vllm/explain`, {
      headers: { accept: 'text/plain' },
    });
    expect(await text.text()).toContain('c, ');
  });

  it('measures the cold start of a pod', async () => {
    kubernetes.put('pods', aPod({ name: 'c', created: 100, scheduled: 160, started: 170, ready: 220 }));
    const metrics = async () => (await fetch(`${serve.httpAddress}/metrics`)).text();
    await untilExplained(({ replicaFacts }) =>
      expect(replicaFacts).toMatchObject({ ready: 3, unschedulable: 0 }),
    );
    const labels = 'namespace="llm",scaledobject="vllm",role="replicas",model="m"';
    // 1 s until the scheduler gave up on it, and 60 s from the node to ready.
    expect(await metrics()).toContain(`bellwether_cold_start_seconds_sum{${labels}} 60`);
    expect(await metrics()).toContain(
      `bellwether_cold_start_lever_seconds_sum{${labels},lever="runtime"} 50`,
    );
  });

  it('marks the idlest pods before a fall', async () => {
    load(30, 0, 20);
    await untilExplained(({ replicas }) => expect(replicas).toBeGreaterThanOrEqual(5));
    load(5, 0, 9);
    await eventually(() =>
      expect(kubernetes.patches.map(({ path }) => path)).toContain('/api/v1/namespaces/llm/pods/b'),
    );
    const [first] = kubernetes.patches.filter(({ path }) => path.endsWith('/b'));
    expect(first?.body).toEqual({
      metadata: {
        annotations: { 'controller.kubernetes.io/pod-deletion-cost': expect.stringMatching(/^-\d$/) },
      },
    });
  });

  it('says what it may not watch, once, and never a secret', async () => {
    kubernetes.refuse('pods', 403);
    kubernetes.endWatches('broken');
    await eventually(() => {
      const lines = serve
        .log()
        .filter(({ subject, why }) => subject === 'pods' && String(why).includes('RBAC'));
      expect(lines).toHaveLength(1);
    });
    expect(serve.said()).not.toContain('secret-of-the-test');
  });
});

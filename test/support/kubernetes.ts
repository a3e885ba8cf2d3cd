import { Agent } from 'undici';
import { vi } from 'vitest';
import type { Credentials } from '../../src/ingest/kubernetes/credentials.ts';
import type { KubeObject } from './fake-kubernetes.ts';

/** Instants of objects: seconds after this, as Kubernetes writes them. */
export const T0 = Date.parse('2020-01-01T09:00:00Z');
export const stamp = (seconds: number): string =>
  new Date(T0 + seconds * 1000).toISOString().replace('.000Z', 'Z');

export interface PodOptions {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  /** Seconds after T0; undefined: it has not happened. */
  readonly created?: number;
  readonly scheduled?: number;
  readonly started?: number;
  readonly ready?: number;
  readonly deleted?: number;
  readonly unschedulable?: { readonly since: number; readonly message: string; readonly reason?: string };
  readonly restarts?: number;
}

/** A pod as the API server sends it, as far along as the options say. */
export function aPod(options: PodOptions = {}): KubeObject {
  const { name = 'vllm-0', namespace = 'llm', labels = { app: 'vllm' }, created = 0 } = options;
  const { scheduled, started, ready, deleted, unschedulable, restarts = 0 } = options;
  return {
    metadata: {
      name,
      namespace,
      uid: options.uid ?? `uid-${name}`,
      labels,
      annotations: options.annotations ?? {},
      creationTimestamp: stamp(created),
      ...(deleted === undefined ? {} : { deletionTimestamp: stamp(deleted) }),
    },
    spec: { containers: [{ name: 'vllm' }] },
    status: {
      phase: started === undefined ? 'Pending' : 'Running',
      conditions: [
        ...(unschedulable === undefined ? [] : [notScheduled(unschedulable)]),
        ...(scheduled === undefined
          ? []
          : [{ type: 'PodScheduled', status: 'True', lastTransitionTime: stamp(scheduled) }]),
        ...(scheduled === undefined
          ? []
          : [
              {
                type: 'Ready',
                status: ready === undefined ? 'False' : 'True',
                lastTransitionTime: stamp(ready ?? scheduled),
              },
            ]),
      ],
      ...(scheduled === undefined
        ? {}
        : {
            containerStatuses: [
              {
                name: 'vllm',
                restartCount: restarts,
                state: started === undefined ? { waiting: {} } : { running: { startedAt: stamp(started) } },
              },
            ],
          }),
    },
  };
}

function notScheduled({
  since,
  message,
  reason = 'Unschedulable',
}: NonNullable<PodOptions['unschedulable']>) {
  return { type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime: stamp(since) };
}

export function aDeployment(replicas: number, name = 'vllm', namespace = 'llm', app = name): KubeObject {
  return {
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: { app } } },
    status: { replicas, readyReplicas: replicas },
  };
}

export function aScaledObject(
  options: {
    name?: string;
    namespace?: string;
    target?: object;
    metadata?: Record<string, string>;
    spec?: object;
    status?: object;
  } = {},
): KubeObject {
  const { name = 'vllm', namespace = 'llm', target = { name: 'vllm' }, metadata = { model: 'm' } } = options;
  return {
    metadata: { name, namespace },
    spec: {
      scaleTargetRef: target,
      triggers: [{ type: 'external-push', metadata: { scalerAddress: 'bellwether:6000', ...metadata } }],
      ...options.spec,
    },
    status: options.status ?? {},
  };
}

export function anHpa(
  spec: object = {},
  status: object = {},
  name = 'keda-hpa-vllm',
  namespace = 'llm',
): KubeObject {
  return {
    metadata: { name, namespace },
    spec: {
      minReplicas: 1,
      maxReplicas: 10,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'vllm' },
      ...spec,
    },
    status: { currentReplicas: 2, desiredReplicas: 2, conditions: [], ...status },
  };
}

/** Credentials for a server without TLS; `tokens` are used one after the other, the next one after a 401. */
export function plainCredentials(server: string, tokens: readonly string[] = ['']): Credentials {
  const agent = new Agent();
  let used = 0;
  return {
    server,
    origin: 'the test',
    async prepare() {
      return { agent, headers: { authorization: `Bearer ${tokens[Math.min(used, tokens.length - 1)]}` } };
    },
    renew() {
      used++;
    },
    close: () => agent.destroy(),
  };
}

/** So short that a test waits for nothing, and so long that nothing expires by itself. */
export const IMPATIENT = { silence: 60_000, grace: 60_000, firstRetry: 5, longestRetry: 20, refused: 20 };

/** Waits until `check` throws no longer; the limit is for a machine that is busy, and no measure. */
export function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 5 });
}

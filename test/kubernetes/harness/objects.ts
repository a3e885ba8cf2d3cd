import type { KubeObject } from './api.ts';

export const PAUSE_PRIORITY = 'bellwether-buffer';

export function aNamespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** A node of kwok's. Fleets choose theirs by `pool`. */
export function aNode(name: string, pool: string, gpus: number): KubeObject {
  const capacity = { cpu: '512', memory: '4Ti', pods: '250', 'nvidia.com/gpu': String(gpus) };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { pool, 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' },
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
    },
    status: { capacity, allocatable: capacity },
  };
}

/** Lower than anything that is worth a GPU: the scheduler evicts these pods for any other. */
export function aPausePriority(): KubeObject {
  return {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: PAUSE_PRIORITY },
    value: -10,
    globalDefault: false,
    preemptionPolicy: 'Never',
  };
}

export interface DeploymentOptions {
  readonly namespace: string;
  readonly name: string;
  readonly pool: string;
  readonly replicas?: number;
  readonly gpus?: number;
  /** From the pod's start to Ready, as a model takes to load. */
  readonly readyAfter?: string;
  readonly priorityClassName?: string;
}

/** A Deployment whose pods take one GPU each. */
export function aDeployment(options: DeploymentOptions): KubeObject {
  const { namespace, name, pool, readyAfter, priorityClassName } = options;
  const labels = { app: name };
  const gpus = { 'nvidia.com/gpu': String(options.gpus ?? 1) };
  const delay = 'pod-ready.stage.kwok.x-k8s.io';
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name },
    spec: {
      // Only where it is asked for: it is the HPA's field.
      ...(options.replicas !== undefined && { replicas: options.replicas }),
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate' },
      template: {
        metadata: {
          labels,
          ...(readyAfter && {
            annotations: { [`${delay}/delay`]: readyAfter, [`${delay}/jitter-delay`]: readyAfter },
          }),
        },
        spec: {
          nodeSelector: { pool },
          terminationGracePeriodSeconds: 0,
          ...(priorityClassName && { priorityClassName }),
          containers: [
            {
              name: 'server',
              image: 'vllm/vllm-openai:v0.11.0',
              resources: { requests: gpus, limits: gpus },
            },
          ],
        },
      },
    },
  };
}

export interface ScaledObjectOptions {
  readonly namespace: string;
  readonly name: string;
  /** The Deployment; default as the ScaledObject. */
  readonly target?: string;
  readonly minReplicaCount?: number;
  readonly maxReplicaCount?: number;
  readonly cooldownPeriod?: number;
  readonly initialCooldownPeriod?: number;
  readonly pollingInterval?: number;
  readonly scaleDownWindowSeconds?: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly authentication?: string;
}

/** A ScaledObject as deploy/examples has it: the HPA goes where it is told, at once and exactly. */
export function aScaledObject(options: ScaledObjectOptions): KubeObject {
  const { namespace, name, metadata, authentication, initialCooldownPeriod } = options;
  const policies = (type: string) => [{ type, value: 100, periodSeconds: 15 }];
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { namespace, name },
    spec: {
      scaleTargetRef: { name: options.target ?? name },
      pollingInterval: options.pollingInterval ?? 5,
      cooldownPeriod: options.cooldownPeriod ?? 30,
      ...(initialCooldownPeriod !== undefined && { initialCooldownPeriod }),
      minReplicaCount: options.minReplicaCount ?? 1,
      maxReplicaCount: options.maxReplicaCount ?? 40,
      advanced: {
        horizontalPodAutoscalerConfig: {
          behavior: {
            scaleUp: { stabilizationWindowSeconds: 0, tolerance: '0', policies: policies('Pods') },
            scaleDown: {
              stabilizationWindowSeconds: options.scaleDownWindowSeconds ?? 0,
              tolerance: '0',
              policies: policies('Percent'),
            },
          },
        },
      },
      triggers: [
        {
          type: 'external-push',
          metricType: 'AverageValue',
          metadata,
          ...(authentication && { authenticationRef: { name: authentication } }),
        },
      ],
    },
  };
}

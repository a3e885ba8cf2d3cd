import type { HpaSpec } from './hpa-spec.ts';

/** What only the cluster itself knows of a fleet, beside its replica counts. Null is unknown. */
export interface ClusterFacts {
  /** Pods that exist, `status.replicas` of the scale target: what the HPA measures its ratio against. */
  readonly created: number | null;
  /** Pods on their way out; they count for nothing else. */
  readonly terminating: number | null;
  /** Creation of the oldest pod that is not ready yet, epoch ms; null when all are, or unknown. */
  readonly startingSince: number | null;
  /** Of the pods that no node takes the one that waits longest; null when all are placed, or unknown. */
  readonly unschedulable: Unschedulable | null;
  readonly autoscaler: AutoscalerFacts | null;
  /** KEDA's wait before it goes to zero, ms; null while the ScaledObject is not known. */
  readonly cooldownPeriod: number | null;
  /** Pods that report over pods that are ready; null when either is unknown, or none is ready. */
  readonly coverage: number | null;
  /** What could not be known and why, in sentences. */
  readonly lacks: readonly string[];
}

export interface Unschedulable {
  readonly pod: string;
  /** Epoch ms. */
  readonly since: number;
  /** The scheduler's own words, on one line: `0/4 nodes are available: 4 Insufficient nvidia.com/gpu.` */
  readonly message: string;
}

/** The HPA that scales the fleet, as it stands in the cluster. */
export interface AutoscalerFacts {
  readonly name: string;
  readonly spec: HpaSpec;
  readonly currentReplicas: number | null;
  readonly desiredReplicas: number | null;
  /** Why it does not scale at all (its condition ScalingActive or AbleToScale is False), or null. */
  readonly stopped: string | null;
}

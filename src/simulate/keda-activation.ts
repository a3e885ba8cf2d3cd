/** The fields of a ScaledObject that KEDA's own executor reads, beside the HPA that it makes. */
export interface ActivationSpec {
  readonly minReplicaCount: number;
  readonly cooldownPeriodMs: number;
}

export interface ActivationInput {
  readonly now: number;
  /** Any trigger is above its activation threshold. */
  readonly active: boolean;
  readonly specReplicas: number;
  /** When a poll last found a trigger active; null before that. */
  readonly lastActiveTime: number | null;
}

/**
 * What one turn of KEDA's poll loop (`RequestScale`, 2.20) does to spec.replicas, null where nothing: 0 to
 * minReplicaCount (at least 1) while active, any count to 0 once inactive for longer than `cooldownPeriod` where
 * minReplicaCount is 0, and up to minReplicaCount. Everything between 1 and the maximum is the HPA's.
 */
export function activation(spec: ActivationSpec, input: ActivationInput): number | null {
  const { minReplicaCount, cooldownPeriodMs } = spec;
  const { now, active, specReplicas, lastActiveTime } = input;
  if (active) return specReplicas === 0 ? Math.max(1, minReplicaCount) : null;
  if (specReplicas > 0 && minReplicaCount === 0)
    return lastActiveTime === null || lastActiveTime + cooldownPeriodMs < now ? 0 : null;
  return specReplicas < minReplicaCount ? minReplicaCount : null;
}

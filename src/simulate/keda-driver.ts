import type { HpaSpec } from '../core/hpa-spec.ts';
import { type HpaState, NEW_HPA, syncHpa } from '../policy/hpa.ts';
import type { ScaledObjectRef } from '../serve/grpc/messages.ts';
import { activation } from './keda-activation.ts';
import type { ExternalScalerClient } from './keda-client.ts';

/** What is scaled: a Deployment's scale subresource. */
export interface ScaleSubresource {
  readonly specReplicas: number;
  readonly statusReplicas: number;
  scale(replicas: number): void;
}

/** The fields of a ScaledObject with one external trigger that decide anything. */
export interface ScaledObjectSpec {
  readonly namespace: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
  readonly cooldownPeriodMs: number;
  readonly behavior: HpaSpec['behavior'];
}

export interface KedaDriverOptions {
  readonly client: ExternalScalerClient;
  readonly scaledObject: ScaledObjectSpec;
  readonly target: ScaleSubresource;
}

/** KEDA's operator and the HPA for one ScaledObject, stepped by the caller's clock. */
export interface KedaDriver {
  /** One turn of the operator's poll loop, every `pollingInterval`: 0 to 1 and 1 to 0 only. */
  poll(now: number): Promise<void>;
  /** One sync of the HPA, every 15 s. */
  sync(now: number): Promise<void>;
  /** The last call's error, null after one that went well. */
  readonly lastError: string | null;
  close(): void;
}

interface Observation {
  /** Sum of the metric in milli-units of its target. */
  readonly milli: number;
  readonly active: boolean;
}

/** As KEDA 2.20 does it: GetMetricSpec, GetMetrics and IsActive in each poll and in each metric fetch of the HPA. */
export function createKedaDriver({ client, scaledObject, target }: KedaDriverOptions): KedaDriver {
  const ref: ScaledObjectRef = {
    namespace: scaledObject.namespace,
    name: scaledObject.name,
    scalerMetadata: scaledObject.metadata,
  };
  // With minReplicaCount 0 the HPA's minimum is 1: only KEDA's own executor goes to zero.
  const hpa: HpaSpec = {
    minReplicas: Math.max(1, scaledObject.minReplicaCount),
    maxReplicas: scaledObject.maxReplicaCount,
    behavior: scaledObject.behavior,
  };
  let hpaState: HpaState = NEW_HPA;
  let lastActiveTime: number | null = null;
  let lastError: string | null = null;

  async function observe(): Promise<Observation | null> {
    // On an error KEDA rebuilds the scaler and retries once, at once.
    const observation = await ask(client, ref)
      .catch(() => ask(client, ref))
      .catch(String);
    lastError = typeof observation === 'string' ? observation : null;
    return typeof observation === 'string' ? null : observation;
  }

  return {
    get lastError() {
      return lastError;
    },
    async poll(now) {
      const observation = await observe();
      if (!observation) return;
      const { active } = observation;
      const wanted = activation(scaledObject, {
        now,
        active,
        specReplicas: target.specReplicas,
        lastActiveTime,
      });
      if (active) lastActiveTime = now;
      if (wanted !== null) target.scale(wanted);
    },
    async sync(now) {
      const { specReplicas, statusReplicas } = target;
      // The HPA leaves a target at 0 alone and asks for no metric.
      const metricMilli = specReplicas === 0 ? null : ((await observe())?.milli ?? null);
      const outcome = syncHpa(hpa, hpaState, { now, metricMilli, specReplicas, statusReplicas });
      hpaState = outcome.state;
      if (outcome.replicas !== specReplicas) target.scale(outcome.replicas);
    },
    close: () => client.close(),
  };
}

/** GetMetricsAndActivity of KEDA's external scaler. Rejects as KEDA would err. */
async function ask(client: ExternalScalerClient, ref: ScaledObjectRef): Promise<Observation> {
  const { metricSpecs } = await client.getMetricSpec(ref);
  const [spec] = metricSpecs;
  if (!spec) throw new Error('GetMetricSpec: no metric specs returned');
  const { metricValues } = await client.getMetrics({ scaledObjectRef: ref, metricName: spec.metricName });
  if (metricValues.length === 0) throw new Error('GetMetrics: no matching metrics found');
  const target = spec.targetSizeFloat > 0 ? spec.targetSizeFloat : spec.targetSize;
  const milli = metricValues.reduce(
    (sum, value) => sum + toMilli(value.metricValueFloat, value.metricValue),
    0,
  );
  const { result } = await client.isActive(ref);
  return { milli: milli / target, active: result };
}

/** KEDA reads the integer where the float is not above 0, makes a silent 0 of what is no number, and keeps milli-units. */
function toMilli(float: number, integer: number): number {
  const value = float > 0 ? float : integer;
  return Number.isFinite(value) && value > 0 ? Math.round(value * 1000) : 0;
}

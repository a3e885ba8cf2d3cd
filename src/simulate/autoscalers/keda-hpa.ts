import type { HpaSpec } from '../../core/hpa-spec.ts';
import { type HpaState, NEW_HPA, proposedReplicas, syncHpa } from '../../policy/hpa.ts';
import { activation } from '../keda-activation.ts';
import type { Autoscaler, Duty, FleetView, Trigger } from './autoscaler.ts';

/** The fields of a ScaledObject that decide anything. */
export interface KedaHpaOptions {
  readonly name: string;
  readonly triggers: readonly Trigger[];
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
  /** Default 30 s. */
  readonly pollingIntervalMs?: number;
  /** Default 300 s. */
  readonly cooldownPeriodMs?: number;
  readonly behavior: HpaSpec['behavior'];
  /** Loops of the triggers' own (a scaler's evaluation, a controller that publishes a gauge); they change nothing. */
  readonly before?: readonly Duty[];
  readonly explain?: () => string;
}

const POLLING_INTERVAL_MS = 30_000;
const COOLDOWN_PERIOD_MS = 300_000;
/** kube-controller-manager's `--horizontal-pod-autoscaler-sync-period`. */
const HPA_SYNC_MS = 15_000;

interface Observation {
  /** The highest of the triggers that answered; null when none did. */
  readonly milli: number | null;
  readonly erred: boolean;
  readonly active: boolean;
}

/**
 * A ScaledObject: KEDA's operator polls the triggers for 0 to 1 and back, and the HPA reads them through KEDA's adapter at
 * each of its own syncs. The largest trigger wins, as each is one External metric of one HPA.
 */
export function createKedaHpa(options: KedaHpaOptions): Autoscaler {
  const { name, triggers, minReplicaCount, maxReplicaCount, behavior } = options;
  const spec = { minReplicaCount, cooldownPeriodMs: options.cooldownPeriodMs ?? COOLDOWN_PERIOD_MS };
  // With minReplicaCount 0 the HPA's minimum is 1: only KEDA's own executor goes to zero.
  const hpa: HpaSpec = {
    minReplicas: Math.max(1, minReplicaCount),
    maxReplicas: maxReplicaCount,
    behavior,
  };
  let state: HpaState = NEW_HPA;
  let lastActiveTime: number | null = null;
  let why = 'nothing was decided yet';

  const poll = (view: FleetView): number | null => {
    const { active, erred } = observe(triggers, view);
    // A trigger that errs and none that is active: KEDA leaves the count alone.
    if (erred && !active) return null;
    const wanted = activation(spec, {
      now: view.now,
      active,
      specReplicas: view.specReplicas,
      lastActiveTime,
    });
    if (active) lastActiveTime = view.now;
    if (wanted !== null) why = active ? 'KEDA: a trigger is active' : 'KEDA: no trigger is active';
    return wanted;
  };
  const sync = (view: FleetView): number | null => {
    const { specReplicas, statusReplicas } = view;
    // The HPA leaves a target at 0 alone and asks for no metric.
    const observed = specReplicas === 0 ? null : observe(triggers, view);
    const metricMilli = observed === null ? null : usable(hpa, observed, view);
    const outcome = syncHpa(hpa, state, { now: view.now, metricMilli, specReplicas, statusReplicas });
    state = outcome.state;
    if (outcome.replicas === specReplicas) return null;
    const asked = metricMilli === null ? 'its bounds' : `${metricMilli / 1000} targets' worth`;
    why = `HPA: from ${specReplicas} to ${outcome.replicas} by ${asked}`;
    return outcome.replicas;
  };
  return {
    name,
    duties: [
      ...(options.before ?? []),
      { name: 'keda-poll', everyMs: options.pollingIntervalMs ?? POLLING_INTERVAL_MS, run: poll },
      { name: 'hpa-sync', everyMs: HPA_SYNC_MS, run: sync },
    ],
    explain: () => (options.explain ? `${why}; ${options.explain()}` : why),
  };
}

function observe(triggers: readonly Trigger[], view: FleetView): Observation {
  let milli: number | null = null;
  let erred = false;
  let active = false;
  for (const trigger of triggers) {
    const reading = trigger.read(view);
    if (reading === null) {
      erred = true;
      continue;
    }
    milli = Math.max(milli ?? 0, reading.milli);
    active ||= reading.active;
  }
  return { milli, erred, active };
}

/** Where one metric errs and the others would scale down, the HPA changes nothing. */
function usable(hpa: HpaSpec, { milli, erred }: Observation, view: FleetView): number | null {
  if (milli === null || !erred) return milli;
  return proposedReplicas(hpa, milli, view.statusReplicas) < view.specReplicas ? null : milli;
}

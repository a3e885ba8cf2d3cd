import type { HpaSpec } from '../core/hpa-spec.ts';
import { NEW_HPA, syncHpa } from '../policy/hpa.ts';

/** One recorded run of kube-controller-manager's HPA, as `hpa-*.jsonl` holds it. */
export interface HpaStory {
  readonly spec: HpaSpec;
  /** time_s, metric_sum_milli or null, replicas_before, replicas_after and, where recorded, status replicas. */
  readonly syncs: readonly (readonly (number | null)[])[];
}

/** The syncs of a story at which our HPA does not answer what was recorded. */
export function differingSyncs({
  spec,
  syncs,
}: HpaStory): readonly { readonly sync: number; readonly recorded: number; readonly ours: number }[] {
  let state = NEW_HPA;
  return syncs.flatMap(([time, milli, before, after, status], sync) => {
    const specReplicas = before ?? 0;
    const outcome = syncHpa(spec, state, {
      now: Math.round(1000 * (time ?? 0)),
      metricMilli: milli ?? null,
      specReplicas,
      statusReplicas: status ?? specReplicas,
    });
    state = outcome.state;
    return outcome.replicas === after ? [] : [{ sync, recorded: after ?? 0, ours: outcome.replicas }];
  });
}

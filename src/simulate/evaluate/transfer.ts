import type { Setting } from '../autoscalers/autoscaler.ts';
import type { KnobValues } from '../autoscalers/peer.ts';
import type { Entrant } from './field.ts';

/** Loads per replica: they follow the card, as the load test does. */
const LOADS = new Set(['threshold', 'target', 'target_ongoing_requests']);
const CEILINGS = new Set(['maxReplicaCount', 'max_replicas', 'maxScale', 'maxReplicas']);
const FLOORS = new Set(['minReplicaCount', 'min_replicas', 'minScale', 'minReplicas', 'cronReplicas']);

/**
 * What was tuned on one fleet, for another: loads per replica by the ratio of the load tests, ceilings as a share of the fleet's
 * limit, all else as it is. Floors, which a sweep of a small fleet can only tell coarsely, two ways: as they are, and in
 * proportion to the fleet's limit; one list where that is the same.
 */
export function transferred(
  entrant: Entrant,
  tuned: KnobValues,
  { from, to }: { readonly from: Setting; readonly to: Setting },
): readonly KnobValues[] {
  const [then, now] = [entrant.defaults(from), entrant.defaults(to)];
  const growth = to.maxReplicas / from.maxReplicas;
  const within = (count: number) => Math.min(to.maxReplicas, Math.max(to.minReplicas, Math.round(count)));
  const moved = (grow: boolean): KnobValues =>
    Object.fromEntries(
      Object.entries(tuned).map(([knob, value]) => {
        if (LOADS.has(knob))
          return [knob, Math.max(1, Math.round((value * (now[knob] ?? 1)) / (then[knob] ?? 1)))];
        if (CEILINGS.has(knob)) return [knob, within(value * growth)];
        if (FLOORS.has(knob)) {
          const above = value > (knob === 'cronReplicas' ? 0 : from.minReplicas);
          return [knob, within(grow && above ? value * growth : value)];
        }
        return [knob, value];
      }),
    );
  const [kept, grown] = [moved(false), moved(true)];
  return JSON.stringify(kept) === JSON.stringify(grown) ? [kept] : [kept, grown];
}

import {
  type HpaSpec,
  type Quantity,
  type ResolvedRules,
  resolveDown,
  resolveUp,
  type ScalingPolicy,
  toleranceOf,
} from '../core/hpa-spec.ts';

interface Recommendation {
  readonly at: number;
  readonly replicas: number;
}

interface ScaleEvent {
  readonly at: number;
  /** Replicas added or removed, positive. */
  readonly change: number;
}

/** What the controller keeps in memory for one HPA; slots are overwritten in place, as the controller does. */
export interface HpaState {
  /** Null before the first sync. */
  readonly recommendations: readonly Recommendation[] | null;
  readonly ups: readonly ScaleEvent[];
  readonly downs: readonly ScaleEvent[];
}

export const NEW_HPA: HpaState = { recommendations: null, ups: [], downs: [] };

export interface HpaInput {
  /** Instant of the sync, epoch ms. */
  readonly now: number;
  /** Sum of the metric in milli-units; null when it could not be read. */
  readonly metricMilli: number | null;
  /** `scale.spec.replicas`. */
  readonly specReplicas: number;
  /** `scale.status.replicas`: pods that exist, ready or not. */
  readonly statusReplicas: number;
}

export interface HpaOutcome {
  readonly replicas: number;
  readonly state: HpaState;
}

/** kube-controller-manager's `--horizontal-pod-autoscaler-downscale-stabilization`. */
const DOWNSCALE_STABILIZATION_MS = 300_000;

/**
 * One sync of the HorizontalPodAutoscaler (autoscaling/v2, Kubernetes 1.35) for one External metric with target 1
 * AverageValue. A null metric changes nothing; 0 replicas are left alone; a count outside [minReplicas, maxReplicas] jumps
 * to the nearer bound without metric, window or rate.
 */
export function syncHpa(spec: HpaSpec, state: HpaState, input: HpaInput): HpaOutcome {
  const current = input.specReplicas;
  const seeded: HpaState =
    state.recommendations === null
      ? { ...state, recommendations: [{ at: input.now, replicas: current }] }
      : state;
  if (current === 0) return { replicas: 0, state: seeded };
  const bound = Math.min(Math.max(current, spec.minReplicas), spec.maxReplicas);
  if (bound !== current) return applied(spec, seeded, input, bound);
  if (input.metricMilli === null) return { replicas: current, state: seeded };
  const proposal = proposedReplicas(spec, input.metricMilli, input.statusReplicas);
  const { replicas, recommendations } = spec.behavior
    ? normalizeWithBehavior(spec, seeded, input, proposal)
    : normalize(spec, seeded, input, proposal);
  return applied(spec, { ...seeded, recommendations }, input, replicas);
}

/** `ceil(usage / target)` outside the tolerance band; inside it what *exists* counts, not what is asked for. */
export function proposedReplicas(spec: HpaSpec, milli: number, statusReplicas: number): number {
  const ratio = statusReplicas === 0 ? Number.POSITIVE_INFINITY : milli / (1000 * statusReplicas);
  const low = 1 - tolerance(spec.behavior?.scaleDown?.tolerance);
  const high = 1 + tolerance(spec.behavior?.scaleUp?.tolerance);
  return low <= ratio && ratio <= high ? statusReplicas : Math.ceil(milli / 1000);
}

function tolerance(quantity: Quantity | null | undefined): number {
  return toleranceOf(quantity);
}

/** Without `behavior`: max(2 x current, 4) a sync upward, the highest recommendation of 300 s downward. */
function normalize(spec: HpaSpec, state: HpaState, input: HpaInput, proposal: number) {
  const cutoff = input.now - DOWNSCALE_STABILIZATION_MS;
  const known = state.recommendations ?? [];
  const stabilized = Math.max(
    proposal,
    ...known.filter(({ at }) => at >= cutoff).map(({ replicas }) => replicas),
  );
  const highest = Math.min(spec.maxReplicas, Math.max(2 * input.specReplicas, 4));
  return {
    replicas: Math.max(spec.minReplicas, Math.min(stabilized, highest)),
    recommendations: record(known, { at: input.now, replicas: proposal }, ({ at }) => at < cutoff),
  };
}

function normalizeWithBehavior(spec: HpaSpec, state: HpaState, input: HpaInput, proposal: number) {
  const up = resolveUp(spec.behavior?.scaleUp);
  const down = resolveDown(spec.behavior?.scaleDown, DOWNSCALE_STABILIZATION_MS / 1000);
  const upCutoff = input.now - up.stabilizationWindowSeconds * 1000;
  const downCutoff = input.now - down.stabilizationWindowSeconds * 1000;
  const known = state.recommendations ?? [];
  let lowest = proposal;
  let highest = proposal;
  for (const { at, replicas } of known) {
    if (at > upCutoff) lowest = Math.min(lowest, replicas);
    if (at > downCutoff) highest = Math.max(highest, replicas);
  }
  const stabilized = Math.min(Math.max(input.specReplicas, lowest), highest);
  return {
    replicas: withinRates(spec, state, input, { up, down, wanted: stabilized }),
    recommendations: record(
      known,
      { at: input.now, replicas: proposal },
      ({ at }) => at < upCutoff && at < downCutoff,
    ),
  };
}

interface Rated {
  readonly up: ResolvedRules;
  readonly down: ResolvedRules;
  readonly wanted: number;
}

function withinRates(spec: HpaSpec, state: HpaState, input: HpaInput, { up, down, wanted }: Rated): number {
  const current = input.specReplicas;
  const startOf = (policy: ScalingPolicy) =>
    current - changeIn(state.ups, policy, input.now) + changeIn(state.downs, policy, input.now);
  if (wanted > current) {
    const limit = limitOf(up, current, Math.max, (policy) =>
      policy.type === 'Pods'
        ? startOf(policy) + policy.value
        : Math.ceil(startOf(policy) * (1 + policy.value / 100)),
    );
    return Math.min(wanted, spec.maxReplicas, Math.max(limit, current));
  }
  if (wanted < current) {
    const limit = limitOf(down, current, Math.min, (policy) =>
      policy.type === 'Pods'
        ? startOf(policy) - policy.value
        : Math.trunc(startOf(policy) * (1 - policy.value / 100)),
    );
    return Math.max(wanted, spec.minReplicas, Math.min(limit, current));
  }
  return wanted;
}

/** The policy that changes most (`Max`), least (`Min`), or none at all (`Disabled`). `widest` is max upward, min downward. */
function limitOf(
  rules: ResolvedRules,
  current: number,
  widest: (...limits: number[]) => number,
  limit: (policy: ScalingPolicy) => number,
): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const limits = rules.policies.map(limit);
  const narrowest = widest === Math.max ? Math.min : Math.max;
  return rules.selectPolicy === 'Min' ? narrowest(...limits) : widest(...limits);
}

/** Replicas that changed within the policy's period; an event exactly a period old no longer counts. */
function changeIn(events: readonly ScaleEvent[], policy: ScalingPolicy, now: number): number {
  const cutoff = now - policy.periodSeconds * 1000;
  return events.reduce((sum, { at, change }) => (at > cutoff ? sum + change : sum), 0);
}

/** The new count, and the scale event that it makes where a behavior keeps events. */
function applied(spec: HpaSpec, state: HpaState, input: HpaInput, replicas: number): HpaOutcome {
  const change = replicas - input.specReplicas;
  if (change === 0 || !spec.behavior) return { replicas, state };
  const rules = change > 0 ? resolveUp(spec.behavior.scaleUp) : resolveDown(spec.behavior.scaleDown, 300);
  const cutoff = input.now - Math.max(...rules.policies.map(({ periodSeconds }) => periodSeconds)) * 1000;
  const event = { at: input.now, change: Math.abs(change) };
  // Only its own side's longest period decides what is old, even where the other side's policies look back further.
  const outdated = ({ at }: ScaleEvent) => at < cutoff;
  return change > 0
    ? { replicas, state: { ...state, ups: record(state.ups, event, outdated) } }
    : { replicas, state: { ...state, downs: record(state.downs, event, outdated) } };
}

/** Puts `entry` in the slot of the last outdated one, or at the end. */
function record<T>(entries: readonly T[], entry: T, outdated: (entry: T) => boolean): readonly T[] {
  const slot = entries.findLastIndex(outdated);
  return slot === -1 ? [...entries, entry] : entries.with(slot, entry);
}

import type { AutoscalerFacts } from '../core/cluster-facts.ts';
import { formatDuration } from '../core/duration.ts';
import { type HpaSpec, toleranceOf } from '../core/hpa-spec.ts';
import type { Policy } from '../core/policy.ts';
import { NEW_HPA, syncHpa } from './hpa.ts';
import { replicas, type StepResult } from './step-result.ts';

/** The HPA's default tolerance, for the warning; ScaledObjects that Bellwether ships set it to 0. */
const HPA_DEFAULT_TOLERANCE = 0.1;

/** What the HPA starts from; null is unknown. */
export interface Standing {
  /** `spec.replicas`, or what is ready where that is not known. */
  readonly current: number | null;
  /** `status.replicas`. */
  readonly created: number | null;
  readonly autoscaler: AutoscalerFacts | null;
}

export interface Landing extends StepResult {
  readonly out: number;
  /** Why the answer will not arrive, or null. */
  readonly warning: string | null;
}

/**
 * What an HPA with `tolerance` makes of `wanted` (AverageValue, target 1) at `current` status replicas: inside
 * [(1 - tolerance) current, (1 + tolerance) current], edges included, it stays at `current`; else it lands exactly.
 */
export function landsOn(wanted: number, current: number, tolerance: number): number {
  if (current <= 0) return wanted;
  const ratio = wanted / current;
  return 1 - tolerance <= ratio && ratio <= 1 + tolerance ? current : wanted;
}

/**
 * Step 8: where the HPA will land and when, by its own arithmetic where the HPA itself is known, else by the policy's
 * `landing.tolerance`. With `landing.roundUp` a rise is lifted out of the band that would swallow it.
 */
export function landingStep(wanted: number, standing: Standing, policy: Policy): Landing {
  const { current, autoscaler } = standing;
  if (current === null || current === wanted)
    return nothingToDo(wanted, { current, tolerance: policy.landing.tolerance });
  return autoscaler === null
    ? byTolerance(wanted, current, policy)
    : byAutoscaler(wanted, { current, created: standing.created ?? current, autoscaler }, policy);
}

function nothingToDo(out: number, inputs: StepResult['inputs']): Landing {
  return { out, reason: 'the HPA has nothing to change', inputs, warning: null };
}

function byTolerance(wanted: number, current: number, policy: Policy): Landing {
  const { tolerance, roundUp } = policy.landing;
  const inputs = { current, tolerance };
  const lands = landsOn(wanted, current, tolerance);
  if (lands !== wanted && roundUp && wanted > current) return lifted(wanted, current, tolerance, inputs);
  if (lands !== wanted) {
    const reason = `the HPA's tolerance of ${tolerance} keeps ${replicas(current)} instead of ${wanted}`;
    return { out: wanted, reason, inputs, warning: reason };
  }
  const swallowed = tolerance === 0 && landsOn(wanted, current, HPA_DEFAULT_TOLERANCE) === current;
  const condition = swallowed
    ? ` if its tolerance is 0 (its default of ${HPA_DEFAULT_TOLERANCE} would keep ${current})`
    : '';
  return {
    out: wanted,
    reason: `the HPA goes from ${current} to ${wanted}${condition}`,
    inputs,
    warning: null,
  };
}

interface Known {
  readonly current: number;
  readonly created: number;
  readonly autoscaler: AutoscalerFacts;
}

function byAutoscaler(wanted: number, { current, created, autoscaler }: Known, policy: Policy): Landing {
  const { name, spec, stopped } = autoscaler;
  const tolerance = toleranceOf(spec.behavior?.scaleUp?.tolerance);
  const inputs = {
    current,
    created,
    hpa: name,
    minReplicas: spec.minReplicas,
    maxReplicas: spec.maxReplicas,
  };
  if (wanted === 0) return { out: 0, reason: 'KEDA scales to zero, not the HPA', inputs, warning: null };
  if (stopped !== null) {
    const reason = `${name} does not scale at all just now: ${stopped}`;
    return { out: wanted, reason, inputs, warning: reason };
  }
  const flight = flightOf(wanted, { current, created }, spec);
  if (flight.lands === wanted) {
    const after = flight.after === 0 ? 'at its next sync' : `within ${formatDuration(flight.after + SYNC)}`;
    return {
      out: wanted,
      reason: `${name} goes from ${current} to ${wanted} ${after}`,
      inputs,
      warning: null,
    };
  }
  const swallowed = landsOn(wanted, created, tolerance) === created;
  if (policy.landing.roundUp && wanted > current && swallowed)
    return lifted(wanted, created, tolerance, inputs);
  const verb = flight.lands === current ? 'stays at' : 'comes to';
  const reason = `${name} ${verb} ${flight.lands} instead of ${wanted}: ${whyNot(wanted, created, spec)}`;
  return { out: wanted, reason, inputs: { ...inputs, lands: flight.lands }, warning: reason };
}

function lifted(wanted: number, current: number, tolerance: number, inputs: StepResult['inputs']): Landing {
  let out = wanted;
  while (landsOn(out, current, tolerance) === current) out++;
  const reason = `rounded up from ${wanted}, which the HPA's tolerance of ${tolerance} would ignore`;
  return { out, reason, inputs, warning: null };
}

const SYNC = 15_000;
/** Ten minutes and more: the longest window that people set is 300 s. */
const SYNCS = 45;

/**
 * Where an HPA with this spec ends up when it hears `wanted` from now on, and after how long, ms. What it remembers is not
 * known: its window is taken to be full of the current count, which is the slowest that it can be.
 */
function flightOf(
  wanted: number,
  { current, created }: { readonly current: number; readonly created: number },
  spec: HpaSpec,
): { readonly lands: number; readonly after: number } {
  let state = NEW_HPA;
  // At zero KEDA wakes the target before the HPA looks at it.
  let specReplicas = Math.max(current, 1);
  let statusReplicas = Math.max(created, 1);
  let after = 0;
  for (let sync = 0; sync < SYNCS && specReplicas !== wanted; sync++) {
    const next = syncHpa(spec, state, {
      now: sync * SYNC,
      metricMilli: wanted * 1000,
      specReplicas,
      statusReplicas,
    });
    state = next.state;
    if (next.replicas !== specReplicas) after = sync * SYNC;
    specReplicas = next.replicas;
    statusReplicas = next.replicas;
  }
  return { lands: specReplicas, after };
}

function whyNot(wanted: number, created: number, { minReplicas, maxReplicas, behavior }: HpaSpec): string {
  if (wanted > maxReplicas) return `its maxReplicas is ${maxReplicas}`;
  if (wanted < minReplicas) return `its minReplicas is ${minReplicas}`;
  const [side, rules] =
    wanted > created
      ? (['scaleUp', behavior?.scaleUp] as const)
      : (['scaleDown', behavior?.scaleDown] as const);
  if (rules?.selectPolicy === 'Disabled') return `its ${side} is disabled`;
  const tolerance = toleranceOf(rules?.tolerance);
  return landsOn(wanted, created, tolerance) === created
    ? `its tolerance of ${tolerance} ignores the change`
    : `its ${side} policies and its tolerance of ${tolerance} stop it short`;
}

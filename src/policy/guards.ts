import type { Unschedulable } from '../core/cluster-facts.ts';
import { formatDuration } from '../core/duration.ts';
import type { Policy } from '../core/policy.ts';
import { round6 } from '../signal/window.ts';
import type { Limits } from './bounds.ts';
import type { Hold } from './hold.ts';
import { replicas, type StepResult, trim } from './step-result.ts';

export interface GuardsInput {
  readonly at: number;
  readonly wanted: number;
  readonly target: number;
  /** Replicas that demand asks for, before gain; null while unknown. */
  readonly demand: number | null;
  readonly hold: Hold | null;
  readonly limits: Limits;
  readonly unschedulable: number | null;
  readonly unschedulableSince: number | null;
  /** The pod that waits longest and the scheduler's words; left out where they are not known. */
  readonly stuck?: Unschedulable | null;
}

/**
 * Step 7. A fall is stopped on hold, and, unless the calendar's ceiling asks for it, where the replicas that stay
 * would be over their target (consolidation). A rise is stopped while replicas cannot be scheduled for longer than
 * `provisionTimeout`. A floor passes all of them: the clamp at the end restores it.
 */
export function guardsStep(input: GuardsInput, policy: Policy): StepResult & { readonly out: number } {
  const { wanted, target, hold } = input;
  const inputs = { target, held: hold?.reason ?? null };
  if (wanted < target && hold) return { out: target, reason: `no fall: ${hold.why}`, inputs };
  if (wanted < target) return consolidation(input, policy);
  if (wanted > target) return provisioning(input, policy);
  return { out: wanted, reason: hold ? `on hold: ${hold.why}` : 'nothing to guard', inputs };
}

function consolidation(
  { wanted, target, demand, limits }: GuardsInput,
  policy: Policy,
): StepResult & { readonly out: number } {
  const needed = Math.min(target, Math.ceil(round6(demand ?? 0)), ceilingOf(limits));
  const inputs = { target, demand, needed };
  if (!policy.guards.consolidation || needed <= wanted)
    return { out: wanted, reason: 'the replicas that stay carry the demand', inputs };
  return {
    out: needed,
    reason: `demand is ${trim(demand ?? 0)} replicas: ${replicas(wanted)} would be over target, so ${needed} stay`,
    inputs,
  };
}

function ceilingOf({ ceiling, max }: Limits): number {
  return ceiling === null ? Number.POSITIVE_INFINITY : max;
}

function provisioning(input: GuardsInput, policy: Policy): StepResult & { readonly out: number } {
  const { at, wanted, target, unschedulable, unschedulableSince, stuck: longest = null } = input;
  const waited = unschedulableSince === null ? 0 : at - unschedulableSince;
  const inputs = { target, unschedulable, unschedulableFor: waited };
  if (unschedulableSince === null || waited < policy.provisionTimeout)
    return { out: wanted, reason: 'nothing to guard', inputs };
  const stuck = `${replicas(unschedulable ?? 0)} could not be scheduled for ${formatDuration(waited)}`;
  const said = longest === null ? '' : `; the scheduler says of ${longest.pod}: ${longest.message}`;
  return { out: target, reason: `no further rise: ${stuck}${said}`, inputs };
}

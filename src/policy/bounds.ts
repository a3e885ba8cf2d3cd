import type { Bounds } from '../calendar/calendar.ts';
import type { Policy } from '../core/policy.ts';
import { replicas, type StepResult } from './step-result.ts';

/** What the answer may be: [min, max]; `ceilingWins` when the calendar's ceiling is what limits max. */
export interface Limits {
  readonly min: number;
  readonly max: number;
  readonly floor: number;
  readonly ceiling: number | null;
}

/**
 * Policy and calendar in one interval: [max(minReplicas, floor), min(maxReplicas, max(ceiling, minReplicas))].
 * maxReplicas is money and wins over everything; a floor wins over a ceiling (both can hold only during a lead).
 */
export function limitsOf(policy: Policy, bounds: Bounds): Limits {
  const min = Math.min(policy.maxReplicas, Math.max(policy.minReplicas, bounds.floor));
  const ceiling = bounds.ceiling === null ? policy.maxReplicas : Math.max(bounds.ceiling, policy.minReplicas);
  return {
    min,
    max: Math.max(min, Math.min(policy.maxReplicas, ceiling)),
    floor: bounds.floor,
    ceiling: bounds.ceiling,
  };
}

/** Step 4: the wanted count inside the limits. Unknown stays unknown. */
export function boundsStep(
  wanted: number | null,
  limits: Limits,
  policy: Policy,
  windows: readonly string[],
): StepResult {
  const { min, max, floor, ceiling } = limits;
  const inputs = {
    minReplicas: policy.minReplicas,
    maxReplicas: policy.maxReplicas,
    floor,
    ceiling,
    windows,
  };
  const range = `between ${min} and ${max}`;
  if (wanted === null) return { out: null, reason: `unknown demand; ${range}`, inputs };
  if (wanted < min) return { out: min, reason: lowReason(limits, policy, windows), inputs };
  if (wanted > max) return { out: max, reason: highReason(limits, policy, windows), inputs };
  return { out: wanted, reason: `${wanted} is ${range}`, inputs };
}

export function lowReason({ min, floor }: Limits, policy: Policy, windows: readonly string[]): string {
  const capped = floor > policy.maxReplicas ? `, of which maxReplicas allows ${policy.maxReplicas}` : '';
  if (floor > policy.minReplicas)
    return `the calendar asks for at least ${replicas(floor)} (${windows.join(', ')})${capped}`;
  return `minReplicas is ${min}`;
}

function highReason({ max, ceiling }: Limits, policy: Policy, windows: readonly string[]): string {
  if (ceiling !== null && max < policy.maxReplicas)
    return `the calendar allows at most ${replicas(max)} (${windows.join(', ')})`;
  return `maxReplicas is ${max}`;
}

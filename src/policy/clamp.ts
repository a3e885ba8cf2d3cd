import type { Policy } from '../core/policy.ts';
import { type Limits, lowReason } from './bounds.ts';
import { replicas, type StepResult } from './step-result.ts';

/**
 * The last word on the answer. Not below the lower limit, whatever guards or holds said; not above maxReplicas; and a
 * rise not above the calendar's ceiling. A target above a ceiling that has just begun stays until its fall was wanted
 * for downscaleDelay (steps 6 and 7), which is why the ceiling limits rises only.
 */
export function clampStep(
  wanted: number,
  target: number,
  limits: Limits,
  policy: Policy,
  windows: readonly string[],
): StepResult & { readonly out: number } {
  const inputs = { min: limits.min, max: limits.max, maxReplicas: policy.maxReplicas };
  if (wanted < limits.min) return { out: limits.min, reason: lowReason(limits, policy, windows), inputs };
  const top = Math.min(policy.maxReplicas, Math.max(limits.max, target));
  if (wanted > top) return { out: top, reason: `at most ${replicas(top)} are allowed`, inputs };
  return { out: wanted, reason: 'inside the limits', inputs };
}

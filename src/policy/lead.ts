import type { Policy } from '../core/policy.ts';

/** How long a node takes while nothing was measured. */
const NODE_DEFAULT = 300_000;

/** One HPA sync: the floor is asked for that much earlier, since the HPA may have just looked. */
const HPA_SYNC = 15_000;

/**
 * The lead that `lead: auto` stands for, ms: the measured p95 cold start (capped by coldStart.max) plus one HPA sync
 * plus one evaluation; `coldStart.default` while fewer than five starts were measured (`p95` null).
 */
export function autoLead(policy: Policy, p95: number | null, evaluationInterval: number): number {
  if (p95 === null) return policy.coldStart.default;
  return Math.min(policy.coldStart.max, p95) + HPA_SYNC + evaluationInterval;
}

/** How long before a rise its nodes are asked for, ms: `buffer.lead`, else what waiting for a node took (p95), else 5 m. */
export function bufferLead(policy: Policy, nodeP95: number | null): number {
  const measured = nodeP95 === null ? NODE_DEFAULT : Math.min(policy.coldStart.max, nodeP95);
  return policy.buffer?.lead ?? measured;
}

import type { Calendar } from '../calendar/calendar.ts';
import type { Policy } from '../core/policy.ts';
import type { ReplicaFacts } from '../core/sample.ts';
import { bufferLead } from './lead.ts';
import { type StepResult, trim } from './step-result.ts';

export interface BufferInput {
  readonly at: number;
  readonly target: number | null;
  readonly facts: ReplicaFacts;
  readonly calendar: Calendar | null;
  /** The fleet's own lead, ms. */
  readonly lead: number;
  readonly previous: number | null;
  /** Measured p95 of waiting for a node, ms; null or left out before five were measured. */
  readonly nodeP95?: number | null;
}

/**
 * Step 9, an output of its own: pause pods that keep nodes warm for the next rise of the calendar's floor. As many as
 * the highest floor asked for within buffer.lead (from its own lead on) exceeds the replicas asked for or there, at
 * least `min`; then at most `max` and what maxReplicas leaves. No fall while a pod of the fleet is unscheduled: its
 * node is still being made.
 */
export function bufferStep(input: BufferInput, policy: Policy): StepResult {
  const { at, target, facts, calendar, lead, previous } = input;
  if (policy.buffer === null) return { out: 0, reason: 'no buffer is configured', inputs: {} };
  if (target === null) return { out: null, reason: 'the fleet itself is unknown', inputs: {} };
  const { min, max } = policy.buffer;
  const further = bufferLead(policy, input.nodeP95 ?? null);
  const floor = calendar === null ? 0 : calendar.maxFloor(at, at + further, lead);
  const there = Math.max(target, (facts.ready ?? 0) + (facts.starting ?? 0));
  const wanted = Math.max(min, floor - there, 0);
  const frozen = (facts.unschedulable ?? 0) > 0 && previous !== null && previous > wanted;
  const cap = Math.max(0, Math.min(max, policy.maxReplicas - target));
  const out = Math.min(frozen ? previous : wanted, cap);
  const inputs = { floor, there, min, max, cap, lead: further };
  if (frozen)
    return {
      out,
      reason: `no fall while ${trim(facts.unschedulable ?? 0)} of the fleet's pods cannot be scheduled`,
      inputs,
    };
  const because =
    floor > there
      ? `a floor of ${floor} comes within the lead and ${there} are there`
      : `no floor beyond the ${there} that are there comes within the lead`;
  return { out, reason: `${because}; at least ${min}, at most ${cap}`, inputs };
}

import type { ReplicaProfile } from '../profiles.ts';
import type { Trace } from '../trace.ts';

/** Of a replica's time at most this much may be spoken for while first tokens still come soon. */
const UTILIZATION = 0.7;
const SPAN_MS = 300_000;

/**
 * A rough count of replicas for the busiest five minutes: the engine's time that each request takes beside others (its
 * prefill, and its share of each decode step) over the time there is. Never below 1.
 */
export function peakReplicas(trace: Trace, profile: ReplicaProfile): number {
  let busiest = 0;
  let sum = 0;
  let first = 0;
  for (let row = 0; row < trace.length; row++) {
    sum += workMs(trace, row, profile);
    while ((trace.arrivedAt[first] ?? 0) <= (trace.arrivedAt[row] ?? 0) - SPAN_MS) {
      sum -= workMs(trace, first, profile);
      first++;
    }
    busiest = Math.max(busiest, sum);
  }
  return Math.max(1, Math.ceil(busiest / SPAN_MS / UTILIZATION));
}

/** A step's fixed time is shared by those that run together: taken to be a quarter of what the KV cache holds, at most 8. */
function workMs({ promptTokens, outputTokens }: Trace, row: number, profile: ReplicaProfile): number {
  const prompt = promptTokens[row] ?? 0;
  const output = outputTokens[row] ?? 0;
  const together = Math.min(8, Math.max(1, profile.kvCapacityTokens / (prompt + output) / 4));
  const decode = profile.a / together + profile.b + profile.c * (prompt + output / 2);
  return profile.d * prompt + output * decode;
}

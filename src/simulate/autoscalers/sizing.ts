import type { ReplicaProfile } from '../profiles.ts';

/** What one replica carries, as a load test of an hour would find it. */
export interface ReplicaLoad {
  /** Requests in flight. */
  readonly ongoing: number;
  /** Requests per second. */
  readonly rate: number;
}

/** The lengths that the load test sends: the means of Azure's published conversation trace of 2023. */
const PROMPT_TOKENS = 1155;
const OUTPUT_TOKENS = 211;
/** Beyond it waiting grows faster than load; what people leave free after a load test. */
const UTILIZATION = 0.6;

/**
 * The load at 60 % of what saturates a replica, and within 60 % of its KV cache and its batch. From the step model: with n
 * requests in flight each of the OUTPUT_TOKENS steps takes a + n (b + c x tokens held), and while one request lives n others
 * are prefilled, so it stays T = OUTPUT_TOKENS x a + n x work, and the rate n / T tends to 1 / work.
 */
export function loadTested(profile: ReplicaProfile): ReplicaLoad {
  const held = PROMPT_TOKENS + OUTPUT_TOKENS / 2;
  const alone = (OUTPUT_TOKENS * profile.a) / 1000;
  const work = (OUTPUT_TOKENS * (profile.b + profile.c * held) + profile.d * PROMPT_TOKENS) / 1000;
  const byCompute = ((UTILIZATION / work) * alone) / (1 - UTILIZATION);
  const byMemory = (UTILIZATION * profile.kvCapacityTokens) / (PROMPT_TOKENS + OUTPUT_TOKENS);
  const ongoing = Math.max(1, Math.floor(Math.min(byCompute, byMemory, UTILIZATION * profile.maxNumSeqs)));
  return { ongoing, rate: ongoing / (alone + ongoing * work) };
}

import { z } from 'zod';
import { Duration } from './duration-schema.ts';

const Positive = z.number().gt(0).max(1e9);

/** The arrival-rate signal as a policy writes it (docs/policy.md). */
export const ArrivalRate = z.strictObject({
  /** Requests per second that one replica carries within the objective; learned where it is left out. */
  perReplica: Positive.optional(),
  windows: z
    .array(Duration.refine((ms) => ms >= 10_000 && ms <= 1_800_000, { message: 'must be from 10s to 30m' }))
    .min(1)
    .max(8)
    .refine((all) => all.every((ms, index) => index === 0 || ms > (all[index - 1] ?? 0)), {
      message: 'must ascend',
    })
    .optional(),
  /** Standard deviations by which a window's rate is believed less. */
  confidence: z.number().min(0).max(5).optional(),
  /** Replicas beyond the demand x, in units of sqrt(x). */
  headroom: z.number().min(0).max(3).optional(),
  season: z
    .strictObject({
      history: Duration.refine((ms) => ms <= 90 * 86_400_000, { message: 'must be at most 90d' }),
    })
    .optional(),
  /** A gateway's counter of requests, in place of vLLM's counters. */
  promql: z.string().min(1).max(4_000).optional(),
});
export type ArrivalRate = z.infer<typeof ArrivalRate>;

/** The signal with every value set, ms. */
export interface ArrivalRule {
  readonly perReplica: number | null;
  readonly windows: readonly number[];
  readonly confidence: number;
  readonly headroom: number;
  /** How far back the season is learned from; 0: not at all. */
  readonly history: number;
  readonly promql: string | null;
}

/**
 * What holds where a policy leaves a field out. The windows and the confidence are those that an independent simulation
 * chose (against one window of 600 s they cost 9 % less); docs/policy.md says what was tuned on what.
 */
export function arrivalRuleOf(signal: ArrivalRate): ArrivalRule {
  return {
    perReplica: signal.perReplica ?? null,
    windows: signal.windows ?? [30_000, 60_000, 120_000, 300_000, 600_000],
    confidence: signal.confidence ?? 1.5,
    headroom: signal.headroom ?? 0.2,
    history: signal.season?.history ?? 28 * 86_400_000,
    promql: signal.promql ?? null,
  };
}

/** The longest of its windows, ms: how far back its samples are kept. */
export function longestWindow(signal: ArrivalRate): number {
  return Math.max(...arrivalRuleOf(signal).windows);
}

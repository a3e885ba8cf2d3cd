import { z } from 'zod';
import { ArrivalRate, longestWindow } from './arrival-rule.ts';
import { Duration } from './duration-schema.ts';
import { perObject } from './per-object.ts';

const Replicas = z.int().min(0).max(100_000);
const Factor = z.number().gt(0).max(1_000);
const Positive = z.number().gt(0).max(1e9);

/** Demand signals beside ongoing requests; each present one gives a demand of its own, the largest wins. */
export const Signals = z.strictObject({
  /** Reads one signal alone instead of the largest. */
  only: z.enum(['ongoing', 'waiting', 'kvCacheUsage', 'timeToFirstToken', 'arrivalRate', 'query']).optional(),
  /** Waiting requests that one replica may have. */
  waiting: z.strictObject({ target: Positive }).optional(),
  /** Mean share of the KV cache in use (0..1) to aim at. */
  kvCacheUsage: z.strictObject({ target: z.number().gt(0).max(1) }).optional(),
  /** Mean time to first token to stay under; replicas grow by the ratio, at most doubling. */
  timeToFirstToken: z.strictObject({ objective: Duration }).optional(),
  /** Requests that arrive, by conservation or from a gateway's counter, over what a replica carries. */
  arrivalRate: ArrivalRate.optional(),
  /** A query of the operator's own that yields one number; `cap` bounds what it may ask for. */
  query: z.strictObject({ promql: z.string().min(1).max(4_000), target: Positive, cap: Replicas }).optional(),
});
export type Signals = z.infer<typeof Signals>;

/**
 * The fields of a policy as a layer: all optional, durations in ms. A policy document, a trigger's metadata and a
 * window's override are each one layer; `resolvePolicy` lays them over each other (law 9).
 */
export const PolicyFields = z.strictObject({
  minReplicas: Replicas.optional(),
  maxReplicas: Replicas.min(1).optional(),
  initialReplicas: Replicas.optional(),
  targetOngoingRequests: Positive.optional(),
  upscaleDelay: Duration.optional(),
  downscaleDelay: Duration.optional(),
  downscaleToZeroDelay: Duration.optional(),
  smoothingFactor: Factor.optional(),
  upscalingFactor: Factor.optional(),
  downscalingFactor: Factor.optional(),
  lookBackPeriod: Duration.optional(),
  aggregation: z.enum(['mean', 'max', 'min', 'last']).optional(),
  signals: Signals.optional(),
  burst: z.strictObject({ threshold: Positive, hold: Duration.optional() }).partial().optional(),
  buffer: z.strictObject({ min: Replicas, max: Replicas, lead: Duration }).partial().optional(),
  coldStart: z.strictObject({ default: Duration, max: Duration }).partial().optional(),
  delay: z
    .strictObject({ apply: z.enum(['last', 'min', 'mean', 'max']) })
    .partial()
    .optional(),
  guards: z.strictObject({ consolidation: z.boolean() }).partial().optional(),
  landing: z
    .strictObject({ tolerance: z.number().min(0).max(1), roundUp: z.boolean() })
    .partial()
    .optional(),
  provisionTimeout: Duration.optional(),
  calendar: z.string().min(1).optional(),
  mode: z.enum(['active', 'advisory']).optional(),
});
export type PolicyFields = z.infer<typeof PolicyFields>;

/** Groups of fields that are merged field by field when layers meet. */
const GROUPS = ['burst', 'buffer', 'coldStart', 'delay', 'guards', 'landing'] as const;

/** A whole policy: every field has its value, durations in ms. Defaults are the ADR's and Ray Serve's. */
export interface Policy {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly initialReplicas: number | null;
  readonly targetOngoingRequests: number;
  readonly upscaleDelay: number;
  readonly downscaleDelay: number;
  readonly downscaleToZeroDelay: number;
  readonly upscalingFactor: number;
  readonly downscalingFactor: number;
  readonly lookBackPeriod: number;
  readonly aggregation: 'mean' | 'max' | 'min' | 'last';
  readonly signals: Signals;
  readonly burst: { readonly threshold: number; readonly hold: number } | null;
  /** `lead` null: what was measured of nodes, or 5 m. */
  readonly buffer: { readonly min: number; readonly max: number; readonly lead: number | null } | null;
  readonly coldStart: { readonly default: number; readonly max: number };
  readonly delay: { readonly apply: 'last' | 'min' | 'mean' | 'max' };
  readonly guards: { readonly consolidation: boolean };
  readonly landing: { readonly tolerance: number; readonly roundUp: boolean };
  readonly provisionTimeout: number;
  readonly calendar: string | null;
  readonly mode: 'active' | 'advisory';
}

/**
 * Lays `over` on `under`: the upper layer's fields win, groups merge field by field, and a `smoothingFactor` sets both
 * factors of its own layer (as Ray Serve's field of that name did) unless that layer names a factor itself.
 */
export function mergeFields(under: PolicyFields, over: PolicyFields): PolicyFields {
  const { smoothingFactor, ...rest } = over;
  const factors =
    smoothingFactor === undefined
      ? {}
      : { upscalingFactor: smoothingFactor, downscalingFactor: smoothingFactor };
  const merged: PolicyFields = { ...under, ...factors, ...rest };
  for (const group of GROUPS) {
    if (under[group] && over[group]) Object.assign(merged, { [group]: { ...under[group], ...over[group] } });
  }
  return merged;
}

const policyOfOne = perObject((fields: PolicyFields): Policy => policyOf(mergeFields({}, fields)));

/** The policy that layers make, lowest first. A missing maxReplicas (refused in files) counts as minReplicas or 1. */
export function resolvePolicy(...layers: readonly PolicyFields[]): Policy {
  const [only] = layers;
  if (only === undefined || layers.length > 1) return policyOf(layers.reduce(mergeFields, {}));
  return policyOfOne(only);
}

function policyOf(fields: PolicyFields): Policy {
  const minReplicas = fields.minReplicas ?? 1;
  const downscaleDelay = fields.downscaleDelay ?? 300_000;
  return {
    minReplicas,
    maxReplicas: Math.max(fields.maxReplicas ?? Math.max(1, minReplicas), minReplicas),
    initialReplicas: fields.initialReplicas ?? null,
    targetOngoingRequests: fields.targetOngoingRequests ?? 10,
    upscaleDelay: fields.upscaleDelay ?? 30_000,
    downscaleDelay,
    downscaleToZeroDelay: fields.downscaleToZeroDelay ?? downscaleDelay,
    upscalingFactor: fields.upscalingFactor ?? 1,
    downscalingFactor: fields.downscalingFactor ?? 1,
    lookBackPeriod: fields.lookBackPeriod ?? 30_000,
    aggregation: fields.aggregation ?? 'mean',
    signals: fields.signals ?? {},
    burst:
      fields.burst?.threshold === undefined
        ? null
        : { threshold: fields.burst.threshold, hold: fields.burst.hold ?? 60_000 },
    buffer: fields.buffer
      ? {
          min: fields.buffer.min ?? 0,
          max: fields.buffer.max ?? Number.MAX_SAFE_INTEGER,
          lead: fields.buffer.lead ?? null,
        }
      : null,
    coldStart: { default: fields.coldStart?.default ?? 300_000, max: fields.coldStart?.max ?? 1_800_000 },
    delay: { apply: fields.delay?.apply ?? 'last' },
    guards: { consolidation: fields.guards?.consolidation ?? true },
    landing: { tolerance: fields.landing?.tolerance ?? 0, roundUp: fields.landing?.roundUp ?? false },
    provisionTimeout: fields.provisionTimeout ?? 600_000,
    calendar: fields.calendar ?? null,
    mode: fields.mode ?? 'active',
  };
}

/** How far back the samples reach that a decision looks at, ms: lookBackPeriod, or the arrival rate's longest window. */
export function historyWindow(policy: Pick<PolicyFields, 'lookBackPeriod' | 'signals'>): number {
  const arrivalRate = policy.signals?.arrivalRate;
  return Math.max(
    policy.lookBackPeriod ?? 30_000,
    arrivalRate === undefined ? 0 : longestWindow(arrivalRate),
  );
}

import { z } from 'zod';
import { formatInstant } from '../../core/instant.ts';
import type { ReplicaFacts } from '../../core/sample.ts';
import type { HoldReason } from '../../core/signal.ts';
import type { DecisionRecord, Step } from '../../decision/record.ts';

const Instant = z.string().meta({ format: 'date-time', description: 'ISO 8601 in UTC, with Z' });
const Count = z.number().nullable();

const StepJson = z.object({
  step: z.string(),
  in: Count,
  out: Count,
  reason: z.string(),
  inputs: z.record(z.string(), z.unknown()),
});

/** What only the cluster knows; left out where it is not watched. */
const ClusterJson = z.object({
  created: Count,
  terminating: Count,
  startingSince: Instant.nullable(),
  unschedulable: z.object({ pod: z.string(), since: Instant, message: z.string() }).nullable(),
  autoscaler: z
    .object({
      name: z.string(),
      spec: z.looseObject({ minReplicas: z.number(), maxReplicas: z.number() }),
      currentReplicas: Count,
      desiredReplicas: Count,
      stopped: z.string().nullable(),
    })
    .nullable(),
  cooldownPeriod: Count.meta({ description: 'ms' }),
  coverage: Count.meta({ description: 'pods that report over pods that are ready' }),
  lacks: z.array(z.string()).meta({ description: 'what could not be known and why' }),
});

/** The answer of `explain`: shape of the JSON, of the OpenAPI schema, and of what the command line reads. */
export const RecordJson = z.object({
  fleet: z.object({
    namespace: z.string(),
    name: z.string(),
    role: z.enum(['replicas', 'buffer']),
    model: z.string(),
    matchLabels: z.record(z.string(), z.string()),
  }),
  at: Instant,
  replicas: Count.meta({ description: 'what KEDA is told: pause pods for role buffer; null while unknown' }),
  reason: z.string(),
  steps: z.array(StepJson),
  signals: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['fresh', 'stale', 'absent']),
      value: Count,
      observedAt: Instant.nullable(),
      demand: Count,
      why: z.string().nullable(),
    }),
  ),
  bounds: z.object({
    floor: z.number(),
    ceiling: Count,
    min: z.number(),
    max: z.number(),
    windows: z.array(z.string()),
    covered: z.boolean(),
  }),
  timers: z.array(z.object({ name: z.string(), since: Instant, at: Instant, what: z.string() })),
  next: z.object({ at: Instant, replicas: z.number().optional(), why: z.string() }).nullable(),
  revision: z.string(),
  demand: Count,
  buffer: Count,
  held: z.string().nullable(),
  heldBecause: z.string().nullable(),
  replicaFacts: z.object({
    spec: Count,
    ready: Count,
    starting: Count,
    unschedulable: Count,
    source: z.string(),
    cluster: ClusterJson.optional(),
  }),
  mode: z.enum(['active', 'advisory']),
  recomputed: z.boolean().optional(),
  warnings: z.array(z.string()),
});
export type RecordJson = z.infer<typeof RecordJson>;

/** `held` in words; the numbers behind it are in `reason` and in the step `guards`. */
const HELD: Readonly<Record<HoldReason, string>> = {
  start: 'nothing falls until a whole look-back window has been seen since the start',
  stale: 'nothing falls while the newest sample is too old',
  absent: 'nothing falls while the fleet has no series',
  partial: 'nothing falls while a part of the fleet is not seen',
  unknown: 'nothing falls while no signal is known',
};

/** A record as `explain` answers it: instants as ISO 8601 in UTC, numbers and sentences as they are. */
export function recordJson(record: DecisionRecord): RecordJson {
  const { fleet, next } = record;
  return {
    fleet: { ...fleet, matchLabels: { ...fleet.matchLabels } },
    at: formatInstant(record.at),
    replicas: record.replicas,
    reason: record.reason,
    steps: record.steps.map(stepJson),
    signals: record.signals.map((signal) => ({
      ...signal,
      observedAt: signal.observedAt === null ? null : formatInstant(signal.observedAt),
    })),
    bounds: { ...record.bounds, windows: [...record.bounds.windows] },
    timers: record.timers.map(({ name, since, at, what }) => ({
      name,
      since: formatInstant(since),
      at: formatInstant(at),
      what,
    })),
    next: next && { ...next, at: formatInstant(next.at) },
    revision: record.revision,
    demand: record.demand,
    buffer: record.buffer,
    held: record.held,
    heldBecause: record.held && HELD[record.held],
    replicaFacts: factsJson(record.replicaFacts),
    mode: record.mode,
    ...(record.recomputed === true ? { recomputed: true } : {}),
    warnings: [...(record.warnings ?? [])],
  };
}

function factsJson({ cluster, ...counts }: ReplicaFacts): RecordJson['replicaFacts'] {
  if (cluster === undefined) return counts;
  const { startingSince, unschedulable, autoscaler, lacks, ...rest } = cluster;
  return {
    ...counts,
    cluster: {
      ...rest,
      startingSince: startingSince === null ? null : formatInstant(startingSince),
      unschedulable: unschedulable && { ...unschedulable, since: formatInstant(unschedulable.since) },
      autoscaler: autoscaler && { ...autoscaler, spec: { ...autoscaler.spec } },
      lacks: [...lacks],
    },
  };
}

function stepJson({ step, in: before, out, reason, inputs }: Step): RecordJson['steps'][number] {
  return { step, in: before, out, reason, inputs: withInstants(inputs) as Record<string, unknown> };
}

const INSTANT_KEY = /^(at|since|until|due|from|to)$|(At|Since|Until)$/;

/** A number this large under such a key is an instant (2001 and later), not a count. */
const FIRST_INSTANT = 1e12;

/** Step inputs with their instants as text, at any depth. */
function withInstants(value: unknown, key = ''): unknown {
  if (typeof value === 'number') {
    return INSTANT_KEY.test(key) && value >= FIRST_INSTANT && value <= 8.64e15 ? formatInstant(value) : value;
  }
  if (Array.isArray(value)) return value.map((entry) => withInstants(entry, key));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withInstants(entry, name)]));
}

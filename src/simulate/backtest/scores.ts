import type { Demand } from '../autoscalers/oracle-demand.ts';
import { OUTCOMES } from '../records.ts';
import type { PodLife, RunResult } from '../run-scenario.ts';
import type { Scenario } from '../scenario.ts';

/** What a run was worth between two instants. Times in ms; null: no such request had one. */
export interface RunScores {
  readonly requests: number;
  /** Share of requests whose first token came within the objective; what failed, or never came, missed it. */
  readonly within: number;
  /** Nearest-rank quantiles of the time to first token; a request without one is slower than every other. */
  readonly firstToken: Quantiles;
  /** Of requests that finished and had more than one token: mean time per token after the first. */
  readonly perToken: Quantiles;
  readonly failed: {
    readonly timeout: number;
    readonly tooLong: number;
    readonly podGone: number;
    readonly unfinished: number;
  };
  readonly gpuHours: GpuHours;
  /** Changes of spec.replicas, and pods created by them. */
  readonly scaleEvents: number;
  readonly starts: number;
}

export interface Scores extends RunScores {
  /** Minutes in which fewer replicas were ready than their requests needed. */
  readonly shortMinutes: number;
}

export interface Quantiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** From bound to gone. `starting`, `draining` and `buffer` are part of the total and of no use to any request. */
export interface GpuHours {
  readonly total: number;
  readonly starting: number;
  readonly serving: number;
  readonly draining: number;
  readonly buffer: number;
}

/** Of a minute's requests at most this share may be late for its replicas to count as enough. */
const ENOUGH_SHARE = 0.01;
const HOUR_MS = 3_600_000;

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Scores of the requests that arrived in the span and of the pods that lived in it. */
export function scoreRun(scenario: Scenario, result: RunResult, span: Span): RunScores {
  const rows = rowsWithin(scenario.trace.arrivedAt, span);
  const lives = result.pods;
  return {
    requests: rows.end - rows.first,
    ...requestScores(scenario, result, rows),
    gpuHours: gpuHours({ pods: lives, bufferMs: result.gpuTime.buffer }, span, scenario),
    scaleEvents: result.scaleEvents.filter(({ at }) => at >= span.from && at < span.to).length,
    starts: lives.filter(({ createdAt }) => createdAt > scenario.from && isWithin(createdAt, span)).length,
  };
}

function isWithin(at: number, { from, to }: Span): boolean {
  return at >= from && at < to;
}

/** Rows of ascending instants that lie in [from, to), half-open. */
export function rowsWithin(
  ascending: Float64Array,
  { from, to }: Span,
): { readonly first: number; readonly end: number } {
  return { first: lowerBound(ascending, from), end: lowerBound(ascending, to) };
}

function lowerBound(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Number.POSITIVE_INFINITY) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function requestScores(
  { trace, objectiveMs }: Scenario,
  { records }: RunResult,
  { first, end }: { readonly first: number; readonly end: number },
): Pick<Scores, 'within' | 'firstToken' | 'perToken' | 'failed'> {
  const firstToken = new Float64Array(end - first);
  const perToken = new Float64Array(end - first);
  const ended = OUTCOMES.map(() => 0);
  let within = 0;
  let told = 0;
  for (let row = first; row < end; row++) {
    const outcome = records.outcome[row] ?? 0;
    ended[outcome] = (ended[outcome] ?? 0) + 1;
    const took = (records.firstTokenAt[row] ?? Number.NaN) - (trace.arrivedAt[row] ?? 0);
    // A first token of a request that then failed with its pod is none: the client got no answer.
    const came =
      !Number.isNaN(took) && (OUTCOMES[outcome] === 'finished' || OUTCOMES[outcome] === 'in flight');
    firstToken[row - first] = came ? took : Number.POSITIVE_INFINITY;
    if (came && took <= objectiveMs) within++;
    const output = trace.outputTokens[row] ?? 0;
    if (OUTCOMES[outcome] !== 'finished' || output < 2) continue;
    perToken[told++] = ((records.finishedAt[row] ?? 0) - (records.firstTokenAt[row] ?? 0)) / (output - 1);
  }
  const count = (name: (typeof OUTCOMES)[number]) => ended[OUTCOMES.indexOf(name)] ?? 0;
  return {
    within: end === first ? 1 : within / (end - first),
    firstToken: quantilesOf(firstToken),
    perToken: quantilesOf(perToken.subarray(0, told)),
    failed: {
      timeout: count('timeout'),
      tooLong: count('too-long'),
      podGone: count('pod-gone'),
      unfinished: count('in flight'),
    },
  };
}

function quantilesOf(values: Float64Array): Quantiles {
  const ascending = values.toSorted();
  const at = (q: number) => {
    const value = ascending[Math.max(0, Math.ceil(q * ascending.length) - 1)];
    return value === undefined || !Number.isFinite(value) ? null : value;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** What the pods of a run cost in the span; `bufferMs` is the whole run's. */
export function gpuHours(
  { pods, bufferMs }: { readonly pods: readonly PodLife[]; readonly bufferMs: number },
  span: Span,
  { from, to, gpusPerReplica }: Pick<Scenario, 'from' | 'to' | 'gpusPerReplica'>,
): GpuHours {
  const sums = { starting: 0, serving: 0, draining: 0 };
  for (const life of pods) {
    const end = life.goneAt ?? to;
    const deleted = Math.min(end, life.deletedAt ?? end);
    const ready = Math.min(deleted, life.readyAt ?? deleted);
    sums.starting += overlap(life.boundAt, ready, span);
    sums.serving += overlap(Math.max(life.boundAt, ready), deleted, span);
    sums.draining += overlap(Math.max(life.boundAt, deleted), end, span);
  }
  // Pause pods are accounted for the whole run only; of a part of it they are taken to cost their share of the time.
  const buffer = (bufferMs * (span.to - span.from)) / (to - from);
  const hours = (ms: number) => (ms * gpusPerReplica) / HOUR_MS;
  return {
    total: hours(sums.starting + sums.serving + sums.draining + buffer),
    starting: hours(sums.starting),
    serving: hours(sums.serving),
    draining: hours(sums.draining),
    buffer: hours(buffer),
  };
}

function overlap(from: number, to: number, span: Span): number {
  return Math.max(0, Math.min(to, span.to) - Math.max(from, span.from));
}

/** The fewest replicas with which at most 1 % of the slot's requests are late; the most if none of them suffices. */
export function needed(demand: Demand, slot: number, requests: number, maxReplicas: number): number {
  if (requests === 0) return 0;
  let best = maxReplicas;
  let fewest = Number.POSITIVE_INFINITY;
  for (let replicas = 1; replicas <= maxReplicas; replicas++) {
    const late = demand.late(slot, replicas);
    if (late <= requests * ENOUGH_SHARE) return replicas;
    // Where some are late with any count (their own prefill takes too long) more than what helps is not needed.
    if (late < fewest) {
      fewest = late;
      best = replicas;
    }
  }
  return best;
}

/** Replicas needed in each slot of the demand. */
export function neededReplicas({ trace, from, maxReplicas }: Scenario, demand: Demand): Float64Array {
  const wanted = new Float64Array(demand.slots);
  for (let slot = 0; slot < demand.slots; slot++) {
    const start = from + slot * demand.slotMs;
    const { first, end } = rowsWithin(trace.arrivedAt, { from: start, to: start + demand.slotMs });
    wanted[slot] = needed(demand, slot, end - first, maxReplicas);
  }
  return wanted;
}

/** `wanted` replicas by slot of `slotMs` from the scenario's start. */
export function shortMinutes(
  wanted: Float64Array,
  slotMs: number,
  { lives, whole, span }: { readonly lives: readonly PodLife[]; readonly whole: Span; readonly span: Span },
): number {
  const ready = meanReady(lives, whole, slotMs);
  let short = 0;
  for (let slot = 0; slot < wanted.length; slot++) {
    if (!isWithin(whole.from + slot * slotMs, span)) continue;
    if ((ready[slot] ?? 0) < (wanted[slot] ?? 0) - 1e-9) short++;
  }
  return (short * slotMs) / 60_000;
}

/** Mean count of ready pods in each slot of `slotMs` from the scenario's start. */
export function meanReady(lives: readonly PodLife[], scenario: Span, slotMs: number): Float64Array {
  return meanCount(
    lives.flatMap(({ readyAt, deletedAt }) =>
      readyAt === null ? [] : [{ from: readyAt, to: deletedAt ?? scenario.to }],
    ),
    scenario,
    slotMs,
  );
}

/** How many of the spans cover a slot on average, for each slot of [from, to). */
export function meanCount(spans: readonly Span[], { from, to }: Span, slotMs: number): Float64Array {
  const slots = Math.ceil((to - from) / slotMs);
  const counts = new Float64Array(slots);
  for (const span of spans) {
    const end = Math.min(span.to, to);
    for (
      let slot = Math.max(0, Math.floor((span.from - from) / slotMs));
      slot < slots && from + slot * slotMs < end;
      slot++
    ) {
      const start = from + slot * slotMs;
      counts[slot] =
        (counts[slot] ?? 0) + overlap(span.from, end, { from: start, to: start + slotMs }) / slotMs;
    }
  }
  return counts;
}

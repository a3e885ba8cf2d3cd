import { absentSample } from '../core/sample.ts';
import { type BreakerOptions, createBreaker } from './breaker.ts';
import { readColdStarts } from './cold-start-history.ts';
import { runningByPod, sampleFrom } from './fold.ts';
import { indexSteps, reportSteps } from './instant.ts';
import { mapLimited } from './limited.ts';
import { EMPTY_MEMORY, type Memory, mergeMemories, type SeenPod } from './memory.ts';
import { fillTables, gap, type PlannedQuery, planQueries, planUp, type Result, schemeOf } from './plan.ts';
import { EMPTY_VECTOR } from './points.ts';
import {
  createPrometheusClient,
  type PrometheusClient,
  type PrometheusClientOptions,
} from './prometheus-client.ts';
import { readHistory } from './prometheus-history.ts';
import { readTraffic } from './prometheus-traffic.ts';
import { PLAIN_LABELS, type QueryScheme, type StoreLabels } from './queries.ts';
import { createSlicer, finishInSlices } from './slices.ts';
import type { FleetQuery, Reading, Source, SourceStatus } from './source.ts';
import { emptyTables, type Tables } from './tables.ts';

export interface PrometheusSourceOptions extends PrometheusClientOptions {
  readonly labels?: StoreLabels | undefined;
  readonly matchers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds behind the grid instant at which values are read (law 2). */
  readonly settle: number;
  /** Milliseconds. */
  readonly staleAfter: number;
  /** Milliseconds between readings, by which the breaker paces itself. Default 5 s. */
  readonly evaluationInterval?: number | undefined;
  readonly now: () => number;
  readonly random: () => number;
}

/** Queries under way at once. */
const CONCURRENCY = 8;

/**
 * Pauses in intervals. The longest one lets every second reading ask at least (a failed one may end 0.6 intervals late), so
 * that a source that is back is read within two; what is saved is six of its seven queries, each a time-out long.
 */
const BREAKER = { threshold: 3, shortest: 0.7, longest: 1.4 };
const DEFAULT_INTERVAL = 5_000;

/** A source that reads Prometheus, or anything that speaks its HTTP API. Throws ScalerError `invalid` for a bad url. */
export function createPrometheusSource(options: PrometheusSourceOptions): Source {
  const { labels = PLAIN_LABELS, matchers = {}, settle, staleAfter, now } = options;
  const client = createPrometheusClient(options);
  const breaker = createBreaker(breakerOptions(options));
  const closing = new AbortController();
  const slicer = createSlicer();
  let memory: Memory = EMPTY_MEMORY;
  let reading = false;
  let status: SourceStatus = {
    name: 'prometheus',
    up: false,
    error: 'not asked yet',
    lastSuccess: null,
    requests: 0,
  };

  async function cycle(at: number, fleets: readonly FleetQuery[], signal: AbortSignal): Promise<Reading> {
    const time = at - settle;
    const refusal = breaker.refusal(now());
    if (refusal !== null) return down(at, refusal, 0);
    const dead = breaker.probing ? await probe(client, time, signal) : null;
    if (dead) return failedCycle(at, dead, 1, signal);
    const scheme = schemeOf({ labels, matchers, fleets });
    const plan = planQueries({ scheme, fleets, up: false, scope: null });
    const results = await ask(client, plan, time, signal);
    if (!Array.isArray(results)) return failedCycle(at, results, plan.length, signal);
    const read = fillTables({ ...emptyTables(at, time, labels), keys: scheme.keys }, plan, results);
    const before = memory;
    const reporting = await finishInSlices(reportSteps(before, read, staleAfter), slicer);
    const silent = Array.from(reporting.silent.values(), ({ pod }) => pod);
    const asked = await askForSilent({ silent, tables: read, scheme, signal });
    if (!('tables' in asked)) return failedCycle(at, asked, plan.length + 1, signal);
    const { tables, requests } = asked;
    breaker.succeeded();
    status = { name: 'prometheus', up: true, error: null, lastSuccess: at, requests: plan.length + requests };
    const next = await finishInSlices(indexSteps(before, tables, reporting, staleAfter), slicer);
    client.sweep();
    // History that was read back meanwhile is not to be lost.
    memory = memory === before ? next.memory : mergeMemories(memory, next.memory);
    return {
      at,
      sampleOf: (fleet) => sampleFrom(next.instant, fleet),
      runningOf: (fleet) => runningByPod(next.instant, fleet),
    };
  }

  /** The tables with the `up` of the pods that reported before and do not now. Mostly there is none, and nothing is asked. */
  async function askForSilent({ silent, tables, scheme, signal }: Asking): Promise<Asked | Failure> {
    if (silent.length === 0) return { tables, requests: 0 };
    const plan = [planUp(scheme, silent)];
    const results = await ask(client, plan, tables.evaluatedAt, signal);
    if (!Array.isArray(results)) return results;
    const [up] = results;
    return { tables: { ...tables, up: typeof up === 'object' ? up : EMPTY_VECTOR }, requests: 1 };
  }

  function failedCycle(at: number, failure: Failure, requests: number, signal: AbortSignal): Reading {
    // That we stop says nothing about the source.
    if (!signal.aborted) breaker.failed(now(), failure.error, failure.retryAfter);
    return down(at, failure.error, requests);
  }

  function down(at: number, error: string, requests: number): Reading {
    status = { ...status, up: false, error, requests };
    memory = { ...memory, interrupted: true };
    return absentReading(at, error);
  }

  return {
    async read(at, fleets, signal) {
      if (reading) return absentReading(at, 'the cycle before still waits for Prometheus');
      reading = true;
      try {
        return await cycle(at, fleets, AbortSignal.any([signal, closing.signal]));
      } finally {
        reading = false;
      }
    },
    async history(range, fleets, signal) {
      const until = AbortSignal.any([signal, closing.signal]);
      const setting = { client, labels, matchers, settle, staleAfter };
      const past = await readHistory(setting, range, fleets, until);
      memory = mergeMemories(past.memory, memory);
      return past.histories;
    },
    traffic: (range, fleets, signal) =>
      readTraffic({ client, labels, matchers }, range, fleets, AbortSignal.any([signal, closing.signal])),
    coldStarts: (at, fleets, signal) =>
      readColdStarts({ client, labels, matchers }, at, fleets, AbortSignal.any([signal, closing.signal])),
    status: () => status,
    async close() {
      closing.abort();
      await client.close();
    },
  };
}

function breakerOptions({
  evaluationInterval = DEFAULT_INTERVAL,
  random,
}: PrometheusSourceOptions): BreakerOptions {
  const { threshold, shortest, longest } = BREAKER;
  return {
    threshold,
    shortest: shortest * evaluationInterval,
    longest: longest * evaluationInterval,
    random,
  };
}

interface Asking {
  readonly silent: readonly SeenPod[];
  readonly tables: Tables;
  readonly scheme: QueryScheme;
  readonly signal: AbortSignal;
}

interface Asked {
  readonly tables: Tables;
  readonly requests: number;
}

interface Failure {
  readonly error: string;
  readonly retryAfter: number | null;
}

/** Asks all queries of a plan; the first essential one that fails ends the cycle. */
async function ask(
  client: PrometheusClient,
  plan: readonly PlannedQuery[],
  time: number,
  signal: AbortSignal,
): Promise<Result[] | Failure> {
  let failure: Failure | null = null;
  const results = await mapLimited(
    plan,
    CONCURRENCY,
    async ({ table, essential, promql }): Promise<Result> => {
      if (failure) return 'was not asked';
      const answer = await client.query(promql, time, signal);
      if (answer.ok) return answer.value;
      if (essential)
        failure ??= { error: gap(table, `Prometheus ${answer.error}`), retryAfter: answer.retryAfter };
      return table === 'custom' ? answer.error : `Prometheus ${answer.error}`;
    },
  );
  return failure ?? results;
}

/** One cheap query, so that a source that is still down costs one time-out and not seven. */
async function probe(client: PrometheusClient, time: number, signal: AbortSignal): Promise<Failure | null> {
  const answer = await client.query('vector(1)', time, signal);
  return answer.ok ? null : { error: `Prometheus ${answer.error}`, retryAfter: answer.retryAfter };
}

function absentReading(at: number, why: string): Reading {
  return { at, sampleOf: () => absentSample(at, why) };
}

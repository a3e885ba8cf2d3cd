import { formatDuration } from '../core/duration.ts';
import { formatInstant } from '../core/instant.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { labelOf, pointsIn, type RangeSeries } from '../ingest/points.ts';
import type { Answer } from '../ingest/prometheus-answer.ts';
import { createPrometheusClient, type PrometheusClient } from '../ingest/prometheus-client.ts';
import { quote } from '../ingest/queries.ts';
import { type Buckets, type RequestHistory, traceFromHistory } from '../simulate/trace-from-history.ts';
import type { Source } from './backtest-source.ts';

export interface PrometheusFlags {
  readonly prometheus: string;
  /** `NAMESPACE/NAME`; NAME is the workload's, which its pods' names begin with. */
  readonly fleet: string;
  readonly from: number;
  readonly to: number;
  readonly seed: number;
}

const STEP_MS = 60_000;
/** Two steps, so that scrapes of up to 60 s leave no hole. */
const RANGE = '2m';
const RANGE_STEPS = 2;
/** Prometheus answers at most 11,000 points a series. */
const STEPS_A_QUERY = 10_000;
const TIMEOUT_MS = 30_000;
const MOST_DAYS = 60;

/** Prometheus answered, and what was asked for is not in it. */
export class MissingSeries extends ScalerError {
  constructor(message: string) {
    super('not-found', message);
  }
}

/**
 * The requests that a fleet served, rebuilt from vLLM's own counters and histograms. Throws MissingSeries where
 * Prometheus has no such series, ScalerError `unavailable` where it does not answer.
 */
export async function fromPrometheus(flags: PrometheusFlags, signal: AbortSignal): Promise<Source> {
  const { from, to } = spanOf(flags);
  const where = selectorOf(flags.fleet);
  const client = createPrometheusClient({ url: flags.prometheus, timeout: TIMEOUT_MS });
  try {
    const history = await readHistory(client, { where, from, to }, flags, signal);
    const trace = traceFromHistory(history, flags.seed);
    if (trace.length === 0) throw new MissingSeries(`${flags.fleet} had no requests in that time`);
    return {
      trace,
      from,
      to,
      note: {
        kind: 'prometheus',
        name: `${flags.fleet}, ${formatInstant(from)} to ${formatInstant(to)}`,
        notes: [
          `Rebuilt from vLLM's counters: arrivals by the minute out of increases over ${RANGE}, so that bursts shorter than that are flattened;` +
            ' lengths drawn from the whole time’s histograms, prompt and answer independently; tenants unknown;' +
            ' requests that were turned away before they reached a pod are not in it.',
        ],
      },
    };
  } finally {
    await client.close();
  }
}

function spanOf({ from, to }: PrometheusFlags): { readonly from: number; readonly to: number } {
  const span = { from: Math.floor(from / STEP_MS) * STEP_MS, to: Math.ceil(to / STEP_MS) * STEP_MS };
  if (span.to <= span.from) throw new ScalerError('invalid', '--to must be after --from');
  if (span.to - span.from > MOST_DAYS * 86_400_000)
    throw new ScalerError('invalid', `--from and --to must be at most ${MOST_DAYS} days apart`);
  return span;
}

function selectorOf(fleet: string): string {
  const [namespace, name, more] = fleet.split('/');
  if (!namespace || !name || more !== undefined || !/^[a-z0-9.-]+$/.test(name))
    throw new ScalerError('invalid', `--fleet: must be NAMESPACE/NAME, was "${fleet}"`);
  const pods = `${name.replaceAll('.', '\\.')}-[a-z0-9-]+`;
  return `namespace=${quote(namespace)}, pod=~${quote(pods)}`;
}

interface Scope {
  readonly where: string;
  readonly from: number;
  readonly to: number;
}

async function readHistory(
  client: PrometheusClient,
  scope: Scope,
  { prometheus, fleet }: PrometheusFlags,
  signal: AbortSignal,
): Promise<RequestHistory> {
  const { where } = scope;
  const each = (wrapped: string) => `sum(max by (pod, engine, finished_reason) (${wrapped}))`;
  const finished = await series(
    client,
    each(`increase(vllm:request_success_total{${where}}[${RANGE}])`),
    scope,
    signal,
  );
  if (finished.size === 0)
    throw new MissingSeries(
      `${prometheus}: has no vllm:request_success_total of pods ${fleet}-… between ${formatInstant(scope.from)} and ${formatInstant(scope.to)}`,
    );
  const ongoing = await series(
    client,
    ['running', 'waiting']
      .map((state) => `sum(max by (pod, engine) (vllm:num_requests_${state}{${where}}))`)
      .join(' + '),
    scope,
    signal,
  );
  const steps = [];
  for (let at = scope.from; at < scope.to; at += STEP_MS) {
    const end = at + STEP_MS;
    const grown = (ongoing.get(end) ?? 0) - (ongoing.get(at) ?? 0);
    steps.push({ at, arrivals: (finished.get(end) ?? 0) / RANGE_STEPS + grown });
  }
  return {
    steps: settled(steps),
    stepMs: STEP_MS,
    promptTokens: await buckets(client, 'request_prompt_tokens', scope, signal),
    outputTokens: await buckets(client, 'request_generation_tokens', scope, signal),
  };
}

/** What one minute seems to lose (more finished later than the window tells) is taken from the next ones, never invented. */
function settled(steps: RequestHistory['steps']): RequestHistory['steps'] {
  let debt = 0;
  return steps.map(({ at, arrivals }) => {
    const value = arrivals + debt;
    debt = Math.min(0, value);
    return { at, arrivals: Math.max(0, value) };
  });
}

/** One sum over time, by the instant. */
async function series(
  client: PrometheusClient,
  query: string,
  { from, to }: Scope,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const values = new Map<number, number>();
  for (let start = from; start <= to; start += STEPS_A_QUERY * STEP_MS) {
    const end = Math.min(to, start + (STEPS_A_QUERY - 1) * STEP_MS);
    const answer: readonly RangeSeries[] = value(
      await client.queryRange(query, { start, end, step: STEP_MS }, signal),
    );
    for (const { times, values: found } of answer)
      for (const [index, at] of times.entries()) values.set(at, found[index] ?? 0);
  }
  return values;
}

async function buckets(
  client: PrometheusClient,
  name: string,
  { where, from, to }: Scope,
  signal: AbortSignal,
): Promise<Buckets> {
  const range = formatDuration(to - from);
  const query = `sum by (le) (max by (pod, engine, le) (increase(vllm:${name}_bucket{${where}}[${range}])))`;
  const points = [...pointsIn(value(await client.query(query, to, signal)))];
  const found = points
    .map(({ metric, value: count }) => ({
      le: Number(labelOf(metric, 'le').replace('+Inf', 'Infinity')),
      count,
    }))
    .filter(({ le }) => !Number.isNaN(le))
    .sort((a, b) => a.le - b.le);
  if ((found.at(-1)?.count ?? 0) <= 0)
    throw new MissingSeries(`Prometheus has no vllm:${name}_bucket of these pods: lengths are unknown`);
  return found;
}

function value<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new ScalerError('unavailable', `Prometheus ${answer.error}`);
}

import { basename } from 'node:path';
import { fleetKey } from '../core/fleet.ts';
import { formatProblem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import type { TrafficBucket } from '../core/traffic-bucket.ts';
import { createPrometheusSource } from '../ingest/prometheus-source.ts';
import { busyCapacity } from '../policy/carries.ts';
import { learnCapacity } from '../signal/capacity.ts';
import { bucketsOfTrace } from '../simulate/trace-buckets.ts';
import { loadTrace } from '../simulate/trace-file.ts';
import type { Io } from './io.ts';

/** Where the history comes from: exactly one of a trace and a Prometheus. */
export interface SuggestSource {
  readonly trace?: string;
  readonly start?: number;
  readonly prometheus?: string;
  readonly namespace?: string;
  readonly model?: string;
  readonly days: number;
}

export interface SuggestHistory {
  readonly name: string;
  readonly buckets: readonly TrafficBucket[];
  /** Requests per second that a replica carries, where the history tells. */
  readonly perReplica: number | null;
}

const DAY_MS = 86_400_000;
const QUERY_TIMEOUT = 10_000;

/** The history asked for; null after the errors of a trace were told. Throws ScalerError for usage and network. */
export async function loadHistory(io: Io, flags: SuggestSource): Promise<SuggestHistory | null> {
  if ((flags.trace === undefined) === (flags.prometheus === undefined))
    throw new ScalerError('invalid', 'give --trace or --prometheus, one of them');
  return flags.trace === undefined
    ? fromPrometheus(flags.prometheus ?? '', flags)
    : fromTrace(io, flags.trace, flags);
}

async function fromTrace(io: Io, file: string, { start }: SuggestSource): Promise<SuggestHistory | null> {
  if (start === undefined)
    throw new ScalerError('invalid', '--start must say when the trace began: windows are times of day');
  const { trace, problems } = await loadTrace(file, start);
  for (const problem of problems) io.err(formatProblem(problem));
  if (trace === null) {
    io.setExitCode(1);
    return null;
  }
  return { name: basename(file), buckets: bucketsOfTrace(trace, start), perReplica: null };
}

async function fromPrometheus(url: string, flags: SuggestSource): Promise<SuggestHistory> {
  const { namespace, model, days } = flags;
  if (namespace === undefined || model === undefined)
    throw new ScalerError('invalid', '--prometheus needs --namespace and --model');
  const id = { namespace, name: '', role: 'replicas', model, matchLabels: {} } as const;
  const fleet = { key: fleetKey(id), id, scaleTarget: undefined, promql: undefined };
  const source = createPrometheusSource({
    url,
    timeout: QUERY_TIMEOUT,
    settle: 0,
    staleAfter: 60_000,
    now: Date.now,
    random: Math.random,
  });
  try {
    const until = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const range = { from: until - days * DAY_MS, until };
    const read = await source.traffic(range, [fleet], new AbortController().signal);
    const buckets = read.get(fleet.key) ?? [];
    return { name: `${namespace}/${model}`, buckets, perReplica: busyCapacity(learnCapacity(buckets)) };
  } finally {
    await source.close();
  }
}

import type { FailureReason, SimRequest } from './request.ts';

/** How one request ended, or that it has not yet. */
export interface RequestRecord {
  readonly request: SimRequest;
  firstTokenAt: number | null;
  finishedAt: number | null;
  failed: FailureReason | null;
}

/** Times to first token of a set of requests. A request without one is slower than every other, never left out. */
export interface FirstTokenStats {
  readonly requests: number;
  readonly finished: number;
  readonly failed: number;
  readonly inFlight: number;
  /** Quantiles in ms; null: that request got no first token at all, or there is none to tell of. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** First token later than the objective, failures included. */
  readonly late: number;
}

/** Statistics over `records`; those still in flight without a first token at `now` are left out until they are decided. */
export function firstTokenStats(records: readonly RequestRecord[], objectiveMs: number): FirstTokenStats {
  const times = records.flatMap(({ request, firstTokenAt, failed }) => {
    if (failed !== null) return [Number.POSITIVE_INFINITY];
    return firstTokenAt === null ? [] : [firstTokenAt - request.arrivedAt];
  });
  times.sort((a, b) => a - b);
  const at = (q: number) => finite(quantile(times, q));
  return {
    requests: records.length,
    finished: records.filter(({ finishedAt }) => finishedAt !== null).length,
    failed: records.filter(({ failed }) => failed !== null).length,
    inFlight: records.filter(({ finishedAt, failed }) => finishedAt === null && failed === null).length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    late: times.filter((ms) => ms > objectiveMs).length,
  };
}

/** The nearest-rank quantile of ascending numbers; undefined of none. */
export function quantile(ascending: readonly number[], q: number): number | undefined {
  return ascending[Math.max(0, Math.ceil(q * ascending.length) - 1)];
}

function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

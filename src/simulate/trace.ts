/**
 * Requests in columns, in order of arrival: a week of them is some megabytes and no garbage. Row `n` of every column is
 * the n-th request; `length` rows are in use.
 */
export interface Trace {
  readonly length: number;
  /** Epoch ms, fractions included, ascending. */
  readonly arrivedAt: Float64Array;
  readonly promptTokens: Int32Array;
  readonly outputTokens: Int32Array;
  /** Index into `tenants`; all 0 where a trace knows no tenants. */
  readonly tenant: Uint16Array;
  readonly tenants: readonly string[];
}

/** One request of a trace, `tenant` as an index. */
export interface TraceRow {
  readonly arrivedAt: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly tenant: number;
}

/** A trace of rows that are in order of arrival. */
export function createTrace(rows: readonly TraceRow[], tenants: readonly string[]): Trace {
  return {
    length: rows.length,
    arrivedAt: Float64Array.from(rows, ({ arrivedAt }) => arrivedAt),
    promptTokens: Int32Array.from(rows, ({ promptTokens }) => promptTokens),
    outputTokens: Int32Array.from(rows, ({ outputTokens }) => outputTokens),
    tenant: Uint16Array.from(rows, ({ tenant }) => tenant),
    tenants,
  };
}

/** The requests that arrived in [from, to), on the same memory. */
export function traceBetween(trace: Trace, from: number, to: number): Trace {
  const first = lowerBound(trace, from);
  const end = lowerBound(trace, to);
  return {
    length: end - first,
    arrivedAt: trace.arrivedAt.subarray(first, end),
    promptTokens: trace.promptTokens.subarray(first, end),
    outputTokens: trace.outputTokens.subarray(first, end),
    tenant: trace.tenant.subarray(first, end),
    tenants: trace.tenants,
  };
}

/** The first row that arrived at `at` or later. */
function lowerBound({ arrivedAt, length }: Trace, at: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((arrivedAt[middle] ?? Number.POSITIVE_INFINITY) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

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

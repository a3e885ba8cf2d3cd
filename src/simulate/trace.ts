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

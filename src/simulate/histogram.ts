/** A cumulative histogram as Prometheus knows it; `counts` has one more entry than `bounds`, for +Inf. */
export interface Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum: number;
  count: number;
}

export function createHistogram(bounds: readonly number[]): Histogram {
  return { bounds, counts: new Array<number>(bounds.length + 1).fill(0), sum: 0, count: 0 };
}

/** Adds one observation; a value equal to a bound belongs to it (`le`). */
export function observe(histogram: Histogram, value: number): void {
  const found = histogram.bounds.findIndex((bound) => value <= bound);
  const index = found === -1 ? histogram.bounds.length : found;
  histogram.counts[index] = (histogram.counts[index] ?? 0) + 1;
  histogram.sum += value;
  histogram.count++;
}

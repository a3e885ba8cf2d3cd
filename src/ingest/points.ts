/** Labels of a series, `__name__` among them where the query kept it. */
export type Metric = Readonly<Record<string, string>>;

/** One series at one instant. Values are finite: NaN and the infinities are not values. */
export interface Point {
  readonly metric: Metric;
  readonly value: number;
}

/**
 * Series at one instant as two columns: 100,000 of them leave nothing else behind. As long as the same series come in the same
 * order, `metrics` is the same array, so that what follows from it is found out once.
 */
export interface Vector {
  readonly metrics: readonly Metric[];
  /** By place in `metrics`; NaN where a series has no finite value just now. */
  readonly values: Float64Array;
}

export const EMPTY_VECTOR: Vector = { metrics: [], values: new Float64Array(0) };

export function vectorOf(points: readonly Point[]): Vector {
  return {
    metrics: points.map(({ metric }) => metric),
    values: Float64Array.from(points, ({ value }) => value),
  };
}

/** The larger of two numbers of which either may be unknown. */
export function larger(a = Number.NaN, b = Number.NaN): number {
  return a >= b || Number.isNaN(b) ? a : b;
}

/** The series of a vector that have a value. */
export function* pointsIn({ metrics, values }: Vector): Generator<Point> {
  for (const [index, metric] of metrics.entries()) {
    const value = values[index] ?? Number.NaN;
    if (!Number.isNaN(value)) yield { metric, value };
  }
}

/** One series over a range, ascending; instants at which it had no finite value are left out. */
export interface RangeSeries {
  readonly metric: Metric;
  /** Evaluation instants, epoch ms. */
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** A label's value; '' where the series does not carry it, as PromQL has it. Never an inherited property. */
export function labelOf(metric: Metric, name: string): string {
  return Object.hasOwn(metric, name) ? (metric[name] ?? '') : '';
}

/** The series of a range as they stood at each of `times`: one pass, since both ascend. */
export function* vectorsAt(series: readonly RangeSeries[], times: readonly number[]): Generator<Vector> {
  const metrics = series.map(({ metric }) => metric);
  const cursors = new Uint32Array(series.length);
  for (const time of times) {
    const values = new Float64Array(series.length).fill(Number.NaN);
    for (const [index, one] of series.entries()) {
      let cursor = cursors[index] ?? 0;
      while ((one.times[cursor] ?? Number.POSITIVE_INFINITY) < time) cursor++;
      cursors[index] = cursor;
      if (one.times[cursor] === time) values[index] = one.values[cursor] ?? Number.NaN;
    }
    yield { metrics, values };
  }
}

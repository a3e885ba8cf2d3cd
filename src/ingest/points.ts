/** Labels of a series, `__name__` among them where the query kept it: one object at all instants as long as the series is there. */
export type Metric = Readonly<Record<string, string>>;

/** One series at one instant. Values are finite: NaN and the infinities are not values. */
export interface Point {
  readonly metric: Metric;
  readonly value: number;
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
export function* pointsAt(series: readonly RangeSeries[], times: readonly number[]): Generator<Point[]> {
  const cursors = new Uint32Array(series.length);
  for (const time of times) {
    const points: Point[] = [];
    for (const [index, one] of series.entries()) {
      let cursor = cursors[index] ?? 0;
      while ((one.times[cursor] ?? Number.POSITIVE_INFINITY) < time) cursor++;
      cursors[index] = cursor;
      const value = one.values[cursor];
      if (one.times[cursor] === time && value !== undefined) points.push({ metric: one.metric, value });
    }
    yield points;
  }
}

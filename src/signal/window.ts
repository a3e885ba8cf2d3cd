/** One value of a signal and the grid instant it was read at, epoch ms. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

export type Aggregation = 'mean' | 'max' | 'min' | 'last';

/**
 * What `points` (ascending) come to over the look-back window (at - lookBack, at], or null when none lies in it.
 * The mean is time-weighted as Ray Serve's: each value holds until the next, the last one until `at`, at least 1 ms.
 * A window of 0 is the last point at `at` itself. Rounded to 1e-6, so that a mean of twenties is 20.
 */
export function aggregate(
  points: readonly Point[],
  at: number,
  lookBack: number,
  aggregation: Aggregation,
): number | null {
  const first = firstInside(points, at, lookBack);
  const last = points[points.length - 1];
  if (first === points.length || last === undefined) return null;
  if (aggregation === 'last' || first === points.length - 1) return round6(last.value);
  if (aggregation === 'mean') return round6(timeWeightedMean(points, first, at));
  const pick = aggregation === 'max' ? Math.max : Math.min;
  let result = last.value;
  for (let index = first; index < points.length; index++)
    result = pick(result, points[index]?.value ?? result);
  return round6(result);
}

/** Index of the first point inside the window; a window of 0 keeps only points at `at`. */
function firstInside(points: readonly Point[], at: number, lookBack: number): number {
  const start = lookBack === 0 ? at - 1 : at - lookBack;
  let index = points.length;
  while (index > 0 && (points[index - 1]?.at ?? Number.NEGATIVE_INFINITY) > start) index--;
  return index;
}

function timeWeightedMean(points: readonly Point[], first: number, at: number): number {
  let area = 0;
  let duration = 0;
  for (let index = first; index < points.length; index++) {
    const point = points[index];
    if (point === undefined) break;
    const until = points[index + 1]?.at ?? Math.max(at, point.at + 1);
    area += point.value * (until - point.at);
    duration += until - point.at;
  }
  return area / duration;
}

/** Six decimals: finer differences are floating point's, and must not cost a replica. */
export function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

import type { Sample } from '../core/sample.ts';
import type { Point } from './window.ts';

/** The points of one quantity in `samples`; samples that are not fresh, or do not know it, give none. */
export function pointsOf(
  samples: readonly Sample[],
  value: (sample: Sample) => number | null,
): readonly Point[] {
  // As long as it can get: what grows by push has room for sixteen more.
  const points = new Array<Point>(samples.length);
  let count = 0;
  for (const sample of samples) {
    if (sample.presence !== 'fresh') continue;
    const known = value(sample);
    if (known !== null) points[count++] = { at: sample.at, value: known };
  }
  points.length = count;
  return points;
}

/** Ongoing requests: running + waiting. Where only one of them is known it is a lower bound, and the fleet is partial. */
export function ongoingOf(sample: Sample): number | null {
  if (sample.running === null && sample.waiting === null) return null;
  return (sample.running ?? 0) + (sample.waiting ?? 0);
}

/** Growth of a counter over the window (at - lookBack, at], with the seconds it covers; null when nothing is known. */
export function growth(
  samples: readonly Sample[],
  at: number,
  lookBack: number,
  value: (sample: Sample) => number | null,
): { readonly total: number; readonly seconds: number } | null {
  let total = 0;
  let earliest: number | null = null;
  for (let index = samples.length - 1; index > 0; index--) {
    const sample = samples[index];
    const before = samples[index - 1];
    if (sample === undefined || before === undefined || sample.at <= at - lookBack) break;
    const known = value(sample);
    if (known === null) continue;
    total += known;
    earliest = before.at;
  }
  return earliest === null ? null : { total, seconds: (at - earliest) / 1000 };
}

/** A mean over seeds and half the width of its 95 % confidence interval; null with one seed, of which nothing follows. */
export interface Estimate {
  readonly mean: number;
  readonly plusMinus: number | null;
}

/** Student's t, two-sided 95 %, by degrees of freedom from 1. */
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, plusMinus: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, plusMinus: (T95[n - 2] ?? 1.96) * Math.sqrt(variance / n) };
}

/** Paired: the difference is taken seed by seed, so that what all policies suffered from a seed does not count. */
export function difference(values: readonly number[], others: readonly number[]): Estimate {
  return estimate(values.map((value, index) => value - (others[index] ?? Number.NaN)));
}

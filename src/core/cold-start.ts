/** Bucket bounds of cold starts, seconds; a p95 that is read back is one of these. */
export const COLD_START_BUCKETS = [
  15, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200, 1800,
] as const;

/**
 * What a pod's start went into. node: created to scheduled; image: to the image pulled; container: to the container
 * started (with the image where the pull was not seen); runtime: to ready, which is weights, compilation and warm-up.
 */
export const COLD_START_LEVERS = ['node', 'image', 'container', 'runtime'] as const;
export type ColdStartLever = (typeof COLD_START_LEVERS)[number];

/** One pod's way from created to ready, ms. */
export interface ColdStart {
  /** Created to ready, the time that no node took it left out. */
  readonly total: number;
  /** What is known of its parts. */
  readonly levers: Readonly<Partial<Record<ColdStartLever, number>>>;
  /** Created to scheduled where the pod had to wait for a node; null where one was there. */
  readonly nodeWait: number | null;
}

/** Before so many were measured none of them says what is usual. */
const FEWEST = 5;

export function bucketOf(ms: number): number {
  const index = COLD_START_BUCKETS.findIndex((bound) => ms <= bound * 1000);
  return index === -1 ? COLD_START_BUCKETS.length : index;
}

/**
 * Of cold starts counted by bucket (`counts[i]` in (bound[i-1], bound[i]], the last one above all bounds) the bound, ms, that 95 of 100 starts stay within; null before five were measured. Above the last bound it is
 * infinite, which `coldStart.max` caps.
 */
export function p95Of(counts: readonly number[]): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total < FEWEST) return null;
  let within = 0;
  for (const [index, bound] of COLD_START_BUCKETS.entries()) {
    within += counts[index] ?? 0;
    if (within >= 0.95 * total) return bound * 1000;
  }
  return Number.POSITIVE_INFINITY;
}

import type { TrafficBucket } from '../core/traffic-bucket.ts';
import { type Capacity, learnCapacity } from './capacity.ts';
import { type DayClock, learnSeason, type Season } from './season.ts';

/** What a fleet's history of weeks comes to: an input of decide(), as much as its samples are. */
export interface Traffic {
  /** End of the history that it was learned from, epoch ms. */
  readonly until: number;
  readonly season: Season;
  readonly capacity: Capacity;
}

const DAY_MS = 86_400_000;
/** What is learned of a day holds from an hour after its end: long enough to have been read by then. */
const GRACE_MS = 3_600_000;

/**
 * Up to when history is learned from at the instant `at`: the last midnight UTC that is an hour past. A process that
 * restarts reads the same history as one that ran on (law 2).
 */
export function learnedUntil(at: number): number {
  return Math.floor((at - GRACE_MS) / DAY_MS) * DAY_MS;
}

/** Learns from `buckets` that end by `until`; the rest is not looked at. */
export function learnTraffic(buckets: readonly TrafficBucket[], clock: DayClock, until: number): Traffic {
  const before = buckets.filter(({ at }) => at < until);
  return { until, season: learnSeason(before, clock), capacity: learnCapacity(before) };
}

import type { TrafficBucket } from '../core/traffic-bucket.ts';

/** What history says a replica carries. */
export interface Capacity {
  /** Requests per second that a replica finished while requests queued; null before that was seen often enough. */
  readonly busyRate: number | null;
  /** Spans of five minutes behind it. */
  readonly busySpans: number;
  /** Mean seconds that a request stays, by Little's law; null where nothing finished. */
  readonly staySeconds: number | null;
}

/** Waiting requests per replica, on average over five minutes, from which replicas count as busy. */
const BUSY_WAITING = 0.5;
/** Half an hour of busy replicas. */
const ENOUGH_SPANS = 6;

/**
 * Replicas with a queue finish as much as they can: the median of that is their capacity. A median, since a queue of
 * unusually long prompts, or one that stood while replicas started, must not decide alone.
 */
export function learnCapacity(buckets: readonly TrafficBucket[]): Capacity {
  const busy: number[] = [];
  let ongoingSum = 0;
  let finishedSum = 0;
  for (const { finished, ongoing, waiting, replicas } of buckets) {
    if (finished === null || ongoing === null) continue;
    ongoingSum += ongoing;
    finishedSum += finished;
    if (waiting === null || replicas === null || replicas < 1 || waiting / replicas < BUSY_WAITING) continue;
    busy.push(finished / replicas);
  }
  busy.sort((a, b) => a - b);
  const median = busy[busy.length >> 1];
  return {
    busyRate: busy.length >= ENOUGH_SPANS && median !== undefined && median > 0 ? median : null,
    busySpans: busy.length,
    staySeconds: finishedSum > 0 ? ongoingSum / finishedSum : null,
  };
}

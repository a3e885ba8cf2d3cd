import { BUCKET_MS, type TrafficBucket } from '../core/traffic-bucket.ts';
import type { Trace } from './trace.ts';

/** The arrivals of a trace in five-minute buckets, those that lie wholly between its start and its last request. */
export function bucketsOfTrace({ arrivedAt, length }: Trace, start: number): readonly TrafficBucket[] {
  const from = Math.ceil(start / BUCKET_MS);
  const until = Math.floor((arrivedAt[length - 1] ?? start) / BUCKET_MS);
  const counts = new Float64Array(Math.max(0, until - from));
  for (const at of arrivedAt.subarray(0, length)) {
    const index = Math.floor(at / BUCKET_MS) - from;
    if (index >= 0 && index < counts.length) counts[index] = (counts[index] ?? 0) + 1;
  }
  return Array.from(counts, (count, index) => {
    const arrivals = (count * 1000) / BUCKET_MS;
    const at = (from + index) * BUCKET_MS;
    return { at, arrivals, finished: null, ongoing: null, waiting: null, replicas: null };
  });
}

import type { Calendar } from '../../calendar/calendar.ts';
import { dayClockOf } from '../../calendar/day-clock.ts';
import type { Sample } from '../../core/sample.ts';
import { BUCKET_MS, type TrafficBucket } from '../../core/traffic-bucket.ts';
import { learnedUntil, learnTraffic, type Traffic } from '../../signal/traffic.ts';

/** What a fleet's Prometheus would hold of weeks past: samples go in, what decide() learns of them comes out. */
export interface TrafficLog {
  /** Takes the sample of an instant, in order; what is known by then. */
  record(sample: Sample): Traffic | null;
}

interface OpenBucket {
  readonly at: number;
  readonly from: number;
  arrived: number | null;
  finished: number | null;
  ongoing: number;
  waiting: number;
  replicas: number;
  samples: number;
}

/** Learns as the scaler does, once a day. `historyMs` of 0 learns nothing; `before` is what was there before the run. */
export function createTrafficLog(
  calendar: Calendar | null,
  historyMs: number,
  before: readonly TrafficBucket[] = [],
): TrafficLog {
  const clock = dayClockOf(calendar);
  let buckets: TrafficBucket[] = [...before];
  let open: OpenBucket | null = null;
  let learned: Traffic | null = null;
  return {
    record(sample) {
      if (historyMs <= 0) return null;
      const start = Math.floor(sample.at / BUCKET_MS) * BUCKET_MS;
      if (open === null || open.at !== start) {
        if (open !== null) buckets.push(closed(open, sample.at));
        open = {
          at: start,
          from: sample.at,
          arrived: null,
          finished: null,
          ongoing: 0,
          waiting: 0,
          replicas: 0,
          samples: 0,
        };
      }
      add(open, sample);
      const until = learnedUntil(sample.at);
      if (buckets.length === 0 || until <= (buckets[0]?.at ?? until) || learned?.until === until)
        return learned;
      buckets = buckets.filter(({ at }) => at >= until - historyMs);
      learned = learnTraffic(buckets, clock, until);
      return learned;
    },
  };
}

function add(bucket: OpenBucket, sample: Sample): void {
  const more = (sum: number | null, value: number | null) => (value === null ? sum : (sum ?? 0) + value);
  bucket.arrived = more(bucket.arrived, sample.arrived);
  bucket.finished = more(bucket.finished, sample.finished);
  bucket.ongoing += (sample.running ?? 0) + (sample.waiting ?? 0);
  bucket.waiting += sample.waiting ?? 0;
  bucket.replicas += sample.replicas.ready ?? sample.reporting;
  bucket.samples++;
}

function closed(bucket: OpenBucket, until: number): TrafficBucket {
  const seconds = (until - bucket.from) / 1000;
  const rate = (count: number | null) => (count === null ? null : count / seconds);
  return {
    at: bucket.at,
    arrivals: rate(bucket.arrived),
    finished: rate(bucket.finished),
    ongoing: bucket.ongoing / bucket.samples,
    waiting: bucket.waiting / bucket.samples,
    replicas: bucket.replicas / bucket.samples,
  };
}

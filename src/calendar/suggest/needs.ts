import { BUCKET_MS, type TrafficBucket } from '../../core/traffic-bucket.ts';
import { type Day, weekdayOf } from '../civil-date.ts';
import type { Zone } from '../wall-time.ts';

/** Quarters of an hour in a day of wall clock: windows begin and end on them. */
export const SLOTS = 96;
export const SLOT_MINUTES = 15;

/** What one date of history needed. */
export interface DayNeeds {
  readonly day: Day;
  /** 0 for Sunday. */
  readonly weekday: number;
  /** Replicas that the busiest five minutes of each quarter of an hour needed; NaN where nothing is known. */
  readonly slots: Float64Array;
  /** Requests of the day. */
  readonly requests: number;
  /** Quarters that are known. */
  readonly known: number;
}

/** A day of which less is known says nothing. */
const ENOUGH_SLOTS = SLOTS / 2;

/** The days of `buckets` by the zone's dates, those of which at least half is known. `perReplica`: requests per second. */
export function needsOf(
  buckets: readonly TrafficBucket[],
  zone: Zone,
  perReplica: number,
): readonly DayNeeds[] {
  const days = new Map<Day, { slots: Float64Array; requests: number }>();
  for (const { at, arrivals } of buckets) {
    if (arrivals === null) continue;
    const { day, ms } = zone.wallClock(at);
    const known = days.get(day) ?? { slots: new Float64Array(SLOTS).fill(Number.NaN), requests: 0 };
    const slot = Math.min(SLOTS - 1, Math.floor(ms / (SLOT_MINUTES * 60_000)));
    const before = known.slots[slot] ?? Number.NaN;
    const need = arrivals / perReplica;
    known.slots[slot] = Number.isNaN(before) ? need : Math.max(before, need);
    known.requests += (arrivals * BUCKET_MS) / 1000;
    days.set(day, known);
  }
  return [...days]
    .sort(([a], [b]) => a - b)
    .map(([day, { slots, requests }]) => {
      const known = slots.reduce((count, need) => count + (Number.isNaN(need) ? 0 : 1), 0);
      return { day, weekday: weekdayOf(day), slots, requests, known };
    })
    .filter(({ known }) => known >= ENOUGH_SLOTS);
}

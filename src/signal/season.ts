import { BUCKET_MS, type TrafficBucket } from '../core/traffic-bucket.ts';

const SLOTS = 288;

/** A time of day on a class of days. */
export interface Slot {
  /** `session day 09:30-16:00`, `holiday`, … : days of one class are alike. */
  readonly kind: string;
  /** Wall-clock minute, 0 to 1439. */
  readonly minute: number;
}

/** Tells the class of the day and the time of day of an instant: its own first, then those it resembles. */
export interface DayClock {
  slots(at: number): readonly Slot[];
}

/** What is usual at an instant, by the class of its day. */
export interface Usual {
  /** Requests per second. */
  readonly rate: number;
  /** Days of that class that were seen at that time. */
  readonly days: number;
  readonly kind: string;
}

/** The usual course of days of each class. Immutable. */
export interface Season {
  /** Days of history with any traffic known. */
  readonly days: number;
  usual(at: number): Usual | null;
}

interface Profile {
  readonly sum: Float32Array;
  readonly days: Uint16Array;
}

/** A class of days is believed by itself from this many days on; before that a class it resembles is asked. */
const ENOUGH_DAYS = 2;

/** The season in `buckets`, by the classes of days that `clock` tells apart. */
export function learnSeason(buckets: readonly TrafficBucket[], clock: DayClock): Season {
  const profiles = new Map<string, Profile>();
  const seen = new Set<number>();
  for (const { at, arrivals } of buckets) {
    const [slot] = clock.slots(at);
    if (arrivals === null || slot === undefined) continue;
    seen.add(Math.floor(at / 86_400_000));
    const profile = profiles.get(slot.kind) ?? newProfile();
    profiles.set(slot.kind, profile);
    const index = slotIndex(slot);
    profile.sum[index] = (profile.sum[index] ?? 0) + arrivals;
    profile.days[index] = (profile.days[index] ?? 0) + 1;
  }
  const known = new Map<number, Usual | null>();
  return {
    days: seen.size,
    usual(at) {
      const bucket = Math.floor(at / BUCKET_MS);
      let usual = known.get(bucket);
      if (usual === undefined) {
        if (known.size >= REMEMBERED) known.clear();
        usual = bestOf(profiles, clock.slots(bucket * BUCKET_MS));
        known.set(bucket, usual);
      }
      return usual;
    },
  };
}

/** Answers kept: the instants that one decision asks of are those of the next one. */
const REMEMBERED = 128;

function bestOf(profiles: ReadonlyMap<string, Profile>, slots: readonly Slot[]): Usual | null {
  let best: Usual | null = null;
  for (const slot of slots) {
    const usual = usualOf(profiles.get(slot.kind), slot);
    if (usual !== null && usual.days > (best?.days ?? 0)) best = usual;
    if (best !== null && best.days >= ENOUGH_DAYS) break;
  }
  return best;
}

function newProfile(): Profile {
  return { sum: new Float32Array(SLOTS), days: new Uint16Array(SLOTS) };
}

const slotIndex = ({ minute }: Slot): number => Math.floor(minute / 5) % SLOTS;

function usualOf(profile: Profile | undefined, slot: Slot): Usual | null {
  const index = slotIndex(slot);
  const days = profile?.days[index] ?? 0;
  if (profile === undefined || days === 0) return null;
  return { rate: (profile.sum[index] ?? 0) / days, days, kind: slot.kind };
}

/** How much more (or less) than in the window just past is usual in what comes. */
export interface SeasonRatio {
  /** Between 0.2 and 10; 1 where nothing was learned. */
  readonly ratio: number;
  /** Requests per second: the highest that is usual within `ahead`, and the mean that is usual in the window. */
  readonly coming: number | null;
  readonly past: number | null;
  readonly kind: string | null;
  readonly days: number;
}

const NO_RATIO: SeasonRatio = { ratio: 1, coming: null, past: null, kind: null, days: 0 };
const LEAST = 0.2;
const MOST = 10;
/** Requests that must have been seen at a time of day before half of what they say is believed. */
const SHRINKAGE = 20;

/**
 * The season's ratio: the highest usual rate in [at, at + ahead] over the mean usual rate in [at - window, at]. Both are
 * shrunk toward each other by how little was seen: a quiet quarter of an hour must not multiply by chance.
 */
export function seasonRatio(
  season: Season | null,
  { at, window, ahead }: { readonly at: number; readonly window: number; readonly ahead: number },
): SeasonRatio {
  if (season === null) return NO_RATIO;
  let coming: Usual | null = null;
  for (let time = bucketOf(at); time <= at + ahead; time += BUCKET_MS) {
    const usual = season.usual(time);
    if (usual !== null && usual.rate >= (coming?.rate ?? 0)) coming = usual;
  }
  const past = usualMean(season, at - window, at);
  if (coming === null || past === null) return NO_RATIO;
  const weight = (Math.min(coming.days, past.days) * BUCKET_MS) / 1000;
  const ratio = (coming.rate * weight + SHRINKAGE) / (past.rate * weight + SHRINKAGE);
  return {
    ratio: Math.min(MOST, Math.max(LEAST, ratio)),
    coming: coming.rate,
    past: past.rate,
    kind: coming.kind,
    days: coming.days,
  };
}

const bucketOf = (at: number): number => Math.floor(at / BUCKET_MS) * BUCKET_MS;

/** Time-weighted mean of what is usual in [from, to); null where any part was never seen. */
function usualMean(
  season: Season,
  from: number,
  to: number,
): { readonly rate: number; readonly days: number } | null {
  let area = 0;
  let days = Number.POSITIVE_INFINITY;
  for (let time = bucketOf(from); time < to; time += BUCKET_MS) {
    const usual = season.usual(time);
    if (usual === null) return null;
    area += usual.rate * (Math.min(to, time + BUCKET_MS) - Math.max(from, time));
    days = Math.min(days, usual.days);
  }
  return to > from ? { rate: area / (to - from), days } : null;
}

import type { PolicyFields } from '../core/policy.ts';
import { DAY_MS } from './civil-date.ts';
import type { Interval, Intervals } from './interval.ts';
import { mergeOverrides } from './overrides.ts';

/** A window ready to be asked. */
export interface WindowModel {
  readonly name: string;
  /** `[from, to)` of each occurrence, without lead. */
  readonly intervals: Intervals;
  readonly floor: number | null;
  readonly ceiling: number | null;
  readonly policy: PolicyFields | null;
  readonly lead: number | 'auto';
}

/** The bounds that hold from `at` until the next segment. */
export interface Segment {
  readonly at: number;
  readonly floor: number;
  readonly ceiling: number | null;
  readonly policy: PolicyFields;
  readonly windows: readonly string[];
  /** Equal for segments that ask for the same. */
  readonly signature: string;
}

/** The longest lead that counts, so that the cost of a question stays bounded. */
export const MAX_LEAD_MS = 7 * DAY_MS;

/** Enough for two fleets' worth of leads over some days; the oldest goes first. */
const CACHED_CHUNKS = 512;

/** The bounds over time, computed one UTC day at a time and kept. */
export interface Timeline {
  /** No window ever asks for anything: there is no transition to look for. */
  readonly empty: boolean;
  /** The segments of one UTC day, the first at its midnight, neighbours always different. */
  chunk(index: number, autoLeadMs: number): readonly Segment[];
  /** The segment in force at `at`. */
  at(at: number, autoLeadMs: number): Segment;
}

export function newTimeline(windows: readonly WindowModel[]): Timeline {
  const acting = windows.filter(
    ({ floor, ceiling, policy }) => floor !== null || ceiling !== null || policy !== null,
  );
  const leadMatters = acting.some(({ floor, lead }) => floor !== null && lead === 'auto');
  const caches = new Map<number, Map<number, readonly Segment[]>>();
  let cached = 0;

  const chunk = (index: number, autoLeadMs: number): readonly Segment[] => {
    const lead = leadMatters ? Math.min(Math.max(0, autoLeadMs || 0), MAX_LEAD_MS) : 0;
    let cache = caches.get(lead);
    const known = cache?.get(index);
    if (known) return known;
    if (cached >= CACHED_CHUNKS) {
      caches.clear();
      cached = 0;
      cache = undefined;
    }
    if (!cache) {
      cache = new Map();
      caches.set(lead, cache);
    }
    const computed = segmentsOf(acting, { from: index * DAY_MS, to: (index + 1) * DAY_MS }, lead);
    cache.set(index, computed);
    cached++;
    return computed;
  };

  return {
    empty: acting.length === 0,
    chunk,
    at(at, autoLeadMs) {
      const segments = chunk(Math.floor(at / DAY_MS), autoLeadMs);
      return segments[lastNotAfter(segments, at)] ?? NOTHING;
    },
  };
}

const NOTHING: Segment = { at: 0, floor: 0, ceiling: null, policy: {}, windows: [], signature: '' };

/** Index of the last segment that begins at or before `at`; 0 when none does. */
export function lastNotAfter(segments: readonly { readonly at: number }[], at: number): number {
  let [low, high] = [0, segments.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((segments[middle]?.at ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A window's part in one chunk, with the place that the sweep has reached. */
interface Track {
  readonly window: WindowModel;
  readonly lead: number;
  readonly intervals: readonly Interval[];
  next: number;
}

function segmentsOf(
  windows: readonly WindowModel[],
  range: Interval,
  autoLeadMs: number,
): readonly Segment[] {
  const tracks = windows.map((window): Track => {
    const lead = window.floor === null ? 0 : window.lead === 'auto' ? autoLeadMs : window.lead;
    return { window, lead, intervals: window.intervals(range.from, range.to + lead), next: 0 };
  });
  const segments: Segment[] = [];
  for (const at of boundaries(tracks, range)) {
    const segment = segmentAt(tracks, at);
    if (segments.at(-1)?.signature !== segment.signature) segments.push(segment);
  }
  return segments;
}

function boundaries(tracks: readonly Track[], range: Interval): readonly number[] {
  const points = new Set([range.from]);
  for (const { intervals, lead } of tracks) {
    for (const { from, to } of intervals) {
      for (const point of [from - lead, from, to]) {
        if (point > range.from && point < range.to) points.add(point);
      }
    }
  }
  return [...points].sort((a, b) => a - b);
}

/** What all windows together ask for at `at`; called with ascending instants. */
function segmentAt(tracks: readonly Track[], at: number): Segment {
  let floor = 0;
  let ceiling: number | null = null;
  const policies: PolicyFields[] = [];
  const windows: string[] = [];
  let forced = '';
  for (const track of tracks) {
    const { window } = track;
    while ((track.intervals[track.next]?.to ?? Number.POSITIVE_INFINITY) <= at) track.next++;
    const interval = track.intervals[track.next];
    if (!interval || interval.from - track.lead > at) continue;
    const inForce = interval.from <= at;
    if (!inForce && window.floor === null) continue;
    windows.push(window.name);
    floor = Math.max(floor, window.floor ?? 0);
    if (!inForce) continue;
    if (window.ceiling !== null) ceiling = Math.min(ceiling ?? window.ceiling, window.ceiling);
    if (window.policy) {
      policies.push(window.policy);
      forced += `,${window.name}`;
    }
  }
  const signature = `${floor}|${ceiling}|${windows.join(',')}|${forced}`;
  return { at, floor, ceiling, policy: mergeOverrides(policies), windows, signature };
}

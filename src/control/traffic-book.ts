import type { Logger } from 'pino';
import { dayClockOf } from '../calendar/day-clock.ts';
import { arrivalRuleOf } from '../core/arrival-rule.ts';
import { learnedUntil, learnTraffic } from '../signal/traffic.ts';
import type { ControlContext } from './context.ts';
import { isLearning, type Track } from './track.ts';

/** Fleets whose weeks are read and learned together: the buckets of so many are held at once. */
const TOGETHER = 20;
/** A reading that failed is tried again after this long. */
const RETRY_MS = 60_000;
/** What is learned of a day is read this long before it holds. */
const AHEAD_MS = 55 * 60_000;
const DAY_MS = 86_400_000;

export interface TrafficBookOptions {
  readonly log: Logger;
  readonly context: () => ControlContext;
}

/**
 * Reads weeks of traffic for the fleets whose policy learns from them, once a day and beside everything else. Which history
 * counts is fixed by the instant alone (`learnedUntil`), so that a restart reads what was read before.
 */
export class TrafficBook {
  readonly #options: TrafficBookOptions;
  readonly #closed = new AbortController();
  #running: Promise<void> | null = null;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: TrafficBookOptions) {
    this.#options = options;
  }

  close(): void {
    this.#closed.abort();
  }

  /** Starts reading what the decisions of `at` and soon after need, unless a reading is under way. Never rejects. */
  refresh(tracks: Iterable<Track>, at: number): void {
    if (this.#running !== null || at < this.#notBefore || this.#closed.signal.aborted) return;
    const due = [...tracks].filter((track) => dueUntil(track, at) !== null);
    if (due.length > 0) void this.#start(due, at);
  }

  /** Waits until these fleets have learned what `at` needs, at most `limit` ms. Never rejects. */
  async learned(tracks: readonly Track[], at: number, limit: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limit);
    });
    try {
      await Promise.race([late, this.#learnAll(tracks, at)]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #learnAll(tracks: readonly Track[], at: number): Promise<void> {
    while (this.#running !== null) await this.#running;
    const due = tracks.filter((track) => dueUntil(track, at) !== null);
    if (due.length > 0) await this.#start(due, at);
  }

  #start(tracks: readonly Track[], at: number): Promise<void> {
    this.#running ??= this.#read(tracks, at)
      .catch((reason: unknown) => {
        if (this.#closed.signal.aborted) return;
        this.#notBefore = at + RETRY_MS;
        this.#options.log.warn(
          { err: reason, fleets: tracks.length },
          'traffic of days past cannot be read; what was learned before stays',
        );
      })
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  async #read(tracks: readonly Track[], at: number): Promise<void> {
    const byUntil = new Map<number, Track[]>();
    for (const track of tracks) {
      const until = dueUntil(track, at);
      if (until !== null) byUntil.set(until, [...(byUntil.get(until) ?? []), track]);
    }
    for (const [until, due] of byUntil) {
      for (let first = 0; first < due.length; first += TOGETHER)
        await this.#readGroup(due.slice(first, first + TOGETHER), until);
    }
  }

  async #readGroup(group: readonly Track[], until: number): Promise<void> {
    const from = until - Math.max(...group.map(historyOf));
    const { source } = this.#options.context();
    const queries = group.map(({ query }) => query);
    const traffic = await source.traffic({ from, until }, queries, this.#closed.signal);
    for (const track of group) {
      const start = until - historyOf(track);
      const buckets = (traffic.get(track.key) ?? []).filter((bucket) => bucket.at >= start);
      const learned = learnTraffic(buckets, dayClockOf(track.calendar), until);
      const { calendar, fields } = track;
      const entry = { traffic: learned, basis: basisOf(track, until), calendar, fields };
      const others = track.learned.filter((one) => one.traffic.until !== until);
      track.learned = [...others, entry].sort((one, two) => one.traffic.until - two.traffic.until).slice(-2);
    }
  }
}

/** How far back a fleet's policy learns from, ms, in whole days; 0: not at all. */
function historyOf(track: Track): number {
  const signal = track.fields.signals?.arrivalRate;
  if (signal === undefined || !isLearning(track)) return 0;
  return Math.ceil(arrivalRuleOf(signal).history / DAY_MS) * DAY_MS;
}

/** Up to when history must still be learned for decisions of `at`: what holds now first, then what holds soon. Null: known. */
function dueUntil(track: Track, at: number): number | null {
  if (historyOf(track) === 0) return null;
  for (const until of [learnedUntil(at), learnedUntil(at + AHEAD_MS)]) if (!knows(track, until)) return until;
  return null;
}

function knows(track: Track, until: number): boolean {
  const known = track.learned.find(({ traffic }) => traffic.until === until);
  if (known === undefined) return false;
  if (known.calendar === track.calendar && known.fields === track.fields) return true;
  // A reload makes new objects of files that say the same.
  if (known.basis !== basisOf(track, until)) return false;
  known.calendar = track.calendar;
  known.fields = track.fields;
  return true;
}

/** What was learned depends on, beside the history: how far back, from which query, and the kinds of the days. */
function basisOf(track: Track, until: number): string {
  const { calendar, query } = track;
  const history = historyOf(track);
  const clock = dayClockOf(calendar);
  const kinds: string[] = [];
  for (let day = until - history; day < until + 2 * DAY_MS; day += DAY_MS)
    kinds.push(clock.slots(day + DAY_MS / 2)[0]?.kind ?? '');
  return JSON.stringify([history, query.arrivals ?? null, calendar?.timezone ?? null, kinds]);
}

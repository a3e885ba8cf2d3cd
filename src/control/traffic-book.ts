import type { Logger } from 'pino';
import { dayClockOf } from '../calendar/day-clock.ts';
import { arrivalRuleOf } from '../core/arrival-rule.ts';
import { learnedUntil, learnTraffic } from '../signal/traffic.ts';
import type { ControlContext } from './control.ts';
import type { Track } from './track.ts';

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
    const due = [...tracks].filter((track) => isDue(track, at));
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
    const due = tracks.filter((track) => isDue(track, at));
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
    for (let first = 0; first < tracks.length; first += TOGETHER) {
      const group = tracks.slice(first, first + TOGETHER);
      const until = wantedUntil(at);
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
        track.learned = [...track.learned.filter((one) => one.traffic.until < until).slice(-1), entry];
      }
    }
  }
}

/** How far back a fleet's policy learns from, ms, in whole days; 0: not at all. */
function historyOf({ fields, config }: Track): number {
  const signal = fields.signals?.arrivalRate;
  if (signal === undefined || config.id.role !== 'replicas') return 0;
  return Math.ceil(arrivalRuleOf(signal).history / DAY_MS) * DAY_MS;
}

/** What holds soon is read ahead of time. */
function wantedUntil(at: number): number {
  return learnedUntil(at + AHEAD_MS);
}

function isDue(track: Track, at: number): boolean {
  if (historyOf(track) === 0) return false;
  const newest = track.learned[track.learned.length - 1];
  const until = wantedUntil(at);
  if (newest === undefined || newest.traffic.until !== until) return true;
  if (newest.calendar === track.calendar && newest.fields === track.fields) return false;
  // A reload makes new objects of files that say the same.
  if (newest.basis !== basisOf(track, until)) return true;
  newest.calendar = track.calendar;
  newest.fields = track.fields;
  return false;
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

import type { Logger } from 'pino';
import { createSlicer, untilTurn } from '../ingest/slices.ts';
import type { ControlContext } from './context.ts';
import { memoryOf, replayHistory } from './replay-history.ts';
import { addColdStarts, type Track } from './track.ts';

/** New fleets are gathered this long, so that a restart with thousands of them asks in batches. */
const GATHER = 20;
const BATCH = 500;
/** A history query that fails is tried again with the next gathering after this long, this often. */
const RETRY = 2_000;
const ATTEMPTS = 15;

export interface BackfillOptions {
  readonly log: Logger;
  readonly context: () => ControlContext;
  /** Weeks of traffic, for fleets whose policy learns from them: a replay decides by them too. */
  readonly learn: (tracks: readonly Track[], at: number) => Promise<void>;
  /** The history of these fleets was replayed (or cannot be had): decide them. */
  readonly onSettled: (tracks: readonly Track[]) => void;
}

/** Reads back the history of fleets without state and replays it (law 2), in chunks, beside a server in hold. */
export class Backfill {
  readonly #options: BackfillOptions;
  readonly #pending = new Map<Track, number>();
  readonly #closed = new AbortController();
  /** Tracks whose past cold starts were counted: a retry must not count them twice. */
  readonly #measured = new WeakSet<Track>();
  #timer: NodeJS.Timeout | null = null;
  #busy = false;
  readonly #slicer = createSlicer();

  constructor(options: BackfillOptions) {
    this.#options = options;
  }

  add(tracks: readonly Track[]): void {
    for (const track of tracks) this.#pending.set(track, 1);
    this.#schedule(GATHER);
  }

  /** Nobody asks for it any more. */
  forget(track: Track): void {
    this.#pending.delete(track);
  }

  close(): void {
    this.#closed.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #schedule(delay: number): void {
    if (this.#timer !== null || this.#busy || this.#pending.size === 0 || this.#closed.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#run();
    }, delay);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    let failed = false;
    const batch = byNamespace(this.#pending).slice(0, BATCH);
    for (const [track] of batch) this.#pending.delete(track);
    try {
      await this.#read(batch.map(([track]) => track));
    } catch (reason) {
      failed = true;
      this.#giveBack(batch, reason);
    } finally {
      this.#busy = false;
      this.#schedule(failed ? RETRY : 0);
    }
  }

  async #read(tracks: readonly Track[]): Promise<void> {
    const { revision, source, now, lastInstant } = this.#options.context();
    const step = revision.config.evaluationInterval;
    const fleets = tracks.filter((track) => track.config.id.role === 'replicas');
    if (fleets.length > 0 && revision.config.historyLimit > 0) {
      const to = lastInstant ?? Math.floor(now() / step) * step;
      const back = Math.min(revision.config.historyLimit, Math.max(...fleets.map(memoryOf)));
      const range = { from: Math.ceil((to - back) / step) * step, to, step };
      await this.#readColdStarts(fleets, to);
      await this.#options.learn(fleets, to);
      const histories = await source.history(
        range,
        fleets.map((track) => track.query),
        this.#closed.signal,
      );
      for (const track of fleets) {
        // A fleet's replay takes some milliseconds, and RPCs are answered in between.
        await untilTurn(this.#slicer);
        const history = histories.get(track.key);
        if (history !== undefined) replayHistory(track, history, revision);
      }
    }
    this.#options.onSettled(tracks);
  }

  /** Before the replay, which leads by them. Without them it leads by `coldStart.default`. */
  async #readColdStarts(tracks: readonly Track[], at: number): Promise<void> {
    const { source } = this.#options.context();
    try {
      const queries = tracks.map(({ query }) => query);
      const past = await source.coldStarts?.(at, queries, this.#closed.signal);
      for (const track of tracks) {
        const known = past?.get(track.key);
        if (known === undefined || this.#measured.has(track)) continue;
        this.#measured.add(track);
        addColdStarts(track, known);
      }
    } catch (reason) {
      if (!this.#closed.signal.aborted)
        this.#options.log.warn({ err: reason, fleets: tracks.length }, 'cold starts cannot be read back');
    }
  }

  /** Tries again later; after the last attempt the fleets go on without history, in the start hold. */
  #giveBack(batch: readonly (readonly [Track, number])[], reason: unknown): void {
    if (this.#closed.signal.aborted) return;
    const spent = batch.filter(([, attempt]) => attempt >= ATTEMPTS).map(([track]) => track);
    for (const [track, attempt] of batch) if (attempt < ATTEMPTS) this.#pending.set(track, attempt + 1);
    this.#options.log.warn(
      { err: reason, fleets: batch.length, givenUp: spent.length },
      'history cannot be read back',
    );
    if (spent.length > 0) this.#options.onSettled(spent);
  }
}

/** The oldest first and with it those of its namespace, then the next: a query over few namespaces reads only theirs. */
function byNamespace(pending: ReadonlyMap<Track, number>): (readonly [Track, number])[] {
  const groups = new Map<string, (readonly [Track, number])[]>();
  for (const entry of pending) {
    const { namespace } = entry[0].config.id;
    const group = groups.get(namespace);
    if (group) group.push(entry);
    else groups.set(namespace, [entry]);
  }
  return [...groups.values()].flat();
}

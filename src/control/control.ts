import type { Logger } from 'pino';
import type { Revision } from '../config/revision.ts';
import type { ColdStart } from '../core/cold-start.ts';
import { gridInstant } from '../core/instant.ts';
import { ScalerError } from '../core/scaler-error.ts';
import type { DecisionLine, DecisionRecord } from '../decision/record.ts';
import type { Cluster } from '../ingest/kubernetes/cluster.ts';
import { createSlicer, type Slicer, untilTurn } from '../ingest/slices.ts';
import type { FleetQuery, Reading, Source } from '../ingest/source.ts';
import { Backfill } from './backfill.ts';
import type { ControlContext } from './context.ts';
import { CrowdedOut } from './crowded-out.ts';
import { DeletionCosts } from './deletion-costs.ts';
import { Explainer } from './explainer.ts';
import { Registry } from './registry.ts';
import type {
  AgendaEntry,
  Answer,
  AnsweredFleet,
  ChartPoint,
  Dropped,
  ExplainQuery,
  FleetHandle,
  FleetLine,
  Follower,
  Scaler,
  ScalerHealth,
  TriggerRef,
} from './scaler.ts';
import { countColdStart, isLearning, type Track } from './track.ts';
import { TrafficBook } from './traffic-book.ts';
import { applyDraft, type Draft, draftBuffer, draftOf, remember, type Served } from './turn.ts';
import { warningsFor } from './warnings.ts';

/** How long GetMetrics waits for the history of a fleet seen for the first time. */
const SETTLE_WAIT = 1_000;
/** A backstop: sources have time limits of their own, which are shorter. */
const READ_LIMIT = 60_000;
/** How long the replay of a start waits for weeks of traffic; without them it goes on, and they count as soon as they come. */
const LEARN_LIMIT = 20_000;
/** Fleets between two looks at the clock, and streams; one takes some microseconds. */
const STRIDE = 25;

export interface ControlOptions {
  readonly revision: Revision;
  readonly source: Source;
  readonly log: Logger;
  /** The clock, epoch ms. */
  readonly now: () => number;
  /** After each cycle, with every decision of the Snapshot; waited for, as a part of the cycle. */
  readonly onSnapshot?: (decisions: readonly DecisionLine[], cycle: Cycle) => void | Promise<void>;
  readonly onSkipped?: () => void;
  readonly onDropped?: (why: Dropped) => void;
  /** The cluster whose facts are in the source's samples. */
  readonly cluster?: Cluster | null;
}

/** How a cycle went. */
export interface Cycle {
  readonly at: number;
  readonly durationMs: number;
}

/**
 * The shell around decide(): at each grid instant reads the source once for all fleets, decides every fleet, and
 * swaps the Snapshot whole. RPCs and HTTP only read what the last cycle left (law 3).
 */
export class Control implements Scaler {
  readonly #options: ControlOptions;
  readonly #registry: Registry;
  readonly #backfill: Backfill;
  readonly #explainer: Explainer;
  readonly #costs: DeletionCosts | null;
  readonly #traffic: TrafficBook;
  #revision: Revision;
  #source: Source;
  #refused: readonly string[] = [];
  #reading: Reading | null = null;
  #turning = false;
  readonly #slicer: Slicer = createSlicer();
  #lastTurn: number | null = null;
  #follower: Follower | null = null;
  readonly #crowdedOut = new CrowdedOut();
  readonly #started: number;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#revision = options.revision;
    this.#source = options.source;
    this.#started = options.now();
    this.#registry = new Registry(options.revision, this.#started, {
      dropped: (track, why) => this.#dropped(track, why),
      respelled: () => this.#follower?.respelled(),
    });
    this.#traffic = new TrafficBook({ log: options.log, context: () => this.#context() });
    this.#backfill = new Backfill({
      log: options.log,
      context: () => this.#context(),
      learn: (tracks, at) => this.#traffic.learned(tracks, at, LEARN_LIMIT),
      onSettled: (tracks) => this.#settle(tracks),
    });
    const { cluster = null, log, now } = options;
    this.#costs = cluster && new DeletionCosts({ cluster, log, now });
    this.#explainer = new Explainer({ context: () => this.#context() });
    this.#enrol([...this.#registry.tracks()]);
  }

  /** Serves a new revision from the next cycle on; `source` is given when its settings changed. */
  use(revision: Revision, source: Source = this.#source): void {
    this.#revision = revision;
    this.#source = source;
    this.#refused = [];
    this.#registry.use(revision, this.#options.now());
    this.#enrol([...this.#registry.tracks()].filter((track) => track.answer.at === null));
  }

  /** A pod of the fleet became ready for the first time. */
  coldStarted(key: string, start: ColdStart): void {
    const track = this.#registry.get(key);
    if (track !== undefined) countColdStart(track, start);
  }

  /** A reload was refused; the last good revision keeps serving. */
  refuse(problems: readonly string[]): void {
    this.#refused = problems;
  }

  /**
   * One cycle at the grid instant `at`. A cycle that is still running makes this one be skipped whole and counted;
   * false then. Never rejects.
   */
  async turn(at: number): Promise<boolean> {
    if (this.#turning) {
      this.#options.onSkipped?.();
      return false;
    }
    this.#turning = true;
    const started = performance.now();
    try {
      await this.#cycle(at);
      this.#lastTurn = this.#options.now();
      this.#crowdedOut.tell(this.#options.log, this.#registry.size);
      await this.#options.onSnapshot?.(this.#lines(), { at, durationMs: performance.now() - started });
    } catch (reason) {
      this.#options.log.error({ err: reason, at }, 'evaluation failed; the last answers stay');
    } finally {
      this.#turning = false;
    }
    return true;
  }

  resolve(ref: TriggerRef): FleetHandle | ScalerError {
    const track = this.#registry.resolve(ref, this.#options.now());
    if (!(track instanceof ScalerError) && !track.enrolled) this.#enrol([track]);
    return track;
  }

  answer(fleet: AnsweredFleet): Answer {
    return (fleet as Track).answer;
  }

  explained(fleet: AnsweredFleet): Answer {
    return this.answer(fleet);
  }

  /** Somebody asked for the fleet, of which only its follower knows. */
  asked(fleet: FleetHandle): void {
    this.#registry.asked(fleet, this.#options.now());
  }

  /** From here on the follower hears of answers and of fleets that go. There is one at most. */
  follow(follower: Follower): void {
    this.#follower = follower;
  }

  async settled(fleet: AnsweredFleet): Promise<Answer> {
    const track = fleet as Track;
    if (!track.settled) await waitFor(track, SETTLE_WAIT);
    return track.answer;
  }

  subscribe(fleet: AnsweredFleet, listener: (answer: Answer) => void): () => void {
    const track = fleet as Track;
    track.listeners ??= new Set();
    track.listeners.add(listener);
    return () => track.listeners?.delete(listener);
  }

  fleets(): readonly FleetLine[] {
    return [...this.#registry.tracks()].map((track) => ({
      id: track.config.id,
      mode: track.mode,
      record: track.kept?.line ?? null,
    }));
  }

  async explain(query: ExplainQuery): Promise<DecisionRecord> {
    const record = await this.#explainer.explain(query);
    return { ...record, warnings: [...warningsFor(record, this.health()), ...(record.warnings ?? [])] };
  }

  chart(query: ExplainQuery): readonly ChartPoint[] {
    return this.#explainer.find(query).chart.toArray();
  }

  agenda(query: ExplainQuery, horizonMs: number): readonly AgendaEntry[] {
    return this.#explainer.agenda(query, horizonMs);
  }

  health(): ScalerHealth {
    const { evaluationInterval } = this.#revision.config;
    const since = this.#options.now() - (this.#lastTurn ?? Number.NEGATIVE_INFINITY);
    return {
      ready: since <= 3 * evaluationInterval,
      lastTurn: this.#lastTurn,
      source: this.#source.status(),
      revision: this.#revision.id,
      refused: this.#refused,
      evaluationInterval,
      cluster: this.#options.cluster?.status() ?? null,
    };
  }

  /** Forgets fleets that nobody asked for during `idleMs`. */
  forget(idleMs: number): number {
    return this.#registry.forget(this.#options.now() - idleMs);
  }

  /** Grid instant that a cycle started now would decide. */
  dueInstant(): number {
    return gridInstant(this.#options.now(), this.#revision.config.evaluationInterval);
  }

  close(): void {
    this.#backfill.close();
    this.#traffic.close();
  }

  #context(): ControlContext {
    return {
      registry: this.#registry,
      revision: this.#revision,
      source: this.#source,
      lastInstant: this.#reading?.at ?? null,
      now: this.#options.now,
    };
  }

  async #cycle(at: number): Promise<void> {
    const { fleets: tracks, queries } = this.#registry.lists();
    const reading = await this.#read(at, queries);
    this.#reading = reading;
    const drafts: Draft[] = [];
    await this.#inSlices(tracks, (track) => {
      drafts.push(draftOf(track, reading, this.#revision));
    });
    const { buffers } = this.#registry.lists();
    const ofTrack = new Map(buffers.length === 0 ? [] : drafts.map((draft) => [draft.track, draft]));
    await this.#inSlices(buffers, (track) => {
      const served = this.#registry.servedBy(track);
      const draft = served && (ofTrack.get(served) ?? servedNow(served));
      drafts.push(draftBuffer(track, draft, at, this.#revision));
    });
    publish(drafts);
    this.#follower?.answered(drafts.map(({ track }) => track));
    await this.#inSlices(drafts, (draft) => {
      remember(draft);
      tell(draft.track);
    });
    this.#considerCosts(tracks, reading);
    this.#traffic.refresh(tracks.filter(isLearning), at);
  }

  async #read(at: number, fleets: readonly FleetQuery[]): Promise<Reading> {
    const limit = new AbortController();
    const timer = setTimeout(
      () => limit.abort(new DOMException('read for too long', 'TimeoutError')),
      READ_LIMIT,
    );
    timer.unref();
    try {
      return await this.#source.read(at, fleets, limit.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #considerCosts(tracks: readonly Track[], reading: Reading): void {
    if (!this.#revision.config.kubernetes.podDeletionCost) return;
    for (const track of tracks) this.#costs?.consider(track, reading);
  }

  /** Work on many fleets, the event loop's other business (RPCs first of all) done in between. */
  async #inSlices<T>(fleets: readonly T[], work: (fleet: T) => void): Promise<void> {
    for (const [index, fleet] of fleets.entries()) {
      if (index % STRIDE === 0) await untilTurn(this.#slicer);
      work(fleet);
    }
  }

  /** New fleets: decided at once from memory, in hold; then from their history when it has been read. */
  #enrol(tracks: readonly Track[]): void {
    for (const track of tracks) track.enrolled = true;
    this.#decideFromMemory(tracks);
    this.#backfill.add(tracks);
  }

  #dropped(track: Track, why: Dropped): void {
    this.#backfill.forget(track);
    this.#follower?.gone(track);
    this.#options.onDropped?.(why);
    if (why === 'crowded') this.#crowdedOut.note(track.config.id);
  }

  #settle(tracks: readonly Track[]): void {
    for (const track of tracks) track.settled = true;
    this.#decideFromMemory(tracks.filter((track) => track.config.id.role === 'replicas'));
    this.#decideFromMemory(tracks.filter((track) => track.config.id.role === 'buffer'));
    for (const track of tracks) {
      for (const wake of track.waiters ?? []) wake();
      track.waiters = undefined;
    }
  }

  #decideFromMemory(tracks: readonly Track[]): void {
    for (const track of tracks) {
      const reading = this.#reading ?? remembered(track);
      if (reading === null) continue;
      if (track.config.id.role === 'replicas') {
        decided(draftOf(track, reading, this.#revision));
        continue;
      }
      const served = this.#registry.servedBy(track);
      decided(draftBuffer(track, served && servedNow(served), reading.at, this.#revision));
    }
    for (const track of tracks) tell(track);
    this.#follower?.answered(tracks);
  }

  #lines(): readonly DecisionLine[] {
    const lines: DecisionLine[] = [];
    for (const { kept } of this.#registry.tracks()) if (kept !== null) lines.push(kept.line);
    return lines;
  }
}

/** Swaps in all drafts at once. */
function publish(drafts: readonly Draft[]): void {
  for (const draft of drafts) {
    // History that arrived during the cycle has moved the state on: that fleet waits for the next one.
    if (draft.track.state === draft.found) applyDraft(draft);
  }
}

function decided(draft: Draft): void {
  applyDraft(draft);
  remember(draft);
}

/** A fleet as a buffer finds it that is decided on its own; undefined before its first decision. */
function servedNow(track: Track): Served | undefined {
  return track.kept === null ? undefined : { track, samples: track.samples, before: track.before };
}

function tell(track: Track): void {
  for (const listener of track.listeners ?? []) listener(track.answer);
}

/** Before the first cycle: the newest sample of a fleet's history, as a reading. */
function remembered({ samples }: Track): Reading | null {
  const newest = samples[samples.length - 1];
  return newest === undefined ? null : { at: newest.at, sampleOf: () => newest };
}

function waitFor(track: Track, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      track.waiters?.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    track.waiters ??= new Set();
    track.waiters.add(wake);
  });
}

import type { Calendar } from '../calendar/calendar.ts';
import { parseTrigger } from '../config/metadata.ts';
import type { Revision } from '../config/revision.ts';
import { type FleetConfig, fleetKey } from '../core/fleet.ts';
import { ScalerError } from '../core/scaler-error.ts';
import type { FleetQuery } from '../ingest/source.ts';
import { memoised } from './calendar-memo.ts';
import type { Dropped, FleetHandle, TriggerRef } from './scaler.ts';
import { spell } from './spelling.ts';
import { applyRevision, capacityFor, isListenedTo, NONE, newTrack, type Track } from './track.ts';

/** How many fleets are kept. Beyond it one goes: a newcomer before one that is asked for regularly. */
const MAX_FLEETS = 20_000;
/** A fleet that is still asked for this long after the first time is no newcomer: KEDA polls, a flood does not. */
const PROBATION = 10_000;
/** How many spellings of triggers are remembered parsed; beyond it all are parsed again. */
const MAX_PARSED = 50_000;

/** By this much more fleets may come before the memories of all are cut again, which is work for each of them. */
const SOME_MORE = 1.25;

/** The fleets by what is done with them; the same lists as long as nobody comes, goes or is told something else. */
interface Lists {
  readonly fleets: readonly Track[];
  /** What a source is asked for them, in their order. */
  readonly queries: readonly FleetQuery[];
  readonly buffers: readonly Track[];
}

/** Who hears what becomes of the fleets. */
export interface RegistryEvents {
  dropped(track: Track, why: Dropped): void;
  /** Triggers are to be read again. */
  respelled(): void;
}

/** Who the fleets are: parses triggers once, keeps a track for each identity, bounded. */
export class Registry {
  readonly #tracks = new Map<string, Track>();
  readonly #parsed = new Map<string, Track>();
  /** Tracks by namespace and ScaledObject, in the order they came in. */
  readonly #named = new Map<string, Track[]>();
  /** Tracks that may be dropped, each list with the one asked for longest ago first. */
  readonly #newcomers = new Set<Track>();
  readonly #regulars = new Set<Track>();
  #revision: Revision;
  #calendars: ReadonlyMap<string, Calendar> = new Map();
  #lists: Lists | null = null;
  readonly #events: RegistryEvents;
  /** Number of fleets that all memories were last cut to. */
  #sizedFor = 64;

  constructor(revision: Revision, now: number, events: RegistryEvents) {
    this.#revision = revision;
    this.#events = events;
    this.use(revision, now);
  }

  /** A new revision: triggers are read again when they are next asked, tracks look their policy up again. */
  use(revision: Revision, now: number): void {
    this.#revision = revision;
    this.#lists = null;
    this.#forgetSpellings();
    this.#calendars = new Map([...revision.calendars].map(([name, calendar]) => [name, memoised(calendar)]));
    for (const track of this.#tracks.values()) {
      track.listed = false;
      applyRevision(track, revision, this.#calendars);
    }
    for (const config of revision.fleets) this.#adopt(config, now).listed = true;
  }

  /** The track of a trigger; new identities are created. Never throws. */
  resolve(ref: TriggerRef, now: number): Track | ScalerError {
    const spelling = spell(ref);
    const known = this.#parsed.get(spelling);
    if (known !== undefined) {
      this.#asked(known, now);
      return known;
    }
    const { policies, calendars, config } = this.#revision;
    const parsed = parseTrigger(ref, { policies, calendars, defaultPolicy: config.defaults.policy });
    if ('problems' in parsed) return new ScalerError('invalid', parsed.problems.join('; '));
    if (!this.#tracks.has(fleetKey(parsed.fleet.id)) && !this.#makeRoom()) return TOO_MANY;
    const track = this.#adopt(parsed.fleet, now);
    const refusal = advisoryRefusal(track);
    if (refusal !== null) return refusal;
    if (this.#parsed.size >= MAX_PARSED) this.#forgetSpellings();
    this.#parsed.set(spelling, track);
    track.spellings = [...track.spellings, spelling];
    return track;
  }

  tracks(): IterableIterator<Track> {
    return this.#tracks.values();
  }

  lists(): Lists {
    if (this.#lists === null) {
      const tracks = [...this.#tracks.values()];
      const fleets = tracks.filter(({ config }) => config.id.role === 'replicas');
      const buffers = tracks.filter(({ config }) => config.id.role === 'buffer');
      this.#lists = { fleets, queries: fleets.map(({ query }) => query), buffers };
    }
    return this.#lists;
  }

  /** The tracks of one ScaledObject, which may hold several of our triggers. */
  named(namespace: string, name: string): Iterable<Track> {
    return this.#named.get(nameKey(namespace, name)) ?? [];
  }

  /** Somebody asked for the fleet and not here. */
  asked({ key }: FleetHandle, now: number): void {
    const track = this.#tracks.get(key);
    if (track !== undefined) this.#asked(track, now);
  }

  get(key: string): Track | undefined {
    return this.#tracks.get(key);
  }

  get size(): number {
    return this.#tracks.size;
  }

  /** The fleet whose pods a buffer makes room for. */
  servedBy(buffer: Track): Track | undefined {
    const { namespace, model } = buffer.config.id;
    for (const track of this.named(namespace, buffer.config.bufferOf ?? '')) {
      const { id } = track.config;
      if (id.role === 'replicas' && (model === '' || id.model === model)) return track;
    }
    return undefined;
  }

  /** Drops fleets that are neither listed nor asked for since `before`; returns how many. */
  forget(before: number): number {
    let dropped = 0;
    for (const track of [...this.#tracks.values()]) {
      if (track.listed || track.lastAsked >= before || isListenedTo(track)) continue;
      this.#drop(track, 'idle');
      dropped++;
    }
    if (dropped > 0) this.#resize();
    return dropped;
  }

  #adopt(config: FleetConfig, now: number): Track {
    const key = fleetKey(config.id);
    let track = this.#tracks.get(key);
    if (track === undefined) {
      track = newTrack(key, config, capacityFor(this.#tracks.size + 1), now);
      this.#tracks.set(key, track);
      this.#name(track);
      if (this.#tracks.size > SOME_MORE * this.#sizedFor) this.#resize();
    }
    track.config = config;
    this.#lists = null;
    this.#asked(track, now);
    applyRevision(track, this.#revision, this.#calendars);
    return track;
  }

  #name(track: Track): void {
    const { namespace, name } = track.config.id;
    const key = nameKey(namespace, name);
    const others = this.#named.get(key);
    if (others === undefined) this.#named.set(key, [track]);
    else others.push(track);
  }

  #unname(track: Track): void {
    const { namespace, name } = track.config.id;
    const key = nameKey(namespace, name);
    const others = (this.#named.get(key) ?? []).filter((other) => other !== track);
    if (others.length === 0) this.#named.delete(key);
    else this.#named.set(key, others);
  }

  #asked(track: Track, now: number): void {
    track.lastAsked = now;
    const regular = this.#regulars.delete(track) || now - track.firstAsked >= PROBATION;
    this.#newcomers.delete(track);
    (regular ? this.#regulars : this.#newcomers).add(track);
  }

  #forgetSpellings(): void {
    this.#parsed.clear();
    for (const track of this.#tracks.values()) track.spellings = NONE;
    this.#events.respelled();
  }

  /** Whether one more fleet may come, after dropping one if need be. */
  #makeRoom(): boolean {
    if (this.#tracks.size < MAX_FLEETS) return true;
    for (const list of [this.#newcomers, this.#regulars]) {
      for (const track of list) {
        if (track.listed || isListenedTo(track)) continue;
        this.#drop(track, 'crowded');
        return true;
      }
    }
    return false;
  }

  #drop(track: Track, why: Dropped): void {
    this.#tracks.delete(track.key);
    this.#lists = null;
    this.#unname(track);
    this.#newcomers.delete(track);
    this.#regulars.delete(track);
    for (const spelling of track.spellings) this.#parsed.delete(spelling);
    this.#events.dropped(track, why);
  }

  #resize(): void {
    this.#sizedFor = Math.max(64, this.#tracks.size);
    const capacity = capacityFor(this.#sizedFor);
    for (const track of this.#tracks.values()) {
      track.records.resize(capacity.records);
      track.chart.resize(capacity.chart);
    }
  }
}

function nameKey(namespace: string, name: string): string {
  return `${namespace}\0${name}`;
}

const TOO_MANY = new ScalerError('exhausted', `${MAX_FLEETS} fleets are known and all of them are in use`);

/** A trigger must not steer by a policy that is only advice, unless it says that it wants the neutral 0. */
function advisoryRefusal(track: Track): ScalerError | null {
  if (track.mode !== 'advisory' || track.config.advisoryAnswer === 'zero') return null;
  const { namespace, name } = track.config.id;
  return new ScalerError(
    'refused',
    `${namespace}/${name} is under an advisory policy, which steers nothing; use an active policy, or advisoryAnswer: zero beside other triggers`,
  );
}

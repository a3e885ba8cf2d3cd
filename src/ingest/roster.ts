import { joined } from './places.ts';
import { labelOf, type Metric } from './points.ts';
import type { Tables } from './tables.ts';

/** An engine of a pod, by its labels. */
export interface Engine {
  readonly key: string;
  /** The same without the engine: all engines of a pod come from one scrape. */
  readonly podKey: string;
  readonly namespace: string;
  readonly model: string;
  readonly pod: string;
  readonly engine: string;
  /** Why it is counted for nobody (or, with `server`, only where matchLabels ask for that label). */
  readonly leftOut: 'router' | 'podless' | null;
  /** All labels of its first series, which matchLabels look at. */
  readonly metric: Metric;
}

/** Places of engines by what they are looked up by. */
export type EnginesBy = ReadonlyMap<string, readonly number[]>;

/**
 * The engines that series are of. Never changed: one that carries on another has the same engines and pods at the same places,
 * those whose series went among them, and the new ones behind.
 */
export interface Roster {
  readonly labels: Tables['labels'];
  readonly keys: Tables['keys'];
  readonly engines: readonly Engine[];
  /** By namespace and model, which is what a fleet selects from. A list stays the same object until one more joins it. */
  readonly ofModel: EnginesBy;
  /** Of these, who counts for nobody; mostly none. */
  readonly leftOut: EnginesBy;
  /** The first engine of each pod but of those without a name. */
  readonly pods: readonly Engine[];
  /** By engine, its place in `pods`; -1 for none. */
  readonly podOf: Int32Array;
  /** Places in `pods` and in `engines` by their keys. */
  readonly podAt: ReadonlyMap<string, number>;
  readonly engineAt: ReadonlyMap<string, number>;
}

/** Nobody yet, told apart by these labels. */
export function emptyRoster({ labels, keys }: Pick<Tables, 'labels' | 'keys'>): Roster {
  return {
    labels,
    keys,
    engines: [],
    ofModel: new Map(),
    leftOut: new Map(),
    pods: [],
    podOf: new Int32Array(0),
    podAt: new Map(),
    engineAt: new Map(),
  };
}

/** Whether a place of `older` is whose it is in `roster`: an engine is made once, and keeps its place in all that carry on. */
export function carriesOn(roster: Roster, older: Roster): boolean {
  const last = older.engines.length - 1;
  return roster === older || last < 0 || roster.engines[last] === older.engines[last];
}

/** A roster with those who are not in it yet, as series bring them. */
export class Newcomers {
  readonly #roster: Roster;
  readonly #engines: Engine[] = [];
  readonly #at = new Map<string, number>();

  constructor(roster: Roster) {
    this.#roster = roster;
  }

  /** The place of the engine that a series is of; -1 where it is not there. */
  find(metric: Metric): number {
    return this.#placeOf(identify(metric, this.#roster).key) ?? -1;
  }

  /** The same; who is not there comes in. */
  place(metric: Metric): number {
    const engine = identify(metric, this.#roster);
    const known = this.#placeOf(engine.key);
    if (known !== undefined) return known;
    const place = this.#roster.engines.length + this.#engines.push(engine) - 1;
    this.#at.set(engine.key, place);
    return place;
  }

  /** All of them together, in steps; the roster itself where nobody came. */
  *join(): Generator<void, Roster> {
    if (this.#engines.length === 0) return this.#roster;
    const { labels, keys, engines: old } = this.#roster;
    const engines = [...old, ...this.#engines];
    const engineAt = joined(this.#roster.engineAt, this.#at);
    yield;
    const pods = withPods(this.#roster, this.#engines);
    yield;
    const added = Array.from(this.#engines, (_, index) => old.length + index);
    const ofModel = lengthened(this.#roster.ofModel, placesBy(engines, keyOfModel, added));
    yield;
    const whose = (engine: Engine): string | null => (engine.leftOut === null ? null : keyOfModel(engine));
    const leftOut = lengthened(this.#roster.leftOut, placesBy(engines, whose, added));
    return { labels, keys, engines, ofModel, leftOut, ...pods, engineAt };
  }

  #placeOf(key: string): number | undefined {
    return this.#roster.engineAt.get(key) ?? this.#at.get(key);
  }
}

function withPods(roster: Roster, engines: readonly Engine[]): Pick<Roster, 'pods' | 'podOf' | 'podAt'> {
  const pods = [...roster.pods];
  const podAt = new Map(roster.podAt);
  const podOf = new Int32Array(roster.engines.length + engines.length).fill(-1);
  podOf.set(roster.podOf);
  for (const [index, engine] of engines.entries()) {
    if (engine.leftOut === 'podless') continue;
    let pod = podAt.get(engine.podKey);
    if (pod === undefined) {
      pod = pods.push(engine) - 1;
      podAt.set(engine.podKey, pod);
    }
    podOf[roster.engines.length + index] = pod;
  }
  // What grew by push has room for more to come.
  return { pods: pods.slice(), podOf, podAt };
}

function lengthened(old: EnginesBy, added: EnginesBy): EnginesBy {
  const lists = new Map<string, readonly number[]>();
  for (const [key, places] of added) lists.set(key, [...(old.get(key) ?? []), ...places]);
  return joined(old, lists);
}

/** Places of engines by a key; null: nowhere. */
export function placesBy(
  engines: readonly Engine[],
  keyOf: (engine: Engine) => string | null,
  among: Iterable<number>,
): EnginesBy {
  const found = new Map<string, number[]>();
  for (const place of among) {
    const engine = engines[place];
    const key = engine === undefined ? null : keyOf(engine);
    if (key === null) continue;
    const list = found.get(key);
    if (list === undefined) found.set(key, [place]);
    else list.push(place);
  }
  // What grew has room for sixteen more.
  for (const [key, list] of found) found.set(key, list.slice());
  return found;
}

export function modelKey(namespace: string, model: string): string {
  return `${namespace}\0${model}`;
}

function keyOfModel({ namespace, model }: Engine): string {
  return modelKey(namespace, model);
}

/** Whom a series is of: the same for all engines of a pod, and told from pods of that name elsewhere by the labels `keys`. */
export function podKeyOf(
  { namespace, model, pod, metric }: Pick<Engine, 'namespace' | 'model' | 'pod' | 'metric'>,
  keys: Tables['keys'],
): string {
  return [namespace, model, pod, ...keys.map((name) => labelOf(metric, name))].join('\0');
}

/** Whether two lists of matchLabels keys, each sorted, are the same. */
export function sameKeys(a: Tables['keys'], b: Tables['keys']): boolean {
  return a === b || (a.length === b.length && a.every((name, index) => name === b[index]));
}

/** Whether two series are of one engine of one pod, as a fleet sees them. */
export function isSameEngine({ engines }: Roster, a: number, b: number): boolean {
  const [one, other] = [engines[a], engines[b]];
  return one !== undefined && one.pod === other?.pod && one.engine === other.engine;
}

function identify(metric: Metric, { labels, keys }: Pick<Tables, 'labels' | 'keys'>): Engine {
  const namespace = labelOf(metric, labels.namespace);
  const model = labelOf(metric, labels.model_name);
  const pod = labelOf(metric, labels.pod);
  const engine = labelOf(metric, labels.engine);
  const server = labelOf(metric, 'server');
  const ofPod = podKeyOf({ namespace, model, pod, metric }, keys);
  const leftOut = server !== '' ? 'router' : pod === '' ? 'podless' : null;
  const key = [ofPod, engine, server].join('\0');
  // A part of the key, which costs no text of its own.
  const podKey = key.slice(0, ofPod.length);
  return { key, podKey, namespace, model, pod, engine, leftOut, metric };
}

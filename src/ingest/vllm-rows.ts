import { labelOf, type Metric, type Vector } from './points.ts';
import {
  FINISHED,
  FIRST_TOKEN_COUNT,
  FIRST_TOKEN_SECONDS,
  GPU_CACHE,
  KV_CACHE,
  REJECTED,
  RUNNING,
  WAITING,
} from './queries.ts';
import { counted } from './slices.ts';
import type { Tables } from './tables.ts';

const FIELDS = [
  'running',
  'waiting',
  'kvCache',
  'gpuCache',
  'finished',
  'rejected',
  'firstTokenSeconds',
  'firstTokenCount',
] as const;
type Field = (typeof FIELDS)[number];

/** Numbers of an engine, in the order of FIELDS. */
export const WIDTH = FIELDS.length;
/** Where each of them is. */
export const FIELD = Object.fromEntries(FIELDS.map((field, place) => [field, place])) as {
  readonly [field in Field]: number;
};

const SPELLINGS = {
  running: RUNNING,
  waiting: WAITING,
  kvCache: KV_CACHE,
  gpuCache: GPU_CACHE,
  finished: FINISHED,
  rejected: REJECTED,
  firstTokenSeconds: FIRST_TOKEN_SECONDS,
  firstTokenCount: FIRST_TOKEN_COUNT,
} satisfies Record<Field, readonly string[]>;

const FIELD_OF: ReadonlyMap<string, number> = new Map(
  FIELDS.flatMap((field) => SPELLINGS[field].map((name) => [name, FIELD[field]] as const)),
);

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

/** What the series of an instant are of. The same object from one instant to the next as long as the series stay the same. */
export interface Layout {
  readonly labels: Tables['labels'];
  readonly keys: Tables['keys'];
  readonly gauges: Places;
  readonly counters: Places;
  readonly stamps: Places;
  readonly engines: readonly Engine[];
  /** By namespace and model, which is what a fleet selects from. */
  readonly ofModel: EnginesBy;
  /** Of these, who counts for nobody; mostly none. */
  readonly leftOut: EnginesBy;
  /** Engines of a model by the values of labels that fleets ask for, sorted when the first one asks. */
  readonly byLabels: Map<string, EnginesBy>;
  /** The first engine of each pod but of those without a name. */
  readonly pods: readonly Engine[];
  /** By engine, its place in `pods`; -1 for none. */
  readonly podOf: Int32Array;
  /** Places in `pods` and in `engines` by their keys. */
  readonly podAt: ReadonlyMap<string, number>;
  readonly engineAt: ReadonlyMap<string, number>;
}

/** Where a table's values go, series by series; -1 for nowhere. */
interface Places {
  readonly metrics: readonly Metric[];
  /** The engine's place times WIDTH, and the field; of stamps the engine's place. */
  readonly cells: Int32Array;
}

/** What the engines of a layout say at one instant. */
export interface Rows {
  readonly layout: Layout;
  /** WIDTH numbers an engine; NaN for what it does not report. */
  readonly values: Float64Array;
  /** Epoch ms of the newest sample behind an engine's gauges; NaN where it is not known. */
  readonly observedAt: Float64Array;
}

export function modelKey(namespace: string, model: string): string {
  return `${namespace}\0${model}`;
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

/** Sorts the series of a cycle by engine, in steps; of several series with one meaning the largest value counts, once. */
export function* readRows(tables: Tables, before: Layout | null): Generator<void, Rows> {
  const layout = before !== null && fits(before, tables) ? before : yield* layOut(tables, before);
  const values = new Float64Array(layout.engines.length * WIDTH).fill(Number.NaN);
  const observedAt = new Float64Array(layout.engines.length).fill(Number.NaN);
  for (const [{ cells }, vector] of [
    [layout.gauges, tables.gauges],
    [layout.counters, tables.counters],
  ] as const)
    yield* counted(cells.length, (series) => {
      const cell = cells[series] ?? -1;
      const value = vector.values[series] ?? Number.NaN;
      // A count below zero is nonsense, and would cancel another pod's requests.
      if (cell >= 0 && value >= 0 && !((values[cell] ?? Number.NaN) >= value)) values[cell] = value;
    });
  const { cells } = layout.stamps;
  yield* counted(cells.length, (series) => {
    const engine = cells[series] ?? -1;
    const time = Math.round((tables.stamps.values[series] ?? Number.NaN) * 1000);
    if (engine < 0 || Number.isNaN(time) || (observedAt[engine] ?? Number.NaN) >= time) return;
    observedAt[engine] = time;
  });
  return { layout, values, observedAt };
}

/** Whether an engine says anything at all. */
export function isThere({ values }: Rows, engine: number): boolean {
  for (let cell = engine * WIDTH; cell < (engine + 1) * WIDTH; cell++)
    if (!Number.isNaN(values[cell])) return true;
  return false;
}

/** Whether two series are of one engine of one pod, as a fleet sees them. */
export function isSameEngine({ engines }: Layout, a: number, b: number): boolean {
  const [one, other] = [engines[a], engines[b]];
  return one !== undefined && one.pod === other?.pod && one.engine === other.engine;
}

function fits(layout: Layout, { labels, keys, gauges, counters, stamps }: Tables): boolean {
  const sameSeries =
    layout.gauges.metrics === gauges.metrics &&
    layout.counters.metrics === counters.metrics &&
    layout.stamps.metrics === stamps.metrics;
  return sameSeries && layout.labels === labels && sameKeys(layout.keys, keys);
}

function* layOut(tables: Tables, before: Layout | null): Generator<void, Layout> {
  const { labels, keys } = tables;
  const isAlike = before !== null && before.labels === labels && sameKeys(before.keys, keys);
  const known = isAlike ? yield* enginesBySeries(before) : new Map<Metric, Engine>();
  const engines: Engine[] = [];
  const engineAt = new Map<string, number>();
  const engineOf = (metric: Metric): Engine => known.get(metric) ?? identify(metric, tables);

  function* valuePlaces({ metrics }: Vector): Generator<void, Places> {
    const cells = new Int32Array(metrics.length).fill(-1);
    yield* counted(metrics.length, (series) => {
      const metric = metrics[series] ?? {};
      const field = FIELD_OF.get(labelOf(metric, '__name__'));
      if (field === undefined) return;
      const engine = engineOf(metric);
      let at = engineAt.get(engine.key);
      if (at === undefined) {
        at = engines.push(engine) - 1;
        engineAt.set(engine.key, at);
      }
      cells[series] = at * WIDTH + field;
    });
    return { metrics, cells };
  }

  function* stampPlaces({ metrics }: Vector): Generator<void, Places> {
    const cells = new Int32Array(metrics.length);
    yield* counted(metrics.length, (series) => {
      cells[series] = engineAt.get(engineOf(metrics[series] ?? {}).key) ?? -1;
    });
    return { metrics, cells };
  }

  const gauges = yield* valuePlaces(tables.gauges);
  const counters = yield* valuePlaces(tables.counters);
  const stamps = yield* stampPlaces(tables.stamps);
  const { pods, podOf, podAt } = podsOf(engines);
  yield;
  const ofModel = placesBy(engines, keyOfModel);
  yield;
  const leftOut = placesBy(engines, (engine) => (engine.leftOut === null ? null : keyOfModel(engine)));
  return {
    labels,
    keys,
    gauges,
    counters,
    stamps,
    engines,
    ofModel,
    leftOut,
    byLabels: new Map(),
    pods,
    podOf,
    podAt,
    engineAt,
  };
}

function keyOfModel({ namespace, model }: Engine): string {
  return modelKey(namespace, model);
}

function podsOf(engines: readonly Engine[]): Pick<Layout, 'pods' | 'podOf' | 'podAt'> {
  const pods: Engine[] = [];
  const podAt = new Map<string, number>();
  const podOf = new Int32Array(engines.length).fill(-1);
  for (const [place, engine] of engines.entries()) {
    if (engine.leftOut === 'podless') continue;
    let pod = podAt.get(engine.podKey);
    if (pod === undefined) {
      pod = pods.length;
      pods.push(engine);
      podAt.set(engine.podKey, pod);
    }
    podOf[place] = pod;
  }
  return { pods, podOf, podAt };
}

/** Places of engines by a key; null: nowhere. */
export function placesBy(
  engines: readonly Engine[],
  keyOf: (engine: Engine) => string | null,
  among: Iterable<number> = engines.keys(),
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

/** Whose each series of a layout is, so that where few came or went most need not be told again. */
function* enginesBySeries({
  gauges,
  counters,
  stamps,
  engines,
}: Layout): Generator<void, Map<Metric, Engine>> {
  const known = new Map<Metric, Engine>();
  for (const [{ metrics, cells }, width] of [
    [gauges, WIDTH],
    [counters, WIDTH],
    [stamps, 1],
  ] as const)
    yield* counted(cells.length, (series) => {
      const [metric, engine] = [metrics[series], engines[Math.floor((cells[series] ?? -1) / width)]];
      if (metric !== undefined && engine !== undefined) known.set(metric, engine);
    });
  return known;
}

function identify(metric: Metric, { labels, keys }: Tables): Engine {
  const namespace = labelOf(metric, labels.namespace);
  const model = labelOf(metric, labels.model_name);
  const pod = labelOf(metric, labels.pod);
  const engine = labelOf(metric, labels.engine);
  const server = labelOf(metric, 'server');
  const podKey = podKeyOf({ namespace, model, pod, metric }, keys);
  const leftOut = server !== '' ? 'router' : pod === '' ? 'podless' : null;
  const key = `${podKey}\0${engine}\0${server}`;
  return { key, podKey, namespace, model, pod, engine, leftOut, metric };
}

import { labelOf, type Metric } from './points.ts';
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
import { strided } from './slices.ts';
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
export type Field = (typeof FIELDS)[number];

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

const FIELD_OF: ReadonlyMap<string, Field> = new Map(
  FIELDS.flatMap((field) => SPELLINGS[field].map((name) => [name, field] as const)),
);

/** Whose a series is, as far as the labels in use tell. */
interface Identity {
  readonly key: string;
  /** The same without the engine: all engines of a pod come from one scrape. */
  readonly podKey: string;
  /** modelKey of the two that follow. */
  readonly ofModel: string;
  readonly namespace: string;
  readonly model: string;
  readonly pod: string;
  readonly engine: string;
  /** Why the row is counted for nobody (or, with `server`, only where matchLabels ask for that label). */
  readonly leftOut: 'router' | 'podless' | null;
}

/** What one engine of a pod says; a field that it does not report is undefined. */
export interface EngineRow extends Identity {
  /** All labels of the first series seen, which matchLabels look at. */
  readonly metric: Metric;
  /** Epoch ms of the newest sample behind the gauges. */
  observedAt?: number;
  values: { [field in Field]?: number };
}

/** Rows of a namespace and model, which is what a fleet selects from. */
export type RowsByModel = ReadonlyMap<string, readonly EngineRow[]>;

export function modelKey(namespace: string, model: string): string {
  return `${namespace}\0${model}`;
}

/** Whom a series is of: the same for all engines of a pod, and told from pods of that name elsewhere by the labels `keys`. */
export function podKeyOf(
  { namespace, model, pod, metric }: Pick<EngineRow, 'namespace' | 'model' | 'pod' | 'metric'>,
  keys: Tables['keys'],
): string {
  return [namespace, model, pod, ...keys.map((name) => labelOf(metric, name))].join('\0');
}

/** Whether two lists of matchLabels keys, each sorted, are the same. */
export function sameKeys(a: Tables['keys'], b: Tables['keys']): boolean {
  return a === b || (a.length === b.length && a.every((name, index) => name === b[index]));
}

/** Sorts the series of a cycle by engine, in steps; of several series with one meaning the largest value counts, once. */
export function* readRows(tables: Tables): Generator<void, RowsByModel> {
  const rows = new Map<string, EngineRow>();
  const identityOf = identifier(tables);
  for (const points of [tables.gauges, tables.counters]) {
    yield* strided(points, ({ metric, value }) => {
      const { field, identity } = identityOf(metric);
      // A count below zero is nonsense, and would cancel another pod's requests.
      if (field === undefined || !(value >= 0)) return;
      const { values } = rowFor(rows, metric, identity);
      const known = values[field];
      if (known === undefined || known < value) values[field] = value;
    });
  }
  yield* strided(tables.stamps, ({ metric, value }) => {
    const row = rows.get(identityOf(metric).identity.key);
    if (row) row.observedAt = Math.max(row.observedAt ?? 0, Math.round(value * 1000));
  });
  return byModel(rows.values());
}

function byModel(rows: Iterable<EngineRow>): RowsByModel {
  const models = new Map<string, EngineRow[]>();
  for (const row of rows) {
    const list = models.get(row.ofModel);
    if (list) list.push(row);
    else models.set(row.ofModel, [row]);
  }
  return models;
}

function rowFor(rows: Map<string, EngineRow>, metric: Metric, identity: Identity): EngineRow {
  const known = rows.get(identity.key);
  if (known) return known;
  const { key, podKey, ofModel, namespace, model, pod, engine, leftOut } = identity;
  const row: EngineRow = { key, podKey, ofModel, namespace, model, pod, engine, leftOut, metric, values: {} };
  rows.set(key, row);
  return row;
}

/** What a series is, by the labels and keys in use when it was told. */
interface Identified {
  readonly labels: Tables['labels'];
  readonly keys: Tables['keys'];
  readonly identity: Identity;
  readonly field: Field | undefined;
}

/** As perObject, but told anew when labels or keys are others. */
const identified = new WeakMap<Metric, Identified>();

function identifier({ labels, keys }: Tables): (metric: Metric) => Identified {
  // The series of one engine share theirs.
  const fresh = new Map<string, Identity>();
  return (metric) => {
    const known = identified.get(metric);
    if (known?.labels === labels && known.keys === keys) return known;
    const made = identify(metric, labels, keys);
    const identity = fresh.get(made.key) ?? made;
    fresh.set(identity.key, identity);
    const all = { labels, keys, identity, field: FIELD_OF.get(labelOf(metric, '__name__')) };
    identified.set(metric, all);
    return all;
  };
}

function identify(metric: Metric, labels: Tables['labels'], keys: Tables['keys']): Identity {
  const namespace = labelOf(metric, labels.namespace);
  const model = labelOf(metric, labels.model_name);
  const pod = labelOf(metric, labels.pod);
  const engine = labelOf(metric, labels.engine);
  const server = labelOf(metric, 'server');
  const ofModel = modelKey(namespace, model);
  const podKey = podKeyOf({ namespace, model, pod, metric }, keys);
  const leftOut = server !== '' ? 'router' : pod === '' ? 'podless' : null;
  return { key: `${podKey}\0${engine}\0${server}`, podKey, ofModel, namespace, model, pod, engine, leftOut };
}

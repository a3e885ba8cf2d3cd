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

/** What one engine of a pod says; a field that it does not report is undefined. */
export interface EngineRow {
  readonly key: string;
  /** The same without the engine: all engines of a pod come from one scrape. */
  readonly podKey: string;
  readonly namespace: string;
  readonly model: string;
  readonly pod: string;
  readonly engine: string;
  /** All labels of the first series seen, which matchLabels look at. */
  readonly metric: Metric;
  /** Why the row is counted for nobody (or, with `server`, only where matchLabels ask for that label). */
  readonly leftOut: 'router' | 'podless' | null;
  /** Epoch ms of the newest sample behind the gauges. */
  observedAt?: number;
  values: { [field in Field]?: number };
}

/** Rows of a namespace and model, which is what a fleet selects from. */
export type RowsByModel = ReadonlyMap<string, readonly EngineRow[]>;

export function modelKey(namespace: string, model: string): string {
  return `${namespace}\0${model}`;
}

/** Sorts the series of a cycle by engine, in steps; of several series with one meaning the largest value counts, once. */
export function* readRows(tables: Tables): Generator<void, RowsByModel> {
  const rows = new Map<string, EngineRow>();
  for (const points of [tables.gauges, tables.counters]) {
    yield* strided(points, ({ metric, value }) => {
      const field = FIELD_OF.get(labelOf(metric, '__name__'));
      // A count below zero is nonsense, and would cancel another pod's requests.
      if (field === undefined || !(value >= 0)) return;
      const { values } = rowFor(rows, metric, tables);
      values[field] = Math.max(values[field] ?? 0, value);
    });
  }
  yield* strided(tables.stamps, ({ metric, value }) => {
    const row = rows.get(rowKey(metric, tables));
    if (row) row.observedAt = Math.max(row.observedAt ?? 0, Math.round(value * 1000));
  });
  return byModel(rows.values());
}

function byModel(rows: Iterable<EngineRow>): RowsByModel {
  const models = new Map<string, EngineRow[]>();
  for (const row of rows) {
    const key = modelKey(row.namespace, row.model);
    const list = models.get(key);
    if (list) list.push(row);
    else models.set(key, [row]);
  }
  return models;
}

function rowFor(rows: Map<string, EngineRow>, metric: Metric, tables: Tables): EngineRow {
  const key = rowKey(metric, tables);
  const known = rows.get(key);
  if (known) return known;
  const { labels } = tables;
  const pod = labelOf(metric, labels.pod);
  const row: EngineRow = {
    key,
    podKey: identity(metric, tables, labels.pod),
    namespace: labelOf(metric, labels.namespace),
    model: labelOf(metric, labels.model_name),
    pod,
    engine: labelOf(metric, labels.engine),
    metric,
    leftOut: labelOf(metric, 'server') !== '' ? 'router' : pod === '' ? 'podless' : null,
    values: {},
  };
  rows.set(key, row);
  return row;
}

/** The series' identity but for its name: what one engine is, as far as the labels in use tell. */
function rowKey(metric: Metric, tables: Tables): string {
  const { pod, engine } = tables.labels;
  return `${identity(metric, tables, pod)}\0${labelOf(metric, engine)}\0${labelOf(metric, 'server')}`;
}

function identity(metric: Metric, { labels, keys }: Tables, pod: string): string {
  let key = `${labelOf(metric, labels.namespace)}\0${labelOf(metric, labels.model_name)}\0${labelOf(metric, pod)}`;
  for (const name of keys) key += `\0${labelOf(metric, name)}`;
  return key;
}

import { isMostlyGone, type Places, placesOf } from './places.ts';
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
import { emptyRoster, Newcomers, type Roster, sameKeys } from './roster.ts';
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

/** Whose the series of an instant are. The same object from one instant to the next as long as the series stay the same. */
export interface Layout {
  readonly roster: Roster;
  /** WIDTH cells an engine. */
  readonly gauges: Places;
  readonly counters: Places;
  /** One cell an engine. */
  readonly stamps: Places;
}

/** What the engines of a layout say at one instant. */
export interface Rows {
  readonly layout: Layout;
  /** WIDTH numbers an engine; NaN for what it does not report. */
  readonly values: Float64Array;
  /** Epoch ms of the newest sample behind an engine's gauges; NaN where it is not known. */
  readonly observedAt: Float64Array;
}

/** Sorts the series of a cycle by engine, in steps; of several series with one meaning the largest value counts, once. */
export function* readRows(tables: Tables, before: Layout | null): Generator<void, Rows> {
  const layout = before !== null && fits(before, tables) ? before : yield* layOut(tables, before);
  const count = layout.roster.engines.length;
  const values = new Float64Array(count * WIDTH).fill(Number.NaN);
  const observedAt = new Float64Array(count).fill(Number.NaN);
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

function fits({ roster, ...layout }: Layout, { labels, keys, gauges, counters, stamps }: Tables): boolean {
  const sameSeries =
    layout.gauges.metrics === gauges.metrics &&
    layout.counters.metrics === counters.metrics &&
    layout.stamps.metrics === stamps.metrics;
  return sameSeries && isToldBy(roster, { labels, keys });
}

function isToldBy(roster: Roster, { labels, keys }: Pick<Tables, 'labels' | 'keys'>): boolean {
  return roster.labels === labels && sameKeys(roster.keys, keys);
}

/** Carries the layout before on, so that what follows from who is there holds for all that neither came nor went. */
function* layOut(tables: Tables, before: Layout | null): Generator<void, Layout> {
  const old = before !== null && isToldBy(before.roster, tables) ? before : null;
  const newcomers = new Newcomers(old?.roster ?? emptyRoster(tables));
  const cellOf = (metric: Metric): number => {
    const field = FIELD_OF.get(labelOf(metric, '__name__'));
    return field === undefined ? -1 : newcomers.place(metric) * WIDTH + field;
  };
  const gauges = yield* placesOf(tables.gauges.metrics, old?.gauges, cellOf);
  const counters = yield* placesOf(tables.counters.metrics, old?.counters, cellOf);
  // Last, when all are there who have a value.
  const stamps = yield* placesOf(tables.stamps.metrics, old?.stamps, (metric) => newcomers.find(metric));
  const roster = yield* newcomers.join();
  if (old !== null && isMostlyGone(roster.engines.length, WIDTH, gauges, counters))
    return yield* layOut(tables, null);
  return { roster, gauges, counters, stamps };
}

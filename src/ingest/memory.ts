import { arrivedBetween, type EngineCount } from '../core/conservation.ts';
import { labelOf, type Metric } from './points.ts';
import { YOUNG_STORE } from './queries.ts';
import { strided } from './slices.ts';
import type { Tables } from './tables.ts';
import { type EngineRow, type Field, modelKey, podKeyOf, type RowsByModel, sameKeys } from './vllm-rows.ts';

/** How long a pod that reported and is scraped in vain still counts as missing (law 4). */
export const MISSING_FOR = 600_000;

/** A pod that reported a model: when last, and with which labels. */
export interface SeenPod {
  readonly namespace: string;
  readonly model: string;
  readonly pod: string;
  readonly metric: Metric;
  /** matchLabels keys by which it was told from others then. */
  readonly keys: readonly string[];
  /** Epoch ms of its newest sample. */
  readonly lastReport: number;
  /** The store was emptied, or down, since: that its `up` is gone says nothing until it reports again. */
  readonly lostByStore: boolean;
}

/** What one instant tells the next. Rebuilt from history like all state. */
export interface Memory {
  readonly pods: ReadonlyMap<string, SeenPod>;
  readonly counters: ReadonlyMap<string, EngineRow['values']>;
  /** Instants were not read since: who is not there now may have been lost with the store. */
  readonly interrupted: boolean;
}

export const EMPTY_MEMORY: Memory = { pods: new Map(), counters: new Map(), interrupted: false };

/** Pods that reported a model within 10 minutes, do not now, and have not gone: by namespace and model. */
export type MissingByModel = ReadonlyMap<string, readonly SeenPod[]>;

/**
 * Growth of an engine's counters since the instant before; fields without a value before are left out. `arrived`: requests
 * that came, by conservation; `arrivedOver`: milliseconds between the two scrapes, where there was a new one.
 */
export type Growth = EngineRow['values'] & { arrived?: number; arrivedOver?: number };
export type Increases = ReadonlyMap<string, Growth>;

const COUNTED = ['finished', 'rejected', 'firstTokenSeconds', 'firstTokenCount'] as const satisfies Field[];

/** What an instant's rows say by themselves, against the memory of the one before. */
export interface Reported {
  readonly pods: Map<string, SeenPod>;
  /** Keys of pods of which only old samples are left. */
  readonly present: ReadonlySet<string>;
  readonly counters: ReadonlyMap<string, EngineRow['values']>;
  readonly increases: Increases;
  /** Pods that reported before and do not now: whether they are missing or gone their `up` tells. */
  readonly silent: readonly (readonly [key: string, pod: SeenPod])[];
}

/**
 * Who reports now, who does no longer, and what the counters grew by. `keys` are those that the rows are kept apart by,
 * `fresh` says whether a row's sample is young enough.
 */
export function* report(
  memory: Memory,
  rows: RowsByModel,
  keys: readonly string[],
  fresh: (row: EngineRow) => boolean,
): Generator<void, Reported> {
  const pods = new Map<string, SeenPod>();
  const present = new Set<string>();
  const counters = new Map<string, EngineRow['values']>();
  const increases = new Map<string, Growth>();
  const before = podsBefore(memory, keys);
  const renamed = new Set<string>();
  yield* strided(flat(rows.values()), (row) => {
    if (row.leftOut === 'podless') return;
    const was = before(row);
    countUp(row, memory, was, counters, increases);
    if (row.values.running === undefined && row.values.waiting === undefined) return;
    if (fresh(row)) {
      pods.set(row.podKey, laterOf(pods.get(row.podKey), seenPod(row, keys, was.seen)));
      if (was.podKey !== row.podKey) renamed.add(was.podKey);
    } else present.add(row.podKey).add(was.podKey);
  });
  const silent: (readonly [string, SeenPod])[] = [];
  yield* strided(memory.pods, (entry) => {
    if (!pods.has(entry[0]) && !renamed.has(entry[0])) silent.push(entry);
  });
  return { pods, present, counters, increases, silent };
}

/** A pod as the memory has it, and under which key. */
interface Before {
  readonly podKey: string;
  readonly seen: SeenPod | undefined;
}

/**
 * Finds the pod of a row in the memory. Where fleets began or ceased to ask for a label, or history was read for few of them, a pod is
 * there under other keys than the row has: it is then the one that says the same of the labels that both have.
 */
function podsBefore({ pods }: Memory, keys: readonly string[]): (row: EngineRow) => Before {
  const others = new Map<
    string,
    { readonly common: readonly string[]; readonly known: Map<string, Before> }
  >();
  for (const [podKey, seen] of pods) {
    if (sameKeys(seen.keys, keys)) continue;
    const id = seen.keys.join('\0');
    let other = others.get(id);
    if (other === undefined) {
      other = { common: keys.filter((name) => seen.keys.includes(name)), known: new Map() };
      others.set(id, other);
    }
    const place = podKeyOf(seen, other.common);
    const rival = other.known.get(place)?.seen;
    if (laterOf(rival, seen) === seen) other.known.set(place, { podKey, seen });
  }
  return (row) => {
    const seen = pods.get(row.podKey);
    if (seen !== undefined || others.size === 0) return { podKey: row.podKey, seen };
    for (const { common, known } of others.values()) {
      const found = known.get(podKeyOf(row, common));
      if (found !== undefined) return found;
    }
    return { podKey: row.podKey, seen: undefined };
  };
}

/** The memory after an instant, and who is missing at it. */
export function* remember(
  { interrupted }: Memory,
  reported: Reported,
  tables: Tables,
): Generator<void, { memory: Memory; missing: MissingByModel }> {
  const { pods, counters } = reported;
  const missing = yield* keepMissing(reported, tables, interrupted);
  return { memory: { pods, counters, interrupted: false }, missing };
}

/** The two memories' knowledge together: what a range read back, and what was seen live meanwhile. */
export function mergeMemories(past: Memory, live: Memory): Memory {
  const pods = new Map(past.pods);
  for (const [key, seen] of live.pods) pods.set(key, laterOf(pods.get(key), seen));
  const counters = new Map([...past.counters, ...live.counters]);
  return { pods, counters, interrupted: live.interrupted };
}

/** Adds to `pods` the silent ones that are not gone, and returns them. */
function* keepMissing(
  { pods, present, silent }: Reported,
  tables: Tables,
  interrupted: boolean,
): Generator<void, MissingByModel> {
  const missing = new Map<string, SeenPod[]>();
  if (silent.length === 0) return missing;
  const scraped = yield* scrapedPods(tables);
  // Nothing at all is scraped any more, or, after an interruption, only just again: that a pod's `up` is gone says nothing.
  const filling = tables.up.length === 0 || isYoung(tables);
  const lost = tables.up.length === 0 || (interrupted && filling);
  for (const [key, seen] of silent) {
    const lostByStore = seen.lostByStore || lost;
    // The store may have been down for longer than that; how long its pods did not report counts once it is filled.
    const ended = tables.evaluatedAt - seen.lastReport >= MISSING_FOR;
    if (ended && !(lostByStore && filling)) continue;
    if (!lostByStore && !present.has(key) && !scraped.has(modelKey(seen.namespace, seen.pod))) continue;
    const kept = { ...seen, lostByStore };
    pods.set(key, kept);
    const list = missing.get(modelKey(seen.namespace, seen.model));
    if (list) list.push(kept);
    else missing.set(modelKey(seen.namespace, seen.model), [kept]);
  }
  return missing;
}

function isYoung({ up }: Tables): boolean {
  return up.some(({ metric }) => labelOf(metric, YOUNG_STORE.label) === YOUNG_STORE.value);
}

function* scrapedPods({ up, labels }: Tables): Generator<void, ReadonlySet<string>> {
  const scraped = new Set<string>();
  yield* strided(up, ({ metric }) => {
    scraped.add(modelKey(labelOf(metric, labels.namespace), labelOf(metric, labels.pod)));
  });
  return scraped;
}

function* flat<T>(lists: Iterable<readonly T[]>): Generator<T> {
  for (const list of lists) yield* list;
}

function seenPod(row: EngineRow, keys: readonly string[], before: SeenPod | undefined): SeenPod {
  const { namespace, model, pod, metric } = row;
  const lastReport = Math.max(row.observedAt ?? 0, before?.lastReport ?? 0);
  return { namespace, model, pod, metric, keys, lastReport, lostByStore: false };
}

function laterOf(a: SeenPod | undefined, b: SeenPod): SeenPod {
  return a && a.lastReport > b.lastReport ? a : b;
}

function countUp(
  row: EngineRow,
  memory: Memory,
  was: Before,
  counters: Map<string, EngineRow['values']>,
  increases: Map<string, Growth>,
): void {
  if (!COUNTED.some((field) => row.values[field] !== undefined)) return;
  counters.set(row.key, row.values);
  const sameKey = was.podKey === row.podKey;
  const before = memory.counters.get(sameKey ? row.key : was.podKey + row.key.slice(row.podKey.length));
  if (!before) {
    const ongoing = newcomers(row, was, memory);
    if (ongoing !== undefined) increases.set(row.key, { arrived: ongoing });
    return;
  }
  const grown: Growth = {};
  for (const field of COUNTED) {
    const now = row.values[field];
    const then = before[field];
    if (now === undefined || then === undefined) continue;
    // A counter that fell began anew at 0 with its process.
    grown[field] = now >= then ? now - then : now;
  }
  addArrivals(grown, row, { before, was }, memory);
  increases.set(row.key, grown);
}

/**
 * What is there of a pod that was never seen came since; what it finished before its first scrape is not counted, for its
 * counter may be old. Undefined where the pod may only have been out of sight: then it is not known what came.
 */
function newcomers(
  { values }: EngineRow,
  { seen }: Before,
  { pods, interrupted }: Memory,
): number | undefined {
  if (interrupted || pods.size === 0 || seen !== undefined) return undefined;
  return values.finished === undefined ? undefined : countOf(values)?.ongoing;
}

function addArrivals(
  grown: Growth,
  row: EngineRow,
  { before, was }: { readonly before: EngineRow['values']; readonly was: Before },
  memory: Memory,
): void {
  const [then, now] = [countOf(before), countOf(row.values)];
  // After instants that were not read it is not known over how long what is new came.
  if (memory.interrupted || then === undefined || now === undefined) return;
  grown.arrived = arrivedBetween(then, now);
  const over = (row.observedAt ?? 0) - (was.seen?.lastReport ?? Number.POSITIVE_INFINITY);
  if (over > 0) grown.arrivedOver = over;
}

function countOf({ running, waiting, finished, rejected }: EngineRow['values']): EngineCount | undefined {
  if (running === undefined || waiting === undefined || finished === undefined) return undefined;
  return { finished, rejected: rejected ?? 0, ongoing: running + waiting };
}

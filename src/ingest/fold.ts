import { formatDuration } from '../core/duration.ts';
import type { FleetId } from '../core/fleet.ts';
import { perObject } from '../core/per-object.ts';
import { absentSample, type Sample } from '../core/sample.ts';
import { GREW, GROWN_WIDTH } from './growth.ts';
import { type Instant, isFresh } from './instant.ts';
import { hasGauges, MISSING_FOR } from './memory.ts';
import { fleetNotes, gatewayCount, queryValue } from './notes.ts';
import { labelOf, larger, type Metric } from './points.ts';
import { replicaFacts } from './replica-facts.ts';
import { type EnginesBy, isSameEngine, modelKey, placesBy, type Roster } from './roster.ts';
import type { FleetQuery } from './source.ts';
import { FIELD, WIDTH } from './vllm-rows.ts';

/**
 * One engine of a pod after its duplicates were put together: its numbers are those of an instant's columns from a place on, or of
 * columns of its own.
 */
interface EngineNow {
  readonly values: Float64Array;
  readonly at: number;
  readonly increases: Float64Array | null;
  readonly grownAt: number;
  /** Epoch ms; NaN where it is not known. */
  readonly observedAt: number;
  readonly fresh: boolean;
}

/** A pod of the fleet. Its engines come from one scrape. */
interface PodNow {
  readonly name: string;
  readonly engines: EngineNow[];
  /** All of them are. */
  fresh: boolean;
}

const NO_PODS: readonly string[] = [];
const NO_ROWS: readonly number[] = [];

/**
 * A fleet's sample from an instant: its series are those of its namespace and model with exactly its matchLabels. A
 * pod counts once, however often it was scraped, and only when all its engines are fresh (they come from one scrape);
 * else it is missing.
 */
export function sampleFrom(instant: Instant, fleet: FleetQuery): Sample {
  const rows = rowsOf(instant.rows.layout.roster, fleet.id);
  const pods = podsNow(rows, instant);
  const missing = missingPods(instant, fleet, pods);
  const notes = fleetNotes(instant, fleet, rows);
  const fresh = pods.every(isFreshPod) ? pods : pods.filter(isFreshPod);
  if (fresh.length === 0) return withoutValues(instant, fleet, pods, missing, notes);
  const engines = enginesOf(fresh);
  return {
    at: instant.at,
    presence: 'fresh',
    why: null,
    observedAt: newest(engines),
    running: total(engines, FIELD.running, valueAt),
    waiting: total(engines, FIELD.waiting, valueAt),
    kvCacheUsage: total(fresh, FIELD.kvCache, cacheUsage),
    finished: total(engines, GREW.finished, grownAt),
    rejected: total(engines, GREW.rejected, grownAt),
    firstTokenSeconds: total(engines, GREW.firstTokenSeconds, grownAt),
    firstTokenCount: total(engines, GREW.firstTokenCount, grownAt),
    arrived: arrivals(engines, missing),
    arrivedOver: arrivedOver(engines),
    gateway: gatewayCount(instant, fleet).value,
    query: queryValue(instant, fleet).value,
    reporting: fresh.length,
    missing,
    replicas: replicaFacts(instant.kube, fleet, fresh.length),
    notes,
  };
}

/** Running requests of the fleet's pods that report afresh, by name. */
export function runningByPod(instant: Instant, fleet: FleetQuery): ReadonlyMap<string, number> {
  const running = new Map<string, number>();
  for (const { name, engines, fresh } of podsNow(rowsOf(instant.rows.layout.roster, fleet.id), instant)) {
    if (fresh) running.set(name, total(engines, FIELD.running, valueAt) ?? 0);
  }
  return running;
}

/** A fleet's engines: places in the last roster that was asked for, and the list of its model that they are of. */
interface Selection {
  roster: Roster | null;
  of: readonly number[];
  rows: readonly number[];
}

const selectionOf = perObject((_: FleetId): Selection => ({ roster: null, of: NO_ROWS, rows: NO_ROWS }));

/**
 * Places of a fleet's engines, those of one pod side by side, and in it those of one engine. Found once as long as none joins its
 * namespace and model: many fleets may share one model and differ by a label only.
 */
function rowsOf(roster: Roster, id: FleetId): readonly number[] {
  const selection = selectionOf(id);
  if (selection.roster === roster) return selection.rows;
  const all = roster.ofModel.get(modelKey(id.namespace, id.model)) ?? NO_ROWS;
  if (selection.of !== all) selection.rows = select(roster, all, id.matchLabels);
  selection.roster = roster;
  selection.of = all;
  return selection.rows;
}

function select(
  { engines }: Roster,
  all: readonly number[],
  matchLabels: FleetId['matchLabels'],
): readonly number[] {
  const name = (place: number): string => `${engines[place]?.pod}\0${engines[place]?.engine}`;
  const found = labelled(engines, all, matchLabels)
    .filter((place) => isCounted(engines[place]?.leftOut ?? null, engines[place]?.pod ?? '', matchLabels))
    .sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : a - b));
  // What was filtered has room for more to come; this is kept.
  return found.slice();
}

/** Engines of a model by the values of labels that fleets ask for, sorted when the first one asks. */
const sortingsOf = perObject((_: readonly number[]) => new Map<string, EnginesBy>());

/** The engines of a model that carry these labels: sorted by those labels once, and not looked through by each fleet. */
function labelled(
  engines: Roster['engines'],
  all: readonly number[],
  matchLabels: FleetId['matchLabels'],
): readonly number[] {
  const names = Object.keys(matchLabels).sort();
  if (names.length === 0 || all.length === 0) return all;
  const sortings = sortingsOf(all);
  const sorting = names.join('\0');
  let sorted = sortings.get(sorting);
  if (sorted === undefined) {
    sorted = placesBy(engines, ({ metric }) => names.map((label) => labelOf(metric, label)).join('\0'), all);
    sortings.set(sorting, sorted);
  }
  return sorted.get(names.map((label) => matchLabels[label]).join('\0')) ?? NO_ROWS;
}

/** A router's series belong to the pods it re-exports, which are read themselves; asked for by label they are meant. */
function isCounted(
  leftOut: 'router' | 'podless' | null,
  pod: string,
  matchLabels: FleetId['matchLabels'],
): boolean {
  if (leftOut === 'router') return pod !== '' && Object.hasOwn(matchLabels, 'server');
  return leftOut === null;
}

export function matches(metric: Metric, fleet: FleetQuery): boolean {
  for (const name in fleet.id.matchLabels) {
    if (labelOf(metric, name) !== fleet.id.matchLabels[name]) return false;
  }
  return true;
}

function podsNow(rows: readonly number[], instant: Instant): readonly PodNow[] {
  const { values } = instant.rows;
  const { roster } = instant.rows.layout;
  const pods: PodNow[] = [];
  let pod: PodNow | undefined;
  let before = -1;
  for (const row of rows) {
    if (!hasGauges(values, row)) continue;
    const engine = engineNow(row, instant);
    const name = roster.engines[row]?.pod ?? '';
    if (pod?.name !== name) {
      pod = { name, engines: [engine], fresh: engine.fresh };
      pods.push(pod);
    } else {
      const twin = isSameEngine(roster, before, row) ? pod.engines.pop() : undefined;
      pod.engines.push(twin === undefined ? engine : together(twin, engine));
      pod.fresh = pod.engines.every(({ fresh }) => fresh);
    }
    before = row;
  }
  return pods;
}

function isFreshPod({ fresh }: PodNow): boolean {
  return fresh;
}

function enginesOf(pods: readonly PodNow[]): readonly EngineNow[] {
  const engines: EngineNow[] = [];
  for (const pod of pods) for (const engine of pod.engines) engines.push(engine);
  return engines;
}

function engineNow(row: number, { rows, tables, staleAfter, increases }: Instant): EngineNow {
  return {
    values: rows.values,
    at: row * WIDTH,
    increases,
    grownAt: row * GROWN_WIDTH,
    observedAt: rows.observedAt[row] ?? Number.NaN,
    fresh: isFresh(rows, row, tables.evaluatedAt, staleAfter),
  };
}

/** Two scrapes of one engine: the fresh one counts, and of two fresh ones the larger of each value. */
function together(a: EngineNow, b: EngineNow): EngineNow {
  if (a.fresh !== b.fresh) return a.fresh ? a : b;
  const values = Float64Array.from({ length: WIDTH }, (_, field) =>
    larger(valueAt(a, field), valueAt(b, field)),
  );
  const increases = Float64Array.from({ length: GROWN_WIDTH }, (_, field) =>
    larger(grownAt(a, field), grownAt(b, field)),
  );
  const observedAt = larger(a.observedAt, b.observedAt);
  return { values, at: 0, increases, grownAt: 0, observedAt, fresh: a.fresh };
}

/** NaN for what is not known. */
function valueAt({ values, at }: EngineNow, field: number): number {
  return values[at + field] ?? Number.NaN;
}

function grownAt({ increases, grownAt: at }: EngineNow, field: number): number {
  return increases === null ? Number.NaN : (increases[at + field] ?? Number.NaN);
}

/** Names of the pods that are scraped in vain: those remembered, and those of which only old samples are left. */
function missingPods(instant: Instant, fleet: FleetQuery, pods: readonly PodNow[]): readonly string[] {
  const remembered =
    instant.missing.size === 0
      ? undefined
      : instant.missing.get(modelKey(fleet.id.namespace, fleet.id.model));
  if (remembered === undefined && pods.every(({ fresh }) => fresh)) return NO_PODS;
  const names = new Set<string>();
  for (const seen of remembered ?? []) if (matches(seen.metric, fleet)) names.add(seen.pod);
  for (const { name, engines, fresh } of pods) {
    if (fresh) names.delete(name);
    else if (instant.tables.evaluatedAt - (newest(engines) ?? 0) < MISSING_FOR) names.add(name);
  }
  return names.size === 0 ? NO_PODS : [...names].sort();
}

/** The share of KV cache in use of a pod: the mean over its engines, each of which has a cache of its own. */
function cacheUsage({ engines }: PodNow): number {
  let sum = 0;
  let count = 0;
  for (const engine of engines) {
    const share = valueAt(engine, FIELD.kvCache);
    const known = Number.isNaN(share) ? valueAt(engine, FIELD.gpuCache) : share;
    if (Number.isNaN(known)) continue;
    sum += known;
    count++;
  }
  return sum / count;
}

/** What came to all pods since the instant before; unknown as soon as it is of one engine, or a pod is missing. */
function arrivals(engines: readonly EngineNow[], missing: readonly string[]): number | null {
  if (missing.length > 0) return null;
  for (const engine of engines) if (Number.isNaN(grownAt(engine, GREW.arrived))) return null;
  return total(engines, GREW.arrived, grownAt);
}

function arrivedOver(engines: readonly EngineNow[]): number | null {
  let over: number | null = null;
  for (const engine of engines) {
    const one = grownAt(engine, GREW.arrivedOver);
    if (!Number.isNaN(one)) over = Math.max(over ?? 0, one);
  }
  return over;
}

/** Sum of what is known; null when nothing is. More than two are sorted, so that fractions add up alike in any order of series. */
function total<T>(
  items: readonly T[],
  field: number,
  value: (item: T, field: number) => number,
): number | null {
  let count = 0;
  let sum = 0;
  for (const item of items) {
    const one = value(item, field);
    if (Number.isNaN(one)) continue;
    count++;
    sum += one;
  }
  if (count <= 2) return count === 0 ? null : sum;
  const known = Float64Array.from(items, (item) => value(item, field)).filter((one) => !Number.isNaN(one));
  return known.sort().reduce((all, one) => all + one, 0);
}

function newest(engines: readonly { readonly observedAt: number }[]): number | null {
  let latest = 0;
  for (const { observedAt } of engines) if (observedAt > latest) latest = observedAt;
  return latest === 0 ? null : latest;
}

function withoutValues(
  instant: Instant,
  fleet: FleetQuery,
  pods: readonly PodNow[],
  missing: readonly string[],
  notes: readonly string[],
): Sample {
  const replicas = replicaFacts(instant.kube, fleet, null);
  const observedAt = newest(pods.flatMap(({ engines }) => engines));
  const stale = pods.length > 0;
  const why = stale ? whyStale(observedAt, instant) : whyAbsent(instant, fleet, missing);
  const { value: query } = queryValue(instant, fleet);
  const { value: gateway } = gatewayCount(instant, fleet);
  const presence = stale ? 'stale' : 'absent';
  return { ...absentSample(instant.at, why, replicas), presence, observedAt, gateway, query, missing, notes };
}

function whyStale(observedAt: number | null, { tables, staleAfter }: Instant): string {
  if (observedAt === null) return 'the age of the samples is unknown';
  const age = tables.evaluatedAt - observedAt;
  const limit = formatDuration(staleAfter);
  return age >= 0
    ? `the newest sample is ${formatDuration(age)} old, more than ${limit}`
    : `the newest sample is ${formatDuration(-age)} in the future, more than ${limit}`;
}

function whyAbsent({ tables }: Instant, fleet: FleetQuery, missing: readonly string[]): string {
  const { namespace, model, matchLabels } = fleet.id;
  const unread = Object.keys(matchLabels).find((name) => !tables.keys.includes(name));
  if (unread !== undefined)
    return `the label ${JSON.stringify(unread)} of matchLabels was not read in this cycle`;
  const labels = Object.entries(matchLabels).map(([name, value]) => `${name}=${value}`);
  const narrowed = labels.length === 0 ? '' : ` with ${labels.join(',')}`;
  const lost = missing.length === 0 ? '' : `; scraped in vain: ${missing.join(', ')}`;
  return `no series of model ${model} in namespace ${namespace}${narrowed}${lost}`;
}

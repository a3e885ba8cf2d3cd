import { formatDuration } from '../core/duration.ts';
import type { FleetId } from '../core/fleet.ts';
import { perObject } from '../core/per-object.ts';
import { absentSample, type Sample } from '../core/sample.ts';
import type { Instant } from './instant.ts';
import { isFresh } from './instant.ts';
import { type Growth, MISSING_FOR } from './memory.ts';
import { fleetNotes, gatewayCount, queryValue } from './notes.ts';
import { labelOf, type Metric } from './points.ts';
import { replicaFacts } from './replica-facts.ts';
import type { FleetQuery } from './source.ts';
import { type EngineRow, modelKey, type RowsByModel } from './vllm-rows.ts';

/** One engine of a pod after its duplicates were put together. */
interface Engine {
  readonly values: EngineRow['values'];
  readonly increases: Growth;
  readonly observedAt: number | undefined;
  readonly fresh: boolean;
}

/** A pod of the fleet with its engines by name. */
type Pods = Map<string, Map<string, Engine>>;

/**
 * A fleet's sample from an instant: its series are those of its namespace and model with exactly its matchLabels. A
 * pod counts once, however often it was scraped, and only when all its engines are fresh (they come from one scrape);
 * else it is missing.
 */
export function sampleFrom(instant: Instant, fleet: FleetQuery): Sample {
  const labelled = rowsWith(instant, fleet);
  const rows = labelled.filter((row) => isCounted(row, fleet));
  const pods = podsOf(rows, instant);
  const fresh = [...pods].filter(([, engines]) => isPodFresh(engines));
  const missing = missingPods(instant, fleet, pods);
  const notes = fleetNotes(instant, fleet, rows);
  if (fresh.length === 0) return withoutValues(instant, fleet, pods, missing, notes);
  const engines = fresh.flatMap(([, ofPod]) => [...ofPod.values()]);
  const { arrived, arrivedOver } = arrivalsOf(engines, missing);
  return {
    at: instant.at,
    presence: 'fresh',
    why: null,
    observedAt: newest(engines),
    running: total(engines, (engine) => engine.values.running),
    waiting: total(engines, (engine) => engine.values.waiting),
    kvCacheUsage: total(fresh, ([, ofPod]) => cacheUsage(ofPod)),
    gateway: gatewayCount(instant, fleet).value,
    query: queryValue(instant, fleet).value,
    reporting: fresh.length,
    missing,
    replicas: replicaFacts(instant.kube, fleet, fresh.length),
    notes,
    finished: total(engines, (engine) => engine.increases.finished),
    rejected: total(engines, (engine) => engine.increases.rejected),
    firstTokenSeconds: total(engines, (engine) => engine.increases.firstTokenSeconds),
    firstTokenCount: total(engines, (engine) => engine.increases.firstTokenCount),
    arrived,
    arrivedOver,
  };
}

/** Running requests of the fleet's pods that report afresh, by name. */
export function runningByPod(instant: Instant, fleet: FleetQuery): ReadonlyMap<string, number> {
  const rows = rowsWith(instant, fleet).filter((row) => isCounted(row, fleet));
  const running = new Map<string, number>();
  for (const [pod, engines] of podsOf(rows, instant)) {
    if (isPodFresh(engines))
      running.set(pod, total([...engines.values()], ({ values }) => values.running) ?? 0);
  }
  return running;
}

/**
 * The rows of a fleet's model that carry its matchLabels. Many fleets may share one model and differ by a label only:
 * the rows are sorted by the labels that somebody asks for once an instant, and not looked through by each fleet.
 */
function rowsWith({ rows, byLabels }: Instant, { id }: FleetQuery): readonly EngineRow[] {
  const { names, ofModel, sorting, values } = selectionOf(id);
  if (names.length === 0) return rows.get(ofModel) ?? [];
  let sorted = byLabels.get(sorting);
  if (sorted === undefined) {
    sorted = sortRows(rows.get(ofModel) ?? [], names);
    byLabels.set(sorting, sorted);
  }
  return sorted.get(values) ?? [];
}

/** What a fleet's rows are looked up by. */
const selectionOf = perObject(({ namespace, model, matchLabels }: FleetId) => {
  const names = Object.keys(matchLabels).sort();
  const ofModel = modelKey(namespace, model);
  return {
    names,
    ofModel,
    sorting: [ofModel, ...names].join('\0'),
    values: names.map((name) => matchLabels[name]).join('\0'),
  };
});

function sortRows(rows: readonly EngineRow[], names: readonly string[]): RowsByModel {
  const sorted = new Map<string, EngineRow[]>();
  for (const row of rows) {
    const key = names.map((name) => labelOf(row.metric, name)).join('\0');
    const list = sorted.get(key);
    if (list) list.push(row);
    else sorted.set(key, [row]);
  }
  return sorted;
}

/** A router's series belong to the pods it re-exports, which are read themselves; asked for by label they are meant. */
function isCounted(row: EngineRow, fleet: FleetQuery): boolean {
  if (row.leftOut === 'router') return row.pod !== '' && Object.hasOwn(fleet.id.matchLabels, 'server');
  return row.leftOut === null;
}

export function matches(metric: Metric, fleet: FleetQuery): boolean {
  for (const name in fleet.id.matchLabels) {
    if (labelOf(metric, name) !== fleet.id.matchLabels[name]) return false;
  }
  return true;
}

function podsOf(rows: readonly EngineRow[], instant: Instant): Pods {
  const pods: Pods = new Map();
  for (const row of rows) {
    // Counters alone do not make a pod: its gauges may have gone, and 0 would be put in their place.
    if (row.values.running === undefined && row.values.waiting === undefined) continue;
    const engines = pods.get(row.pod) ?? new Map<string, Engine>();
    const known = engines.get(row.engine);
    const engine = toEngine(row, instant);
    engines.set(row.engine, known ? sameEngine(known, engine) : engine);
    pods.set(row.pod, engines);
  }
  return pods;
}

function toEngine(row: EngineRow, { tables, staleAfter, increases }: Instant): Engine {
  return {
    values: row.values,
    increases: increases.get(row.key) ?? {},
    observedAt: row.observedAt,
    fresh: isFresh(row, tables.evaluatedAt, staleAfter),
  };
}

/** Two scrapes of one engine: the fresh one counts, and of two fresh ones the larger of each value. */
function sameEngine(a: Engine, b: Engine): Engine {
  if (a.fresh !== b.fresh) return a.fresh ? a : b;
  return {
    values: largest(a.values, b.values),
    increases: largest(a.increases, b.increases),
    observedAt: Math.max(a.observedAt ?? 0, b.observedAt ?? 0),
    fresh: a.fresh,
  };
}

function largest<T extends Growth>(a: T, b: T): T {
  const merged: Growth = { ...a };
  for (const field of Object.keys(b) as (keyof Growth)[]) {
    merged[field] = Math.max(a[field] ?? Number.NEGATIVE_INFINITY, b[field] ?? 0);
  }
  return merged as T;
}

function isPodFresh(engines: ReadonlyMap<string, Engine>): boolean {
  for (const engine of engines.values()) if (!engine.fresh) return false;
  return true;
}

/** Names of the pods that are scraped in vain: those remembered, and those of which only old samples are left. */
function missingPods(instant: Instant, fleet: FleetQuery, pods: Pods): string[] {
  const names = new Set<string>();
  for (const seen of instant.missing.get(selectionOf(fleet.id).ofModel) ?? []) {
    if (matches(seen.metric, fleet)) names.add(seen.pod);
  }
  for (const [pod, engines] of pods) {
    if (isPodFresh(engines)) {
      names.delete(pod);
      continue;
    }
    const reported = newest([...engines.values()]) ?? 0;
    if (instant.tables.evaluatedAt - reported < MISSING_FOR) names.add(pod);
  }
  return [...names].sort();
}

/** The share of KV cache in use of a pod: the mean over its engines, each of which has a cache of its own. */
function cacheUsage(engines: ReadonlyMap<string, Engine>): number | undefined {
  const shares: number[] = [];
  for (const { values } of engines.values()) {
    const share = values.kvCache ?? values.gpuCache;
    if (share !== undefined) shares.push(share);
  }
  return shares.length === 0 ? undefined : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

/** What came to all pods since the instant before; unknown as soon as it is of one engine, or a pod is missing. */
function arrivalsOf(engines: readonly Engine[], missing: readonly string[]) {
  const isKnown = missing.length === 0 && engines.every(({ increases }) => increases.arrived !== undefined);
  let over: number | null = null;
  for (const { increases } of engines) {
    if (increases.arrivedOver !== undefined) over = Math.max(over ?? 0, increases.arrivedOver);
  }
  return {
    arrived: isKnown ? total(engines, ({ increases }) => increases.arrived) : null,
    arrivedOver: over,
  };
}

/** Sum of what is known; null when nothing is. More than two are sorted, so that fractions add up alike in any order of series. */
function total<T>(items: readonly T[], value: (item: T) => number | undefined): number | null {
  let count = 0;
  let sum = 0;
  for (const item of items) {
    const one = value(item);
    if (one === undefined) continue;
    count++;
    sum += one;
  }
  if (count <= 2) return count === 0 ? null : sum;
  const known = items.map(value).filter((one) => one !== undefined);
  return known.sort((a, b) => a - b).reduce((all, one) => all + one, 0);
}

function newest(engines: readonly Engine[]): number | null {
  let latest = 0;
  for (const { observedAt } of engines) latest = Math.max(latest, observedAt ?? 0);
  return latest === 0 ? null : latest;
}

function withoutValues(
  instant: Instant,
  fleet: FleetQuery,
  pods: Pods,
  missing: readonly string[],
  notes: readonly string[],
): Sample {
  const replicas = replicaFacts(instant.kube, fleet, null);
  const observedAt = newest([...pods.values()].flatMap((engines) => [...engines.values()]));
  const stale = pods.size > 0;
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

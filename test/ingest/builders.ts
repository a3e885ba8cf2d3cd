import { fleetKey, type ScaleTarget } from '../../src/core/fleet.ts';
import { nextInstant } from '../../src/ingest/instant.ts';
import { EMPTY_MEMORY, type Memory } from '../../src/ingest/memory.ts';
import { type Metric, type Point, type Vector, vectorOf } from '../../src/ingest/points.ts';
import { PLAIN_LABELS } from '../../src/ingest/queries.ts';
import type { FleetQuery } from '../../src/ingest/source.ts';
import { emptyTables, type Tables } from '../../src/ingest/tables.ts';

/** An instant on every grid used here; what it is does not matter. */
export const AT = 1_800_000_000_000;
export const STALE_AFTER = 60_000;

export function aFleet(
  over: {
    namespace?: string;
    name?: string;
    model?: string;
    matchLabels?: Record<string, string>;
    scaleTarget?: ScaleTarget;
    promql?: string;
  } = {},
): FleetQuery {
  const { namespace = 'llm', name = 'vllm', model = 'm', matchLabels = {} } = over;
  const id = { namespace, name, role: 'replicas', model, matchLabels } as const;
  return { key: fleetKey(id), id, scaleTarget: over.scaleTarget, promql: over.promql };
}

export function aPoint(name: string, labels: Record<string, string>, value: number): Point {
  const shared = { namespace: 'llm', model_name: 'm', engine: '0' };
  return { metric: { __name__: name, ...shared, ...labels }, value };
}

export const running = (labels: Record<string, string>, value: number): Point =>
  aPoint('vllm:num_requests_running', labels, value);
export const waiting = (labels: Record<string, string>, value: number): Point =>
  aPoint('vllm:num_requests_waiting', labels, value);

export function up(pod: string, value = 1): Point {
  return { metric: { namespace: 'llm', pod }, value };
}

const TABLES = [
  'gauges',
  'stamps',
  'counters',
  'up',
  'workloads',
  'autoscalers',
  'unschedulable',
] as const satisfies readonly (keyof Tables)[];

/** Tables as they are easiest to write down. */
export type Cycle = Omit<Tables, (typeof TABLES)[number] | 'custom'> & {
  readonly [table in (typeof TABLES)[number]]: readonly Point[];
} & { readonly custom: ReadonlyMap<string, readonly Point[] | string> };

/** A cycle whose gauges are of the evaluation instant itself unless `stamps` says otherwise; something is always up. */
export function aCycle(over: Partial<Cycle> = {}): Cycle {
  const at = over.at ?? AT;
  const gauges = over.gauges ?? [];
  const stamps = gauges.map(({ metric }) => ({ metric, value: at / 1000 }));
  const none = { counters: [], workloads: [], autoscalers: [], unschedulable: [], custom: new Map() };
  const up = [{ metric: {}, value: 1 }];
  return { ...emptyTables(at, at, PLAIN_LABELS), gauges, stamps, up, ...none, ...over };
}

/** The same as the source reads it; `toVector` makes a vector of a table's points. */
export function tablesOf(
  cycle: Cycle,
  toVector: (points: readonly Point[], table: string) => Vector = vectorOf,
): Tables {
  const tables = TABLES.map((table) => [table, toVector(cycle[table], table)]);
  const custom = [...cycle.custom].map(
    ([promql, result]) => [promql, typeof result === 'string' ? result : vectorOf(result)] as const,
  );
  return { ...cycle, ...Object.fromEntries(tables), custom: new Map(custom) };
}

export function nextOf(memory: Memory, cycle: Cycle) {
  return nextInstant(memory, tablesOf(cycle), STALE_AFTER);
}

/** The instants that consecutive cycles make. */
export function instantsOf(...cycles: readonly Cycle[]) {
  const toVector = sharing();
  let memory = EMPTY_MEMORY;
  return cycles.map((cycle) => {
    const next = nextInstant(memory, tablesOf(cycle, toVector), STALE_AFTER);
    memory = next.memory;
    return next.instant;
  });
}

/**
 * Vectors as a source makes them: a series has the same labels object at all instants, and while the series of a table stay the
 * same their list is the same array.
 */
export function sharing(): (points: readonly Point[], table: string) => Vector {
  const before = new Map<string, readonly Metric[]>();
  const known = new Map<string, Metric>();
  return (points, table) => {
    const { metrics, values } = vectorOf(points);
    const shared = metrics.map((metric) => {
      const id = JSON.stringify([table, metric]);
      known.set(id, known.get(id) ?? metric);
      return known.get(id) ?? metric;
    });
    const last = before.get(table);
    if (last?.length === shared.length && shared.every((metric, place) => metric === last[place]))
      return { metrics: last, values };
    before.set(table, shared);
    return { metrics: shared, values };
  };
}

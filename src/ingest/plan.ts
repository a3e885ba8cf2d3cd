import { perObject } from '../core/per-object.ts';
import type { SeenPod } from './memory.ts';
import { EMPTY_VECTOR, type Vector } from './points.ts';
import {
  autoscalerQuery,
  counterQuery,
  gaugeQuery,
  isLabelName,
  type QueryScheme,
  type Scope,
  stampQuery,
  unschedulableQuery,
  upQuery,
  workloadQuery,
} from './queries.ts';
import { ALL_NEEDS, type FleetQuery, type Needs } from './source.ts';
import type { Tables } from './tables.ts';

type TableName = 'gauges' | 'stamps' | 'counters' | 'up' | 'workloads' | 'autoscalers' | 'unschedulable';

/** One query of a cycle, and where its result goes. */
export interface PlannedQuery {
  readonly promql: string;
  readonly table: TableName | 'custom';
  /** Without it nothing is known. What is not essential leaves a gap that explain names. */
  readonly essential: boolean;
}

/** What each table is called where it is missing. */
const SUBJECT: Readonly<Record<TableName | 'custom', string>> = {
  gauges: "vLLM's gauges",
  stamps: 'the age of the samples',
  counters: "vLLM's counters",
  up: 'which pods are scraped',
  workloads: 'replica counts of kube-state-metrics',
  autoscalers: 'what HPAs point at',
  unschedulable: 'unschedulable pods',
  custom: 'the custom query',
};

/** Above so many namespaces a matcher would be longer than what it saves. */
const MAX_SCOPED = 50;

export interface PlanOptions {
  readonly scheme: QueryScheme;
  readonly fleets: readonly FleetQuery[];
  /** Whether `up` of all pods is a part of it; a live cycle asks for those that fell silent, once it knows them. */
  readonly up: boolean;
  readonly scope: Scope | null;
}

/** Above so many pods the namespaces alone tell which are asked for. */
const MAX_PODS = 200;

/** The queries of one cycle: at most seven of ours however many fleets there are, and one a custom query. */
export function planQueries(options: PlanOptions): readonly PlannedQuery[] {
  const { scheme, fleets, scope } = options;
  const { needs, custom } = wantsOf(fleets);
  const plan: PlannedQuery[] = [
    { table: 'gauges', essential: true, promql: gaugeQuery(scheme, scope, needs) },
    { table: 'stamps', essential: true, promql: stampQuery(scheme, scope) },
    { table: 'workloads', essential: false, promql: workloadQuery(scheme, scope) },
    { table: 'autoscalers', essential: false, promql: autoscalerQuery(scheme, scope) },
    { table: 'unschedulable', essential: false, promql: unschedulableQuery(scheme, scope) },
    { table: 'counters', essential: false, promql: counterQuery(scheme, scope, needs) },
  ];
  if (options.up) plan.push(upOf(upQuery(scheme, scope?.namespaces ?? null)));
  return [...plan, ...custom.map((promql) => ({ table: 'custom', essential: false, promql }) as const)];
}

/** Whether the pods that fell silent are still scraped, and how the store is. */
export function planUp(scheme: QueryScheme, silent: readonly SeenPod[]): PlannedQuery {
  const namespaces = fewOrNull(silent.map(({ namespace }) => namespace));
  const pods = fewOrNull(
    silent.map(({ pod }) => pod),
    MAX_PODS,
  );
  return upOf(upQuery(scheme, namespaces, pods));
}

function upOf(promql: string): PlannedQuery {
  return { table: 'up', essential: true, promql };
}

/** What is asked for the sake of any of the fleets; found out once for a list of them. */
const wantsOf = perObject((fleets: readonly FleetQuery[]) => ({
  keys: labelNames(fleets),
  needs: needsOf(fleets),
  custom: customQueries(fleets),
}));

function needsOf(fleets: readonly FleetQuery[]): Needs {
  const all = [...new Set(fleets.map(({ needs }) => needs ?? ALL_NEEDS))];
  return {
    kvCache: all.some(({ kvCache }) => kvCache),
    finished: all.some(({ finished }) => finished),
    firstTokens: all.some(({ firstTokens }) => firstTokens),
  };
}

function customQueries(fleets: readonly FleetQuery[]): readonly string[] {
  const queries = new Set<string>();
  for (const { promql, arrivals } of fleets) {
    if (promql !== undefined) queries.add(promql);
    if (arrivals !== undefined) queries.add(arrivals);
  }
  return [...queries];
}

function labelNames(fleets: readonly FleetQuery[]): readonly string[] {
  const keys = new Set<string>();
  for (const { id } of fleets) for (const name in id.matchLabels) keys.add(name);
  return [...keys].filter(isLabelName).sort();
}

/** How a store is asked for what these fleets need. */
export function schemeOf({
  labels,
  matchers,
  fleets,
}: Omit<QueryScheme, 'keys'> & Pick<PlanOptions, 'fleets'>): QueryScheme {
  return { labels, matchers, keys: keysOf(fleets) };
}

/** The union of matchLabels keys, but for what is no label name: PromQL is made of these. */
export function keysOf(fleets: readonly FleetQuery[]): readonly string[] {
  return wantsOf(fleets).keys;
}

/** Matchers for few fleets; null for many, which are read with everything else. */
export function scopeOf(fleets: readonly FleetQuery[]): Scope | null {
  const namespaces = fewOrNull(fleets.map((fleet) => fleet.id.namespace));
  const models = fewOrNull(fleets.map((fleet) => fleet.id.model));
  return namespaces && models ? { namespaces, models } : null;
}

function fewOrNull(values: Iterable<string>, most = MAX_SCOPED): readonly string[] | null {
  const distinct = [...new Set(values)].sort();
  return distinct.length <= most ? distinct : null;
}

/** A query's result at one instant, or why it has none. */
export type Result = Vector | string;

/** The tables that the plan's results make. */
export function fillTables(empty: Tables, plan: readonly PlannedQuery[], results: readonly Result[]): Tables {
  const tables: Partial<Record<TableName, Vector>> = {};
  const custom = new Map<string, Result>();
  const gaps: string[] = [];
  for (const [index, { table, promql }] of plan.entries()) {
    const result = results[index] ?? EMPTY_VECTOR;
    if (table === 'custom') custom.set(promql, result);
    else if (typeof result === 'string') gaps.push(gap(table, result));
    else tables[table] = result;
  }
  return { ...empty, ...tables, custom, gaps };
}

/** `vLLM's counters could not be read: Prometheus answered 503`. */
export function gap(table: PlannedQuery['table'], error: string): string {
  return `${SUBJECT[table]} could not be read: ${error}`;
}

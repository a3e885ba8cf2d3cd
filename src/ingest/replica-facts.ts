import type { FleetId, ScaleTarget } from '../core/fleet.ts';
import { perObject } from '../core/per-object.ts';
import type { ReplicaFacts } from '../core/sample.ts';
import { isMostlyGone, joined, type Places, placesOf } from './places.ts';
import { labelOf, type Metric, pointsIn, type Vector } from './points.ts';
import { WORKLOADS } from './queries.ts';
import { counted } from './slices.ts';
import type { FleetQuery } from './source.ts';
import type { Tables } from './tables.ts';

/** Numbers of a workload, in this order. */
const COUNTS = { spec: 0, created: 1, ready: 2 } as const;
const WIDTH = 3;

/**
 * What the series of kube-state-metrics are about: the same object from one instant to the next as long as they stay the same. One
 * that carries on another has the same workloads and pointers at the same places, and the new ones behind.
 */
export interface KubeLayout {
  readonly workloads: Places;
  readonly autoscalers: Places;
  /** Places of workloads by namespace, kind and name. */
  readonly workloadAt: ReadonlyMap<string, number>;
  /** What HPAs point at, and which of these are an HPA's, by its namespace and name. */
  readonly pointers: readonly ScaleTarget[];
  readonly ofAutoscaler: ReadonlyMap<string, readonly number[]>;
}

/** What kube-state-metrics says at one instant. */
export interface KubeIndex {
  readonly layout: KubeLayout;
  /** WIDTH numbers a workload; NaN for what is not known. */
  readonly counts: Float64Array;
  /** By pointer: 1 where it is there. */
  readonly pointing: Uint8Array;
  /** Names of the pods that no node takes, by namespace. */
  readonly unschedulable: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A fleet's place in a layout, and what was last said of it: facts that stay the same are one object, of which windows hold many. */
interface Found {
  /** The last layout that was asked. */
  layout: KubeLayout | null;
  hpa: readonly number[];
  target: ScaleTarget | undefined;
  /** Whether the trigger names the target. */
  named: boolean;
  workload: number;
  source: string;
  facts: ReplicaFacts | undefined;
}

const NO_POINTERS: readonly number[] = [];

export function* indexKube(tables: Tables, before: KubeLayout | null): Generator<void, KubeIndex> {
  const { workloads, autoscalers } = tables;
  const fits =
    before?.workloads.metrics === workloads.metrics && before.autoscalers.metrics === autoscalers.metrics;
  const layout = fits ? before : yield* layOut(tables, before);
  const counts = new Float64Array(layout.workloadAt.size * WIDTH).fill(Number.NaN);
  yield* counted(workloads.values.length, (series) => {
    const cell = layout.workloads.cells[series] ?? -1;
    const value = workloads.values[series] ?? Number.NaN;
    const known = counts[cell] ?? Number.NaN;
    if (cell >= 0 && !Number.isNaN(value)) counts[cell] = Math.max(Number.isNaN(known) ? 0 : known, value);
  });
  const pointing = new Uint8Array(layout.pointers.length);
  for (const [series, pointer] of layout.autoscalers.cells.entries())
    if (!Number.isNaN(autoscalers.values[series])) pointing[pointer] = 1;
  const unschedulable = indexUnschedulable(tables.unschedulable);
  return { layout, counts, pointing, unschedulable };
}

/**
 * A fleet's replicas: of its scaleTarget, else of what KEDA's HPA points at, as kube-state-metrics counts them; else
 * the pods that report (`reporting`; null while none does), which are all that is known to be ready.
 */
export function replicaFacts(index: KubeIndex, fleet: FleetQuery, reporting: number | null): ReplicaFacts {
  const { layout, counts } = index;
  const found = foundOf(fleet.id);
  if (found.layout !== layout) find(found, fleet.id, layout);
  aim(found, fleet, fleet.scaleTarget ?? pointedAt(index, found.hpa), layout);
  const { target, workload, source } = found;
  if (target === undefined) return told(found, fromPods(reporting, 'pods that report'));
  const spec = countOf(counts, workload, COUNTS.spec);
  const created = countOf(counts, workload, COUNTS.created);
  const ready = countOf(counts, workload, COUNTS.ready);
  if (spec === null && created === null && ready === null)
    return told(found, fromPods(reporting, uncounted(target)));
  const starting = created === null || ready === null ? null : Math.max(0, created - ready);
  const unschedulable = countUnschedulable(index.unschedulable.get(fleet.id.namespace), target);
  return told(found, { spec, ready, starting, unschedulable, source });
}

function countOf(counts: Float64Array, workload: number, which: number): number | null {
  const value = workload < 0 ? Number.NaN : (counts[workload * WIDTH + which] ?? Number.NaN);
  return Number.isNaN(value) ? null : value;
}

function uncounted(target: ScaleTarget): string {
  return `pods that report (kube-state-metrics counts no ${shown(target)})`;
}

const foundOf = perObject(
  (_: FleetId): Found => ({
    layout: null,
    hpa: NO_POINTERS,
    target: undefined,
    named: false,
    workload: -1,
    source: '',
    facts: undefined,
  }),
);

function find(found: Found, id: FleetId, layout: KubeLayout): void {
  found.layout = layout;
  found.hpa = layout.ofAutoscaler.get(key(id.namespace, hpaOf(id.name))) ?? NO_POINTERS;
  found.workload = placeOf(found.target, id, layout);
}

function aim(
  found: Found,
  { id, scaleTarget }: FleetQuery,
  target: ScaleTarget | undefined,
  layout: KubeLayout,
): void {
  const named = scaleTarget !== undefined;
  if (found.target === target && found.named === named) return;
  found.target = target;
  found.named = named;
  found.workload = placeOf(target, id, layout);
  if (target === undefined) return;
  const why = named ? [] : [' (the target of ', hpaOf(id.name), ')'];
  // Joined it is one string; a template is kept in pieces.
  found.source = ['kube-state-metrics ', shown(target), ...why].join('');
}

function placeOf(target: ScaleTarget | undefined, { namespace }: FleetId, layout: KubeLayout): number {
  return target === undefined ? -1 : (layout.workloadAt.get(key(namespace, shown(target))) ?? -1);
}

function shown({ kind, name }: ScaleTarget): string {
  return `${kind}/${name}`;
}

/** While an HPA is pointed elsewhere both series may be there; any fixed choice keeps two scalers in agreement. */
function pointedAt({ layout, pointing }: KubeIndex, hpa: readonly number[]): ScaleTarget | undefined {
  let chosen: ScaleTarget | undefined;
  for (const pointer of hpa) {
    const target = layout.pointers[pointer];
    if (target === undefined || pointing[pointer] !== 1) continue;
    if (chosen === undefined || chosen.name < target.name) chosen = target;
  }
  return chosen;
}

function fromPods(reporting: number | null, source: string): ReplicaFacts {
  return { spec: null, ready: reporting, starting: null, unschedulable: null, source };
}

function told(found: Found, facts: ReplicaFacts): ReplicaFacts {
  if (found.facts === undefined || !sameFacts(found.facts, facts)) found.facts = facts;
  return found.facts;
}

export function sameFacts(a: ReplicaFacts, b: ReplicaFacts): boolean {
  const counts = a.spec === b.spec && a.ready === b.ready && a.starting === b.starting;
  return counts && a.unschedulable === b.unschedulable && a.source === b.source && a.cluster === b.cluster;
}

/** The name that KEDA gives the HPA of a ScaledObject. */
function hpaOf(scaledObject: string): string {
  return `keda-hpa-${scaledObject}`;
}

/** Pods named as the target's controller names them: `NAME-<template hash>-<5>` or `NAME-<ordinal>`. */
function countUnschedulable(pods: ReadonlySet<string> | undefined, target: ScaleTarget): number {
  let count = 0;
  const tail = target.kind === 'statefulset' ? /^-\d+$/ : /^-[a-z0-9]+-[a-z0-9]{5}$/;
  for (const pod of pods ?? []) {
    if (pod.startsWith(target.name) && tail.test(pod.slice(target.name.length))) count++;
  }
  return count;
}

/** Carries the layout before on. */
function* layOut(tables: Tables, before: KubeLayout | null): Generator<void, KubeLayout> {
  const addedWorkloads = new Map<string, number>();
  const known = before?.workloadAt.size ?? 0;
  const pointers = [...(before?.pointers ?? [])];
  const addedPointers = new Map<string, readonly number[]>();
  const workloads = yield* placesOf(tables.workloads.metrics, before?.workloads, (metric) => {
    const name = labelOf(metric, '__name__');
    if (!Object.hasOwn(WORKLOADS, name)) return -1;
    const [kind, count] = WORKLOADS[name as keyof typeof WORKLOADS];
    const id = key(objectNamespace(metric), `${kind}/${labelOf(metric, kind)}`);
    let place = before?.workloadAt.get(id) ?? addedWorkloads.get(id);
    if (place === undefined) {
      place = known + addedWorkloads.size;
      addedWorkloads.set(id, place);
    }
    return place * WIDTH + COUNTS[count];
  });
  const autoscalers = yield* placesOf(tables.autoscalers.metrics, before?.autoscalers, (metric) => {
    const kind = labelOf(metric, 'scaletargetref_kind').toLowerCase();
    const name = labelOf(metric, 'scaletargetref_name');
    const id = key(objectNamespace(metric), labelOf(metric, 'horizontalpodautoscaler'));
    const others = addedPointers.get(id) ?? before?.ofAutoscaler.get(id) ?? NO_POINTERS;
    const same = others.find((one) => pointers[one]?.kind === kind && pointers[one]?.name === name);
    if (same !== undefined) return same;
    const pointer = pointers.push({ kind, name }) - 1;
    addedPointers.set(id, [...others, pointer]);
    return pointer;
  });
  const workloadAt = joined(before?.workloadAt, addedWorkloads);
  const isOld =
    isMostlyGone(workloadAt.size, WIDTH, workloads) || isMostlyGone(pointers.length, 1, autoscalers);
  if (before !== null && isOld) return yield* layOut(tables, null);
  const ofAutoscaler = joined(before?.ofAutoscaler, addedPointers);
  return { workloads, autoscalers, workloadAt, pointers: pointers.slice(), ofAutoscaler };
}

function indexUnschedulable(vector: Vector): KubeIndex['unschedulable'] {
  const byNamespace = new Map<string, Set<string>>();
  for (const { metric } of pointsIn(vector)) {
    const namespace = objectNamespace(metric);
    const pods = byNamespace.get(namespace) ?? new Set();
    pods.add(labelOf(metric, 'exported_pod') || labelOf(metric, 'pod'));
    byNamespace.set(namespace, pods);
  }
  return byNamespace;
}

/** The namespace of the object that a series is about, however the scrape treated the label. */
export function objectNamespace(metric: Metric): string {
  return labelOf(metric, 'exported_namespace') || labelOf(metric, 'namespace');
}

function key(...parts: readonly string[]): string {
  return parts.join('\0');
}

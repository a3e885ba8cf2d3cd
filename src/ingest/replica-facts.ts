import type { FleetId, ScaleTarget } from '../core/fleet.ts';
import { perObject } from '../core/per-object.ts';
import type { ReplicaFacts } from '../core/sample.ts';
import { labelOf, type Metric, pointsIn, type Vector } from './points.ts';
import { WORKLOADS } from './queries.ts';
import { counted } from './slices.ts';
import type { FleetQuery } from './source.ts';
import type { Tables } from './tables.ts';

/** Numbers of a workload, in this order. */
const COUNTS = { spec: 0, created: 1, ready: 2 } as const;
const WIDTH = 3;

/** What the series of kube-state-metrics are about: the same object from one instant to the next as long as they stay the same. */
export interface KubeLayout {
  readonly workloads: readonly Metric[];
  readonly autoscalers: readonly Metric[];
  /** Places of workloads by namespace, kind and name. */
  readonly workloadAt: ReadonlyMap<string, number>;
  /** By series: the workload's place times WIDTH, and which number of it; -1 for none of ours. */
  readonly cells: Int32Array;
  /** What each HPA's series points at, and which series are an HPA's, by namespace and name. */
  readonly targets: readonly ScaleTarget[];
  readonly ofAutoscaler: ReadonlyMap<string, readonly number[]>;
}

/** What kube-state-metrics says at one instant. */
export interface KubeIndex {
  readonly layout: KubeLayout;
  /** WIDTH numbers a workload; NaN for what is not known. */
  readonly counts: Float64Array;
  /** By series of an HPA: not NaN where it is there. */
  readonly pointers: Float64Array;
  /** Names of the pods that no node takes, by namespace. */
  readonly unschedulable: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A fleet's place in a layout, and what was last said of it: facts that stay the same are one object, of which windows hold many. */
interface Found {
  readonly hpa: readonly number[];
  target: ScaleTarget | undefined;
  /** Whether the trigger names the target. */
  named: boolean;
  workload: number;
  source: string;
  facts: ReplicaFacts | undefined;
}

export function* indexKube(tables: Tables, before: KubeLayout | null): Generator<void, KubeIndex> {
  const { workloads, autoscalers } = tables;
  const fits = before?.workloads === workloads.metrics && before.autoscalers === autoscalers.metrics;
  const layout = fits ? before : yield* layOut(tables);
  const counts = new Float64Array(layout.workloadAt.size * WIDTH).fill(Number.NaN);
  yield* counted(layout.cells.length, (series) => {
    const cell = layout.cells[series] ?? -1;
    const value = workloads.values[series] ?? Number.NaN;
    const known = counts[cell] ?? Number.NaN;
    if (cell >= 0 && !Number.isNaN(value)) counts[cell] = Math.max(Number.isNaN(known) ? 0 : known, value);
  });
  const unschedulable = indexUnschedulable(tables.unschedulable);
  return { layout, counts, pointers: autoscalers.values, unschedulable };
}

/**
 * A fleet's replicas: of its scaleTarget, else of what KEDA's HPA points at, as kube-state-metrics counts them; else
 * the pods that report (`reporting`; null while none does), which are all that is known to be ready.
 */
export function replicaFacts(index: KubeIndex, fleet: FleetQuery, reporting: number | null): ReplicaFacts {
  const { layout, counts } = index;
  const found = finder(layout)(fleet.id);
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

function uncounted({ kind, name }: ScaleTarget): string {
  return `pods that report (kube-state-metrics counts no ${kind}/${name})`;
}

const finder = perObject((layout: KubeLayout) =>
  perObject(({ namespace, name }: FleetId): Found => {
    const hpa = layout.ofAutoscaler.get(key(namespace, hpaOf(name))) ?? [];
    return { hpa, target: undefined, named: false, workload: -1, source: '', facts: undefined };
  }),
);

function aim(
  found: Found,
  { id, scaleTarget }: FleetQuery,
  target: ScaleTarget | undefined,
  { workloadAt }: KubeLayout,
): void {
  const named = scaleTarget !== undefined;
  if (found.target === target && found.named === named) return;
  found.target = target;
  found.named = named;
  if (target === undefined) return;
  const shown = `${target.kind}/${target.name}`;
  found.workload = workloadAt.get(key(id.namespace, shown)) ?? -1;
  found.source = `kube-state-metrics ${shown}${named ? '' : ` (the target of ${hpaOf(id.name)})`}`;
}

/** While an HPA is pointed elsewhere both series may be there; any fixed choice keeps two scalers in agreement. */
function pointedAt({ layout, pointers }: KubeIndex, series: readonly number[]): ScaleTarget | undefined {
  let chosen: ScaleTarget | undefined;
  for (const one of series) {
    const target = layout.targets[one];
    if (target === undefined || Number.isNaN(pointers[one])) continue;
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

function* layOut({ workloads, autoscalers }: Tables): Generator<void, KubeLayout> {
  const workloadAt = new Map<string, number>();
  const cells = new Int32Array(workloads.metrics.length).fill(-1);
  yield* counted(cells.length, (series) => {
    const metric = workloads.metrics[series] ?? {};
    const name = labelOf(metric, '__name__');
    if (!Object.hasOwn(WORKLOADS, name)) return;
    const [kind, count] = WORKLOADS[name as keyof typeof WORKLOADS];
    const id = key(objectNamespace(metric), `${kind}/${labelOf(metric, kind)}`);
    const place = workloadAt.get(id) ?? workloadAt.size;
    workloadAt.set(id, place);
    cells[series] = place * WIDTH + COUNTS[count];
  });
  const targets: ScaleTarget[] = [];
  const ofAutoscaler = new Map<string, number[]>();
  yield* counted(autoscalers.metrics.length, (series) => {
    const metric = autoscalers.metrics[series] ?? {};
    const kind = labelOf(metric, 'scaletargetref_kind').toLowerCase();
    targets.push({ kind, name: labelOf(metric, 'scaletargetref_name') });
    const id = key(objectNamespace(metric), labelOf(metric, 'horizontalpodautoscaler'));
    const known = ofAutoscaler.get(id);
    if (known === undefined) ofAutoscaler.set(id, [series]);
    else known.push(series);
  });
  return {
    workloads: workloads.metrics,
    autoscalers: autoscalers.metrics,
    workloadAt,
    cells,
    targets,
    ofAutoscaler,
  };
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

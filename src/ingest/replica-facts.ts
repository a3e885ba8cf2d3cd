import type { FleetId, ScaleTarget } from '../core/fleet.ts';
import { perObject } from '../core/per-object.ts';
import type { ReplicaFacts } from '../core/sample.ts';
import { labelOf, type Metric, type Point } from './points.ts';
import { WORKLOADS } from './queries.ts';
import { strided } from './slices.ts';
import type { FleetQuery } from './source.ts';
import type { Tables } from './tables.ts';

interface Workload {
  spec?: number;
  created?: number;
  ready?: number;
}

/** What kube-state-metrics says of workloads, indexed. */
export interface KubeIndex {
  readonly workloads: ReadonlyMap<string, Workload>;
  /** Scale target by namespace and HPA name. */
  readonly autoscalers: ReadonlyMap<string, ScaleTarget>;
  /** Names of the pods that no node takes, by namespace. */
  readonly unschedulable: ReadonlyMap<string, ReadonlySet<string>>;
}

export function* indexKube(tables: Tables): Generator<void, KubeIndex> {
  return {
    workloads: yield* indexWorkloads(tables.workloads),
    autoscalers: yield* indexAutoscalers(tables.autoscalers),
    unschedulable: indexUnschedulable(tables.unschedulable),
  };
}

/**
 * A fleet's replicas: of its scaleTarget, else of what KEDA's HPA points at, as kube-state-metrics counts them; else
 * the pods that report (`reporting`; null while none does), which are all that is known to be ready.
 */
export function replicaFacts(index: KubeIndex, fleet: FleetQuery, reporting: number | null): ReplicaFacts {
  const { namespace, name } = fleet.id;
  const target = fleet.scaleTarget ?? index.autoscalers.get(autoscalerOf(fleet.id));
  if (!target) return fromPods(reporting, 'pods that report');
  const shown = `${target.kind}/${target.name}`;
  const workload = index.workloads.get(key(namespace, shown));
  if (!workload) return fromPods(reporting, `pods that report (kube-state-metrics counts no ${shown})`);
  const { spec = null, created = null, ready = null } = workload;
  return {
    spec,
    ready,
    starting: created === null || ready === null ? null : Math.max(0, created - ready),
    unschedulable: countUnschedulable(index.unschedulable.get(namespace), target),
    source: `kube-state-metrics ${shown}${fleet.scaleTarget ? '' : ` (the target of ${hpaOf(name)})`}`,
  };
}

/** The name that KEDA gives the HPA of a ScaledObject. */
function hpaOf(scaledObject: string): string {
  return `keda-hpa-${scaledObject}`;
}

const autoscalerOf = perObject(({ namespace, name }: FleetId) => key(namespace, hpaOf(name)));

function fromPods(reporting: number | null, source: string): ReplicaFacts {
  return { spec: null, ready: reporting, starting: null, unschedulable: null, source };
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

function* indexWorkloads(points: readonly Point[]): Generator<void, KubeIndex['workloads']> {
  const workloads = new Map<string, Workload>();
  yield* strided(points, ({ metric, value }) => {
    const { id, field } = countOf(metric);
    if (field === null) return;
    let workload = workloads.get(id);
    if (workload === undefined) {
      workload = {};
      workloads.set(id, workload);
    }
    workload[field] = Math.max(workload[field] ?? 0, value);
  });
  return workloads;
}

/** Which number of which workload a series is; null for one that is none of ours. */
const countOf = perObject(
  (metric: Metric): { readonly id: string; readonly field: keyof Workload | null } => {
    const name = labelOf(metric, '__name__');
    if (!Object.hasOwn(WORKLOADS, name)) return { id: '', field: null };
    const [kind, field] = WORKLOADS[name as keyof typeof WORKLOADS];
    return { id: key(objectNamespace(metric), `${kind}/${labelOf(metric, kind)}`), field };
  },
);

function* indexAutoscalers(points: readonly Point[]): Generator<void, KubeIndex['autoscalers']> {
  const autoscalers = new Map<string, ScaleTarget>();
  yield* strided(points, ({ metric }) => {
    const { id, target } = pointerOf(metric);
    const known = autoscalers.get(id);
    // While an HPA is pointed elsewhere both series may be there; any fixed choice keeps two scalers in agreement.
    if (!known || known.name < target.name) autoscalers.set(id, target);
  });
  return autoscalers;
}

/** Which HPA a series is about, and what that scales. */
const pointerOf = perObject((metric: Metric): { readonly id: string; readonly target: ScaleTarget } => {
  const kind = labelOf(metric, 'scaletargetref_kind').toLowerCase();
  return {
    id: key(objectNamespace(metric), labelOf(metric, 'horizontalpodautoscaler')),
    target: { kind, name: labelOf(metric, 'scaletargetref_name') },
  };
});

function indexUnschedulable(points: readonly Point[]): KubeIndex['unschedulable'] {
  const byNamespace = new Map<string, Set<string>>();
  for (const { metric } of points) {
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

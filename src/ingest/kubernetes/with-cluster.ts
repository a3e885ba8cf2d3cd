import type { ClusterFacts } from '../../core/cluster-facts.ts';
import type { ReplicaFacts, Sample } from '../../core/sample.ts';
import { MISSING_FOR } from '../memory.ts';
import type { FleetQuery, Reading, Source } from '../source.ts';
import type { Cluster, FleetView } from './cluster.ts';

/**
 * A source whose samples carry what the cluster itself says: its replica counts where they are the present, and what only it
 * knows. History stays the source's: of the past the cluster knows nothing.
 */
export function withCluster(source: Source, cluster: Cluster): Source {
  return {
    ...source,
    async read(at, fleets, signal) {
      const reading = await source.read(at, fleets, signal);
      return { ...reading, at, sampleOf: (fleet) => sampleWith(reading, fleet, cluster.view(fleet)) };
    },
    history: (range, fleets, signal) => source.history(range, fleets, signal),
    status: () => source.status(),
    close: () => source.close(),
  };
}

function sampleWith(reading: Reading, fleet: FleetQuery, view: FleetView): Sample {
  const known = view.target !== null && fleet.scaleTarget === undefined;
  const sample = reading.sampleOf(known ? { ...fleet, scaleTarget: view.target ?? undefined } : fleet);
  const silent = silentPods(reading, fleet, view, sample);
  const coverage = coverageOf(view, sample);
  return {
    ...sample,
    ...(silent.length === 0 ? {} : { missing: [...new Set([...sample.missing, ...silent])].sort() }),
    replicas: { ...countsOf(view, sample.replicas), cluster: clusterFacts(view, coverage) },
  };
}

/** The cluster's own counts; those of the sample where it has none. */
function countsOf({ target, workload, pods }: FleetView, other: ReplicaFacts): ReplicaFacts {
  if (target === null || workload === null) return other;
  const shown = `${target.kind}/${target.name}`;
  if (pods !== null) {
    const { ready, starting, unschedulable } = pods;
    return { spec: workload.spec, ready, starting, unschedulable, source: `Kubernetes ${shown}` };
  }
  const { spec, created, ready } = workload;
  const starting = created === null || ready === null ? null : Math.max(0, created - ready);
  return {
    spec,
    ready: ready ?? other.ready,
    starting: starting ?? other.starting,
    unschedulable: other.unschedulable,
    source: `Kubernetes ${shown}, its pods unknown`,
  };
}

function clusterFacts(view: FleetView, coverage: number | null): ClusterFacts {
  const { workload, pods, autoscaler, cooldownPeriod, lacks } = view;
  return {
    created: workload?.created ?? pods?.created ?? null,
    terminating: pods?.terminating ?? null,
    startingSince: pods?.startingSince ?? null,
    unschedulable: pods?.longestUnschedulable ?? null,
    autoscaler,
    cooldownPeriod,
    coverage,
    lacks,
  };
}

function coverageOf({ pods }: FleetView, { reporting, presence }: Sample): number | null {
  return pods === null || pods.ready === 0 || presence !== 'fresh' ? null : reporting / pods.ready;
}

/**
 * Ready pods that do not report: what they do is unknown, so the fleet is partial. One that has not reported for ten minutes
 * since it became ready counts no longer, as a pod that was lost: it may not be scraped at all.
 */
function silentPods(reading: Reading, fleet: FleetQuery, view: FleetView, sample: Sample): readonly string[] {
  if (sample.presence !== 'fresh' || (view.pods?.ready ?? 0) <= sample.reporting) return NONE;
  const reporting = reading.runningOf?.(fleet);
  if (reporting === undefined) return NONE;
  const silent: string[] = [];
  for (const pod of view.members.values()) {
    if (!pod.ready || pod.deleted !== null || reporting.has(pod.name)) continue;
    if (pod.readySince === null || reading.at - pod.readySince < MISSING_FOR) silent.push(pod.name);
  }
  return silent;
}

const NONE: readonly string[] = [];

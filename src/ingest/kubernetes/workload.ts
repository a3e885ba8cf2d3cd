import { countAt, type Json, objectAt, textAt } from './objects.ts';
import { parseSelector, type Selector, selectorOf } from './selector.ts';

/** What a scale target says of itself. */
export interface Workload {
  /** `spec.replicas`. */
  readonly spec: number | null;
  /** `status.replicas`. */
  readonly created: number | null;
  /** `status.readyReplicas`; null where the kind does not tell. */
  readonly ready: number | null;
  /** Which pods are its own; null where it does not tell. */
  readonly selector: Selector | null;
}

/** A kind whose objects are watched themselves. */
export interface WatchedKind {
  readonly kind: string;
  /** Path of its API: `/apis/apps/v1`. */
  readonly api: string;
  readonly resource: string;
  readonly read: (object: unknown) => Workload;
}

/** Deployments and StatefulSets are alike here; without `replicas` the API server has filled in 1. */
function readApps(object: unknown): Workload {
  const [spec, status] = [objectAt(object, 'spec'), objectAt(object, 'status')];
  return {
    spec: countAt(spec, 'replicas') ?? 1,
    created: countAt(status, 'replicas') ?? 0,
    ready: countAt(status, 'readyReplicas') ?? 0,
    selector: selectorOf(objectAt(spec, 'selector')),
  };
}

/** A replica of a LeaderWorkerSet is a group, which its leader pod stands for: the selector is that of the leaders. */
function readLeaderWorkerSet(object: unknown): Workload {
  const [spec, status] = [objectAt(object, 'spec'), objectAt(object, 'status')];
  return {
    spec: countAt(spec, 'replicas') ?? 1,
    created: countAt(status, 'replicas') ?? 0,
    ready: countAt(status, 'readyReplicas') ?? 0,
    selector: parseSelector(textAt(status, 'hpaPodSelector')),
  };
}

export const WATCHED_KINDS: readonly WatchedKind[] = [
  { kind: 'deployment', api: '/apis/apps/v1', resource: 'deployments', read: readApps },
  { kind: 'statefulset', api: '/apis/apps/v1', resource: 'statefulsets', read: readApps },
  {
    kind: 'leaderworkerset',
    api: '/apis/leaderworkerset.x-k8s.io/v1',
    resource: 'leaderworkersets',
    read: readLeaderWorkerSet,
  },
];

/** The scale subresource, which every other kind that can be scaled has in common. */
export function readScale(object: unknown): Workload {
  const status: Json = objectAt(object, 'status');
  return {
    spec: countAt(objectAt(object, 'spec'), 'replicas') ?? 0,
    created: countAt(status, 'replicas') ?? 0,
    ready: null,
    selector: parseSelector(textAt(status, 'selector')),
  };
}

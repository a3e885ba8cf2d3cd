import type { AutoscalerFacts } from '../../core/cluster-facts.ts';
import type { ColdStart } from '../../core/cold-start.ts';
import type { FleetId, ScaleTarget } from '../../core/fleet.ts';
import { createSlicer } from '../slices.ts';
import type { FleetQuery } from '../source.ts';
import type { ApiAnswer, KubeApi } from './api.ts';
import { type Autoscaler, readAutoscaler } from './autoscaler.ts';
import { type Json, objectAt, textAt, timeAt } from './objects.ts';
import { coldStartOf, DELETION_COST, type Pod, readPod } from './pod.ts';
import type { PodFacts } from './pod-facts.ts';
import { trimmedPod } from './pod-line.ts';
import type { Patience, ReflectorState, Sink } from './reflector.ts';
import { readScaledObject, type ScaledObject, type TargetRef } from './scaled-object.ts';
import { pollScales } from './scales.ts';
import { Store } from './store.ts';
import { factsOf, type Target, Targets } from './targets.ts';
import { type Collection, Watches } from './watches.ts';
import { WATCHED_KINDS, type Workload } from './workload.ts';

export interface ClusterOptions {
  readonly api: KubeApi;
  /** What the API server was found by, for people. */
  readonly origin: string;
  /** Empty: the whole cluster. */
  readonly namespaces: readonly string[];
  readonly now: () => number;
  readonly random: () => number;
  /** Whether a ScaledObject concerns us: only then its fleet's objects are watched. */
  readonly isOurs: (object: ScaledObject) => boolean;
  /** A ScaledObject of ours came or changed (null: it is gone). */
  readonly onScaledObject?: (object: ScaledObject, gone: boolean) => void;
  readonly onColdStart?: (fleet: FleetId, key: string, start: ColdStart) => void;
  /** A watch came to life or broke off. */
  readonly onState?: (subject: string, state: ReflectorState) => void;
  readonly patience?: Partial<Patience>;
}

/** What the cluster says of one fleet. */
export interface FleetView {
  readonly target: ScaleTarget | null;
  /** Null while it is not known, or no longer. */
  readonly workload: Workload | null;
  readonly pods: PodFacts | null;
  /** The pods behind `pods`; empty while they are not known. */
  readonly members: ReadonlyMap<string, Pod>;
  readonly autoscaler: AutoscalerFacts | null;
  readonly cooldownPeriod: number | null;
  readonly lacks: readonly string[];
}

export interface ClusterStatus {
  readonly origin: string;
  /** What is watched in vain, in sentences; empty when all is well. */
  readonly lacks: readonly string[];
}

/** A cluster as its watches see it. Everything answers from memory. */
export interface Cluster {
  view(fleet: FleetQuery): FleetView;
  status(): ClusterStatus;
  /** Sets `controller.kubernetes.io/pod-deletion-cost` of a pod; null takes it away. Never rejects. */
  setDeletionCost(pod: Pod, cost: number | null): Promise<ApiAnswer<Json>>;
  /** ScaledObjects of ours that are there. */
  scaledObjects(): Iterable<ScaledObject>;
  close(): Promise<void>;
}

/** Of events only those that tell when an image was there; etcd's answer is filtered by the API server. */
const PULLED = { fieldSelector: 'involvedObject.kind=Pod,reason=Pulled' };
const PODS = { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' };

/** Watches what fleets are made of. Nothing beyond ScaledObjects and HPAs is watched before a fleet needs it. */
export function createCluster(options: ClusterOptions): Cluster {
  const { api, now } = options;
  const closing = new AbortController();
  const watches = new Watches({
    api,
    namespaces: options.namespaces,
    slicer: createSlicer(),
    now,
    random: options.random,
    patience: options.patience ?? {},
    onState: options.onState ?? (() => {}),
  });
  const pulled = new Map<string, number>();
  const pods = new Store<Pod>({ read: readPod, changed: podChanged });
  const targets = new Targets((namespace) => pods.in(namespace));
  const scaledObjects = new Store<ScaledObject>({ read: readScaledObject, changed: scaledObjectChanged });
  const autoscalers = new Store<NamedAutoscaler>({ read: (object) => named(readAutoscaler(object)) });
  const workloads = new Map(WATCHED_KINDS.map((kind) => [kind.kind, workloadStore(kind.kind, kind.read)]));

  function workloadStore(kind: string, read: (object: Json) => Workload): Store<NamedWorkload> {
    return new Store({
      read: (object) => {
        const metadata = objectAt(object, 'metadata');
        return {
          namespace: textAt(metadata, 'namespace'),
          name: textAt(metadata, 'name'),
          workload: read(object),
        };
      },
      changed(before, after) {
        const item = after ?? before;
        if (item === undefined) return;
        const target = targets.get(item.namespace, kind, item.name);
        if (target !== undefined) targets.setWorkload(target, after?.workload ?? null);
      },
    });
  }

  function podChanged(before: Pod | undefined, after: Pod | undefined): void {
    // A StatefulSet's pod comes back under its name and is another one.
    const same = before !== undefined && before.uid === after?.uid;
    const owners = targets.podChanged(before, after);
    if (before !== undefined && !same) pulled.delete(before.uid);
    if (!same || before === undefined || after === undefined || !after.ready || before.ready) return;
    const start = coldStartOf(before, after, pulled.get(after.uid) ?? null);
    pulled.delete(after.uid);
    if (start === null) return;
    for (const { fleets } of owners) for (const [key, id] of fleets) options.onColdStart?.(id, key, start);
  }

  function scaledObjectChanged(before: ScaledObject | undefined, after: ScaledObject | undefined): void {
    const object = after ?? before;
    if (object === undefined || !options.isOurs(object)) return;
    if (after !== undefined) wanted(after.namespace, after.target);
    if (before !== undefined && after?.target.name !== before.target.name) forgetTarget(before);
    if (after === undefined || JSON.stringify(before?.triggers) !== JSON.stringify(after.triggers))
      options.onScaledObject?.(object, after === undefined);
  }

  /** Another fleet that has it for its target brings it back at the next cycle. */
  function forgetTarget({ namespace, target: { kind, name } }: ScaledObject): void {
    const target = targets.get(namespace, kind.toLowerCase(), name);
    if (target !== undefined) targets.remove(target);
  }

  /** The target's own kind and its pods are watched from the first fleet on that has one of it. */
  function wanted(namespace: string, ref: TargetRef): Target {
    const kind = ref.kind.toLowerCase();
    const known = targets.get(namespace, kind, ref.name);
    if (known !== undefined && (known.ref.resource !== '' || ref.resource === '')) return known;
    if (known !== undefined) targets.remove(known);
    const target = targets.add(namespace, ref);
    const watched = WATCHED_KINDS.find((one) => one.kind === kind);
    const store = workloads.get(kind);
    if (watched !== undefined && store !== undefined) {
      targets.setWorkload(target, store.get(namespace, ref.name)?.workload ?? null);
      watches.start({ ...watched, subject: watched.resource, sink: (within) => store.sink(within) });
    }
    watches.start(podCollection);
    watches.start(eventCollection);
    return target;
  }

  const podCollection: Collection = {
    subject: 'pods',
    api: '/api/v1',
    resource: 'pods',
    params: PODS,
    trim: trimmedPod,
    sink: (namespace) => pods.sink(namespace),
  };
  const eventCollection: Collection = {
    subject: 'events',
    api: '/api/v1',
    resource: 'events',
    params: PULLED,
    sink: () => pulledSink(pulled),
  };

  function autoscalerOf({ id }: FleetQuery, object: ScaledObject | undefined): Autoscaler | undefined {
    return autoscalers.get(id.namespace, object?.hpa ?? `keda-hpa-${id.name}`);
  }

  function targetOf(fleet: FleetQuery, object: ScaledObject | undefined): Target | null {
    const { namespace } = fleet.id;
    const ref = fleet.scaleTarget
      ? refOf(fleet.scaleTarget, object?.target)
      : (object?.target ?? autoscalerOf(fleet, object)?.target);
    if (ref === undefined || ref.name === '') return null;
    const target = wanted(namespace, ref);
    if (!target.fleets.has(fleet.key)) target.fleets.set(fleet.key, fleet.id);
    return target;
  }

  /** Null for what is no longer the present; why is told by what is lacking. */
  function workloadOf(target: Target): Workload | null {
    const watched = WATCHED_KINDS.find(({ kind }) => kind === target.kind);
    if (watched === undefined)
      return target.readAt !== null && now() - target.readAt <= 3 * SCALE_INTERVAL ? target.workload : null;
    return watches.stateOf(watched.resource, target.namespace).fresh ? target.workload : null;
  }

  watches.start({
    subject: 'ScaledObjects',
    api: '/apis/keda.sh/v1alpha1',
    resource: 'scaledobjects',
    sink: (namespace) => scaledObjects.sink(namespace),
  });
  watches.start({
    subject: 'HorizontalPodAutoscalers',
    api: '/apis/autoscaling/v2',
    resource: 'horizontalpodautoscalers',
    sink: (namespace) => autoscalers.sink(namespace),
  });
  const scales = pollScales({ api, targets, interval: SCALE_INTERVAL, now, signal: closing.signal });
  let lacks: { readonly at: number; readonly sentences: readonly string[] } = { at: -1, sentences: [] };

  /** Asked by every fleet of a cycle: looked together once a second. */
  function currentLacks(): readonly string[] {
    const second = Math.floor(now() / 1_000);
    if (lacks.at !== second) lacks = { at: second, sentences: watches.lacks() };
    return lacks.sentences;
  }

  return {
    view(fleet) {
      const { namespace, name } = fleet.id;
      const object = scaledObjects.get(namespace, name);
      const target = targetOf(fleet, object);
      const fresh = (resource: string) => watches.stateOf(resource, namespace).fresh;
      const common = {
        autoscaler: fresh('horizontalpodautoscalers') ? (autoscalerOf(fleet, object)?.facts ?? null) : null,
        cooldownPeriod: object?.cooldownPeriod ?? null,
      };
      if (target === null)
        return {
          ...NOTHING,
          ...common,
          lacks: [...currentLacks(), `no scale target of ${namespace}/${name} is known`],
        };
      const workload = workloadOf(target);
      const knowsPods = fresh('pods') && workload !== null && workload.selector !== null;
      const gone = workload === null && currentLacks().length === 0;
      return {
        ...common,
        target: { kind: target.kind, name: target.name },
        workload,
        pods: knowsPods ? factsOf(target) : null,
        members: knowsPods ? target.pods : NO_PODS,
        lacks: gone ? [`${target.kind}/${target.name} was not seen`] : currentLacks(),
      };
    },
    status: () => ({ origin: options.origin, lacks: watches.lacks() }),
    setDeletionCost({ namespace, name }, cost) {
      const body = { metadata: { annotations: { [DELETION_COST]: cost === null ? null : String(cost) } } };
      return api.patch(`/api/v1/namespaces/${namespace}/pods/${name}`, body, closing.signal);
    },
    *scaledObjects() {
      for (const object of scaledObjects.all()) if (options.isOurs(object)) yield object;
    },
    async close() {
      closing.abort();
      scales.stop();
      watches.close();
      await api.close();
    },
  };
}

/** How often a scale subresource is read: the HPA's own pace. */
const SCALE_INTERVAL = 15_000;
const NO_PODS: ReadonlyMap<string, Pod> = new Map();
const NOTHING = { target: null, workload: null, pods: null, members: NO_PODS } as const;

interface NamedWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly workload: Workload;
}

type NamedAutoscaler = Autoscaler & { readonly name: string };

function named(autoscaler: Autoscaler): NamedAutoscaler {
  return { ...autoscaler, name: autoscaler.facts.name };
}

/** `deployment/NAME` of a trigger, with the API group that the ScaledObject names for the same kind. */
function refOf({ kind, name }: ScaleTarget, of: TargetRef | undefined): TargetRef {
  const same = of !== undefined && of.kind.toLowerCase() === kind;
  return { kind, name, apiVersion: same ? of.apiVersion : 'apps/v1', resource: same ? of.resource : '' };
}

/** When the last image of a pod was there, by the pod's uid. An event lives for an hour at the API server, and here as long. */
function pulledSink(pulled: Map<string, number>): Sink {
  const uidOf = (event: Json): string => textAt(objectAt(event, 'involvedObject'), 'uid');
  return {
    listing() {},
    listed() {},
    put(event) {
      const at = timeAt(event, 'lastTimestamp') ?? timeAt(event, 'eventTime');
      const uid = uidOf(event);
      if (at !== null && uid !== '') pulled.set(uid, Math.max(at, pulled.get(uid) ?? 0));
    },
    remove: (event) => pulled.delete(uidOf(event)),
  };
}

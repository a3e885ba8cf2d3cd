import { follow, type KubeApi, type KubeObject } from './api.ts';

/** A Deployment at an instant. */
export interface Moment {
  /** Epoch ms. */
  readonly at: number;
  readonly spec: number;
  readonly created: number;
  readonly ready: number;
}

/** What a test did, or what broke, for the chart. */
export interface Mark {
  readonly at: number;
  readonly what: string;
}

export interface Timeline {
  /** Every change since the Deployment was made, oldest first. */
  readonly moments: readonly Moment[];
  readonly marks: readonly Mark[];
  mark(what: string): void;
  now(): Moment;
}

export interface Timelines {
  /** Throws for a Deployment that was never seen. */
  of(namespace: string, name: string): Timeline;
  stop(): void;
}

/** Follows all Deployments, through restarts of the API server. */
export async function followTimelines(api: KubeApi): Promise<Timelines> {
  const moments = new Map<string, Moment[]>();
  const marks = new Map<string, Mark[]>();
  const record = (object: KubeObject, gone: boolean): void => {
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    // What a test cleans away is no change that it is about.
    if (gone || object.metadata.deletionTimestamp !== undefined) return;
    const list = moments.get(key) ?? [];
    moments.set(key, list);
    const moment = momentOf(object);
    const last = list.at(-1);
    if (!last || last.spec !== moment.spec || last.created !== moment.created || last.ready !== moment.ready)
      list.push(moment);
  };
  const following = await follow(api, '/apis/apps/v1/deployments', record);
  return {
    of(namespace, name) {
      const key = `${namespace}/${name}`;
      const list = moments.get(key);
      if (!list) throw new Error(`no Deployment ${key} was seen`);
      const itsMarks = marks.get(key) ?? [];
      marks.set(key, itsMarks);
      return {
        moments: list,
        marks: itsMarks,
        mark: (what) => void itsMarks.push({ at: Date.now(), what }),
        now: () => list.at(-1) ?? { at: 0, spec: 0, created: 0, ready: 0 },
      };
    },
    stop: () => following.stop(),
  };
}

function momentOf(object: KubeObject): Moment {
  const spec = object.spec as { readonly replicas?: number };
  const status = (object.status ?? {}) as { readonly replicas?: number; readonly readyReplicas?: number };
  return {
    at: Date.now(),
    spec: spec.replicas ?? 1,
    created: status.replicas ?? 0,
    ready: status.readyReplicas ?? 0,
  };
}

/** `spec.replicas` from `from` on, each value once in a row; what it was at `from` comes first. */
export function specsSince(timeline: Timeline, from: number): readonly number[] {
  const before = timeline.moments.filter(({ at }) => at <= from).at(-1);
  const after = timeline.moments.filter(({ at }) => at > from);
  const specs = [...(before ? [before] : []), ...after].map(({ spec }) => spec);
  return specs.filter((spec, index) => spec !== specs[index - 1]);
}

/** How many pods were ready at an instant. */
export function readyAt(timeline: Timeline, at: number): number {
  return timeline.moments.filter((moment) => moment.at <= at).at(-1)?.ready ?? 0;
}

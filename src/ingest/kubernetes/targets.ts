import type { FleetId } from '../../core/fleet.ts';
import type { Pod } from './pod.ts';
import { type PodFacts, podFacts } from './pod-facts.ts';
import type { TargetRef } from './scaled-object.ts';
import { anchorOf, type Selector, selects } from './selector.ts';
import type { Workload } from './workload.ts';

/** A scale target that some fleet asks about, with its pods. Owned by Targets. */
export interface Target {
  readonly namespace: string;
  /** Lower case. */
  readonly kind: string;
  readonly name: string;
  readonly ref: TargetRef;
  /** Null while it was not seen. */
  workload: Workload | null;
  readonly pods: Map<string, Pod>;
  /** Of the pods; null when they changed since. */
  facts: PodFacts | null;
  /** Who asks about it. */
  readonly fleets: Map<string, FleetId>;
  /** Epoch ms at which `workload` was last read, where it is read and not watched. */
  readAt: number | null;
}

/** Finds a pod's targets by one label that their selectors ask for, so that an event costs the same among thousands. */
export class Targets {
  readonly #targets = new Map<string, Target>();
  readonly #byAnchor = new Map<string, Set<Target>>();
  readonly #podsIn: (namespace: string) => Iterable<Pod>;

  constructor(podsIn: (namespace: string) => Iterable<Pod>) {
    this.#podsIn = podsIn;
  }

  get(namespace: string, kind: string, name: string): Target | undefined {
    return this.#targets.get(keyOf(namespace, kind, name));
  }

  all(): IterableIterator<Target> {
    return this.#targets.values();
  }

  add(namespace: string, ref: TargetRef): Target {
    const kind = ref.kind.toLowerCase();
    const target: Target = {
      namespace,
      kind,
      name: ref.name,
      ref,
      workload: null,
      pods: new Map(),
      facts: null,
      fleets: new Map(),
      readAt: null,
    };
    this.#targets.set(keyOf(namespace, kind, ref.name), target);
    return target;
  }

  remove(target: Target): void {
    this.#targets.delete(keyOf(target.namespace, target.kind, target.name));
    this.#unindex(target);
  }

  /** What the target says of itself now. Its pods are looked for anew only when its selector is another. */
  setWorkload(target: Target, workload: Workload | null): void {
    const [before, after] = [target.workload?.selector ?? null, workload?.selector ?? null];
    const same = JSON.stringify(before) === JSON.stringify(after);
    if (same) {
      target.workload = workload;
      return;
    }
    this.#unindex(target);
    target.workload = workload;
    target.pods.clear();
    target.facts = null;
    if (after === null) return;
    const anchor = anchorKey(target.namespace, after);
    const targets = this.#byAnchor.get(anchor) ?? new Set();
    this.#byAnchor.set(anchor, targets.add(target));
    for (const pod of this.#podsIn(target.namespace))
      if (selects(after, pod.labels)) target.pods.set(pod.name, pod);
  }

  /** A pod came, changed or went; its targets are told of it. */
  podChanged(before: Pod | undefined, after: Pod | undefined): readonly Target[] {
    if (before !== undefined)
      for (const target of this.#of(before)) {
        target.pods.delete(before.name);
        target.facts = null;
      }
    if (after === undefined) return [];
    const targets = this.#of(after);
    for (const target of targets) {
      target.pods.set(after.name, after);
      target.facts = null;
    }
    return targets;
  }

  #of({ namespace, labels }: Pod): readonly Target[] {
    if (this.#byAnchor.size === 0) return NOBODY;
    const found: Target[] = [];
    const look = (anchor: string): void => {
      for (const target of this.#byAnchor.get(anchor) ?? NOBODY) {
        if (selects(target.workload?.selector ?? [], labels)) found.push(target);
      }
    };
    for (const key in labels) look(`${namespace}/${key}=${labels[key]}`);
    look(`${namespace}/`);
    return found;
  }

  #unindex(target: Target): void {
    const selector = target.workload?.selector;
    if (selector) this.#byAnchor.get(anchorKey(target.namespace, selector))?.delete(target);
  }
}

export function factsOf(target: Target): PodFacts {
  target.facts ??= podFacts(target.pods.values());
  return target.facts;
}

const NOBODY: readonly Target[] = [];

function anchorKey(namespace: string, selector: Selector): string {
  return `${namespace}/${anchorOf(selector) ?? ''}`;
}

function keyOf(namespace: string, kind: string, name: string): string {
  return `${namespace}/${kind}/${name}`;
}

import type { FleetId } from '../../core/fleet.ts';
import type { Pod } from './pod.ts';
import { type PodFacts, podFacts } from './pod-facts.ts';
import type { TargetRef } from './scaled-object.ts';
import { anchorOf, type Labels, type Selector, selects } from './selector.ts';
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

/** Targets by the value of a label. */
type Anchored = Map<string, Set<Target>>;

/** Finds a pod's targets by one label that their selectors ask for, so that an event costs the same among thousands. */
export class Targets {
  readonly #targets = new Map<string, Target>();
  /** By namespace, and there by the key and value of the label that finds them. */
  readonly #anchored = new Map<string, Map<string, Anchored>>();
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
    this.#index(target, after);
    for (const pod of this.#podsIn(target.namespace))
      if (selects(after, pod.labels)) target.pods.set(pod.name, pod);
  }

  /** A pod came, changed or went; its targets are told of it. */
  podChanged(before: Pod | undefined, after: Pod | undefined): readonly Target[] {
    const targets = after === undefined ? NOBODY : this.#of(after);
    // Most events leave the labels as they were, and with them the pod's targets.
    if (before !== undefined && !(after !== undefined && areSame(before.labels, after.labels))) {
      for (const target of this.#of(before)) {
        target.pods.delete(before.name);
        target.facts = null;
      }
    }
    if (after === undefined) return targets;
    for (const target of targets) {
      target.pods.set(after.name, after);
      target.facts = null;
    }
    return targets;
  }

  #of({ namespace, labels }: Pod): readonly Target[] {
    const found: Target[] = [];
    for (const [key, byValue] of this.#anchored.get(namespace) ?? []) {
      for (const target of byValue.get(labels[key] ?? '') ?? NOBODY)
        if (selects(target.workload?.selector ?? [], labels)) found.push(target);
    }
    return found;
  }

  #index(target: Target, selector: Selector): void {
    const { key, value } = anchorOf(selector) ?? NO_LABEL;
    const byKey = madeAt(this.#anchored, target.namespace, () => new Map<string, Anchored>());
    const byValue: Anchored = madeAt(byKey, key, () => new Map());
    madeAt(byValue, value, () => new Set()).add(target);
  }

  #unindex(target: Target): void {
    const selector = target.workload?.selector;
    if (!selector) return;
    const { key, value } = anchorOf(selector) ?? NO_LABEL;
    const byValue = this.#anchored.get(target.namespace)?.get(key);
    const targets = byValue?.get(value);
    targets?.delete(target);
    if (targets?.size === 0) byValue?.delete(value);
  }
}

export function factsOf(target: Target): PodFacts {
  target.facts ??= podFacts(target.pods.values());
  return target.facts;
}

const NOBODY: readonly Target[] = [];

function areSame(some: Labels, others: Labels): boolean {
  let count = 0;
  for (const key in some) {
    if (some[key] !== others[key]) return false;
    count += 1;
  }
  return Object.keys(others).length === count;
}

/** Where targets are that no label finds: no pod has it, so it is looked up as an empty one. */
const NO_LABEL = { key: '', value: '' };

function madeAt<T>(map: Map<string, T>, key: string, make: () => T): T {
  const made = map.get(key) ?? make();
  map.set(key, made);
  return made;
}

function keyOf(namespace: string, kind: string, name: string): string {
  return `${namespace}/${kind}/${name}`;
}

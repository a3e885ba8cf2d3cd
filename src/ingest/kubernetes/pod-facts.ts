import type { Unschedulable } from '../../core/cluster-facts.ts';
import type { Pod } from './pod.ts';

/** What the pods of one scale target come to. Pods on their way out are counted apart. */
export interface PodFacts {
  /** Of those that stay. */
  readonly created: number;
  readonly ready: number;
  /** Created and not ready, the unschedulable ones among them. */
  readonly starting: number;
  readonly startingSince: number | null;
  readonly unschedulable: number;
  /** The one that waits longest. */
  readonly longestUnschedulable: Unschedulable | null;
  readonly terminating: number;
}

export function podFacts(pods: Iterable<Pod>): PodFacts {
  let [ready, starting, unschedulable, terminating] = [0, 0, 0, 0];
  let startingSince: number | null = null;
  let longest: Unschedulable | null = null;
  for (const pod of pods) {
    if (pod.deleted !== null) {
      terminating++;
      continue;
    }
    if (pod.ready) {
      ready++;
      continue;
    }
    starting++;
    startingSince = Math.min(startingSince ?? pod.created, pod.created);
    if (pod.unschedulable === null) continue;
    unschedulable++;
    const { since, message } = pod.unschedulable;
    if (isLonger({ pod: pod.name, since, message }, longest)) longest = { pod: pod.name, since, message };
  }
  return {
    created: ready + starting,
    ready,
    starting,
    startingSince,
    unschedulable,
    longestUnschedulable: longest,
    terminating,
  };
}

/** Of two that wait equally long the first by name, so that two scalers name the same one. */
function isLonger(one: Unschedulable, other: Unschedulable | null): boolean {
  if (other === null || one.since !== other.since) return other === null || one.since < other.since;
  return one.pod < other.pod;
}

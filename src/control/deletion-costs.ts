import type { Logger } from 'pino';
import type { Cluster, FleetView } from '../ingest/kubernetes/cluster.ts';
import type { Pod } from '../ingest/kubernetes/pod.ts';
import type { Reading } from '../ingest/source.ts';
import type { Track } from './track.ts';

/** A pod whose deletion cost is to change. */
export interface CostChange {
  readonly pod: Pod;
  /** Null: takes the annotation away. */
  readonly cost: number | null;
}

/**
 * So that a ReplicaSet that removes `going` pods removes those with the fewest running requests: they get costs below
 * zero, the idlest the lowest, and others that are below zero lose theirs. Empty where the order is right already, which keeps
 * writes few; and where the requests of some pod are not known. Pods that are not ready go first anyway.
 */
export function planCosts(
  pods: Iterable<Pod>,
  running: ReadonlyMap<string, number>,
  going: number,
): readonly CostChange[] {
  const staying = [...pods].filter(({ deleted }) => deleted === null);
  const ready = staying.filter((pod) => pod.ready);
  const most = Math.min(going - (staying.length - ready.length), ready.length - 1);
  if (most <= 0 || ready.some(({ name }) => !running.has(name))) return [];
  const load = ({ name }: Pod): number => running.get(name) ?? 0;
  const byLoad = [...ready].sort((a, b) => load(a) - load(b) || (a.name < b.name ? -1 : 1));
  const byCost = [...ready].sort((a, b) => a.deletionCost - b.deletionCost);
  // Equal costs leave the choice to the ReplicaSet: only what is strictly below the rest is chosen.
  const chosen = byCost.slice(0, most);
  const border = byCost[most]?.deletionCost ?? Number.POSITIVE_INFINITY;
  const decided = chosen.every(({ deletionCost }) => deletionCost < border);
  const lost = (going: readonly Pod[]): number => going.reduce((sum, pod) => sum + load(pod), 0);
  if (decided && lost(chosen) <= lost(byLoad.slice(0, most))) return [];
  return byLoad.flatMap((pod, index) => {
    const cost = index < most ? index - most : null;
    const keeps = cost === null ? pod.deletionCost >= 0 : pod.deletionCost === cost;
    return keeps ? [] : [{ pod, cost }];
  });
}

/** Writes under way at once, over all fleets; what is more waits for the next cycle. */
const MOST_WRITES = 20;
/** A pod is not written again sooner, ms: its load may swing between two others. */
const REST = 60_000;
/** Kinds that a ReplicaSet removes pods of; others go by their ordinals. */
const KINDS = new Set(['deployment', 'replicaset']);

export interface DeletionCostsOptions {
  readonly cluster: Cluster;
  readonly log: Logger;
  readonly now: () => number;
}

/** Keeps `controller.kubernetes.io/pod-deletion-cost` of fleets that are about to fall. */
export class DeletionCosts {
  readonly #options: DeletionCostsOptions;
  readonly #written = new Map<string, number>();
  #writing = 0;
  #refused = false;

  constructor(options: DeletionCostsOptions) {
    this.#options = options;
  }

  /** Looks at a fleet after its decision. Writes are not waited for. */
  consider(track: Track, reading: Reading): void {
    if (!fallIsNear(track) || reading.runningOf === undefined) return;
    const view = this.#options.cluster.view(track.query);
    if (view.target === null || !KINDS.has(view.target.kind)) return;
    const going = goingOf(track, view);
    if (going <= 0) return;
    for (const change of planCosts(view.members.values(), reading.runningOf(track.query), going)) {
      if (this.#writing >= MOST_WRITES) return;
      if (this.#options.now() - (this.#written.get(change.pod.uid) ?? 0) >= REST) void this.#write(change);
    }
  }

  async #write({ pod, cost }: CostChange): Promise<void> {
    const { cluster, log, now } = this.#options;
    this.#forget();
    this.#written.set(pod.uid, now());
    this.#writing++;
    const answer = await cluster.setDeletionCost(pod, cost);
    this.#writing--;
    if (answer.ok || answer.status === 404) this.#refused = false;
    else if (!this.#refused) {
      this.#refused = true;
      log.warn(
        { pod: pod.name, why: `the API server ${answer.error}` },
        'pod deletion costs cannot be written',
      );
    }
  }

  #forget(): void {
    const before = this.#options.now() - REST;
    for (const [uid, at] of this.#written) {
      if (at >= before) return;
      this.#written.delete(uid);
    }
  }
}

/** A fall is wanted and waits, or was asked for and has not been made yet. */
function fallIsNear({ state, kept }: Track): boolean {
  if (state.wish?.direction === 'down') return true;
  const line = kept?.line;
  return line !== undefined && line.replicas !== null && line.replicas < (line.replicaFacts.spec ?? 0);
}

/** How many pods are to go when the fall comes. */
function goingOf({ state, kept }: Track, { pods }: FleetView): number {
  const target = state.wish?.direction === 'down' ? state.wish.last : (kept?.line.replicas ?? null);
  return target === null || pods === null ? 0 : pods.created - target;
}

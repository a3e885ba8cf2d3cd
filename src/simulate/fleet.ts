import { DeadlineQueue } from './deadline-queue.ts';
import { NodePool } from './node-pool.ts';
import { type ColdStart, createPod, type GpuTime, gpuTime, makeReady, type Pod } from './pod.ts';
import type { ReplicaProfile } from './profiles.ts';
import type { RequestListener, SimRequest } from './request.ts';

/** Which ready pod gets the next request: the one with the fewest, the oldest first among equals, or each in turn. */
export type Router = 'least-loaded' | 'round-robin';

export interface FleetOptions {
  readonly seed: string | number;
  readonly profile: ReplicaProfile;
  readonly coldStart: ColdStart;
  /** How long a deleted pod may finish what it has (terminationGracePeriodSeconds, with a preStop that drains). */
  readonly gracePeriodMs: number;
  readonly listener: RequestListener;
  /** Default least-loaded. */
  readonly router?: Router;
}

/**
 * A Deployment of vLLM pods behind a router. Requests that find no ready pod wait at the gateway, first come first served,
 * until one is ready or their client hangs up.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #pods: Pod[] = [];
  /** Those that are not gone, in order of creation. */
  #live: Pod[] = [];
  readonly #nodes: NodePool;
  readonly #gateway = new DeadlineQueue<SimRequest>(({ deadline }) => deadline);
  #spec = 0;
  #created = 0;
  #turn = 0;
  #now: number;
  /** The next instant at which a pod changes by itself; Infinity: none will. */
  #nextDue = Number.POSITIVE_INFINITY;
  #changes = 0;

  constructor(startedAt: number, options: FleetOptions) {
    this.#now = startedAt;
    this.#options = options;
    this.#nodes = new NodePool(options.seed, options.coldStart);
  }

  /** Pods that ever existed, in order of creation. */
  get pods(): readonly Pod[] {
    return this.#pods;
  }

  /** Pods that are not gone, in order of creation. */
  get livePods(): readonly Pod[] {
    return this.#live;
  }

  /** Grows whenever a pod came, changed its phase or went. */
  get changes(): number {
    return this.#changes;
  }

  get specReplicas(): number {
    return this.#spec;
  }

  /** `status.replicas`: pods that exist and are not being deleted, ready or not. */
  get statusReplicas(): number {
    return this.#live.reduce((count, { deletedAt }) => (deletedAt === null ? count + 1 : count), 0);
  }

  get readyReplicas(): number {
    return this.#count('ready');
  }

  get startingReplicas(): number {
    return this.statusReplicas - this.readyReplicas;
  }

  /** Pods that wait for a node. */
  get pendingReplicas(): number {
    return this.#count('pending');
  }

  /** Requests that wait at the gateway. */
  get gatewayDepth(): number {
    return this.#gateway.length;
  }

  /** Requests that are nowhere finished or failed yet. */
  get inFlight(): number {
    return this.#live.reduce((sum, pod) => sum + (pod.replica?.inFlight ?? 0), this.#gateway.length);
  }

  /** GPU milliseconds paid for up to the instant it was last advanced to, by what they were spent on. */
  get gpuTime(): GpuTime {
    const total = { starting: 0, serving: 0, draining: 0, buffer: this.#nodes.bufferMs(this.#now) };
    for (const pod of this.#pods) {
      const { starting, serving, draining } = gpuTime(pod, this.#now);
      total.starting += starting;
      total.serving += serving;
      total.draining += draining;
    }
    return total;
  }

  /** All GPU milliseconds paid for. */
  get gpuMs(): number {
    const { starting, serving, draining, buffer } = this.gpuTime;
    return starting + serving + draining + buffer;
  }

  /** Sets spec.replicas at the instant it was last advanced to. */
  scale(replicas: number): void {
    this.#spec = replicas;
    const alive = this.#live.filter(({ deletedAt }) => deletedAt === null);
    const surplus = alive.length - replicas;
    for (let missing = -surplus; missing > 0; missing--) this.#create();
    if (surplus > 0) for (const pod of alive.sort(deletedFirst).slice(0, surplus)) this.#delete(pod);
    this.#sweep();
  }

  /** Sets the count of pause pods, which hold nodes for the next pods. */
  scaleBuffer(pausePods: number): void {
    this.#nodes.scaleBuffer(pausePods, this.#now);
  }

  /** A fleet that has run for long: its pods are ready at once. For the start of a story only. */
  startWarm(replicas: number): void {
    this.scale(replicas);
    for (const pod of this.#live) makeReady(pod, this.#options.profile, this.#now, this.#options.listener);
    this.#sweep();
  }

  submit(request: SimRequest, at: number): void {
    this.advance(at);
    this.#gateway.push(request);
    this.#route(at);
  }

  advance(to: number): void {
    while (this.#nextDue <= to) {
      const next = this.#nextDue;
      this.#advanceReplicas(next);
      for (const pod of this.#live) this.#transition(pod, next);
      this.#sweep();
      this.#route(next);
    }
    this.#advanceReplicas(to);
    this.#hangUp(to);
  }

  #count(phase: Pod['phase']): number {
    return this.#live.reduce((count, pod) => (pod.phase === phase ? count + 1 : count), 0);
  }

  #create(): void {
    const { seed, coldStart } = this.#options;
    const ordinal = this.#created++;
    const warm = this.#nodes.take(this.#live.length, this.#now);
    const pod = createPod(this.#now, { seed, ordinal, coldStart, warm });
    if (pod.boundAt <= this.#now) pod.phase = 'starting';
    this.#pods.push(pod);
    this.#live.push(pod);
  }

  #delete(pod: Pod): void {
    pod.deletedAt = this.#now;
    pod.phase = 'terminating';
    this.#transition(pod, this.#now);
  }

  /** Forgets the pods that are gone, and looks when the next one changes. */
  #sweep(): void {
    this.#changes++;
    if (this.#live.some(({ phase }) => phase === 'gone'))
      this.#live = this.#live.filter(({ phase }) => phase !== 'gone');
    this.#nextDue = this.#live.reduce(
      (next, pod) => Math.min(next, this.#due(pod)),
      Number.POSITIVE_INFINITY,
    );
  }

  #due(pod: Pod): number {
    switch (pod.phase) {
      case 'pending':
        return pod.boundAt;
      case 'starting':
        return pod.readyAt;
      case 'terminating':
        return (pod.deletedAt ?? 0) + this.#options.gracePeriodMs;
      case 'ready':
      case 'gone':
        return Number.POSITIVE_INFINITY;
    }
  }

  #transition(pod: Pod, at: number): void {
    if (pod.phase === 'pending' && pod.boundAt <= at) pod.phase = 'starting';
    if (pod.phase === 'starting' && pod.readyAt <= at) {
      makeReady(pod, this.#options.profile, pod.readyAt, this.#options.listener);
    }
    if (pod.phase === 'terminating') this.#terminate(pod, at);
  }

  /** Gone when the last request is done, or killed when the grace period is over. */
  #terminate(pod: Pod, at: number): void {
    const deletedAt = pod.deletedAt ?? at;
    const killAt = deletedAt + this.#options.gracePeriodMs;
    const idleSince = pod.replica ? pod.replica.idleSince : deletedAt;
    if (idleSince === null && at < killAt) return;
    pod.replica?.kill(at);
    pod.phase = 'gone';
    // A pod that never got a node is paid for from bound to gone: nothing.
    pod.goneAt = Math.max(Math.min(idleSince ?? killAt, killAt), deletedAt);
  }

  #advanceReplicas(to: number): void {
    let gone = false;
    for (const pod of this.#live) {
      pod.replica?.advance(to);
      if (pod.phase !== 'terminating') continue;
      this.#terminate(pod, to);
      gone ||= pod.deletedAt !== null && pod.goneAt !== null;
    }
    this.#now = to;
    if (gone) this.#sweep();
  }

  #route(at: number): void {
    this.#hangUp(at);
    while (this.#gateway.length > 0) {
      const pod = this.#options.router === 'round-robin' ? this.#nextInTurn() : this.#leastLoaded();
      if (pod === null) return;
      const request = this.#gateway.shift();
      if (request) pod.replica?.submit(request, at);
    }
  }

  #leastLoaded(): Pod | null {
    let best: Pod | null = null;
    let fewest = Number.POSITIVE_INFINITY;
    for (const pod of this.#live) {
      const load = pod.phase === 'ready' && pod.replica ? pod.replica.inFlight : Number.POSITIVE_INFINITY;
      if (load >= fewest) continue;
      best = pod;
      fewest = load;
    }
    return best;
  }

  #nextInTurn(): Pod | null {
    const ready = this.#live.filter(({ phase }) => phase === 'ready');
    return ready[this.#turn++ % ready.length] ?? null;
  }

  #hangUp(at: number): void {
    for (const request of this.#gateway.takeOverdue(at))
      this.#options.listener.failed(request, request.deadline, 'timeout');
  }
}

const DELETION_RANK = { pending: 0, starting: 1, ready: 2, terminating: 3, gone: 3 } as const;

/** Whom a ReplicaSet deletes first: without a node, then not ready, then the youngest ready. */
function deletedFirst(a: Pod, b: Pod): number {
  return DELETION_RANK[a.phase] - DELETION_RANK[b.phase] || b.readyAt - a.readyAt || b.ordinal - a.ordinal;
}

import { type ColdStart, createPod, gpuMs, makeReady, type Pod } from './pod.ts';
import type { ReplicaProfile } from './profiles.ts';
import type { RequestListener, SimRequest } from './request.ts';

export interface FleetOptions {
  readonly seed: string | number;
  readonly profile: ReplicaProfile;
  readonly coldStart: ColdStart;
  /** How long a deleted pod may finish what it has (terminationGracePeriodSeconds, with a preStop that drains). */
  readonly gracePeriodMs: number;
  readonly listener: RequestListener;
}

/**
 * A Deployment of vLLM pods behind a least-loaded router. Requests that find no ready pod wait at the gateway, first come
 * first served, until one is ready or their client hangs up.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #pods: Pod[] = [];
  readonly #gateway: SimRequest[] = [];
  #spec = 0;
  #created = 0;
  #now: number;

  constructor(startedAt: number, options: FleetOptions) {
    this.#now = startedAt;
    this.#options = options;
  }

  /** Pods that ever existed, in order of creation. */
  get pods(): readonly Pod[] {
    return this.#pods;
  }

  get specReplicas(): number {
    return this.#spec;
  }

  /** `status.replicas`: pods that exist and are not being deleted, ready or not. */
  get statusReplicas(): number {
    return this.#alive().length;
  }

  get readyReplicas(): number {
    return this.#ready().length;
  }

  get startingReplicas(): number {
    return this.statusReplicas - this.readyReplicas;
  }

  /** Requests that wait at the gateway. */
  get gatewayDepth(): number {
    return this.#gateway.length;
  }

  /** Requests that are nowhere finished or failed yet. */
  get inFlight(): number {
    return this.#pods.reduce((sum, pod) => sum + (pod.replica?.inFlight ?? 0), this.#gateway.length);
  }

  /** GPU milliseconds paid for up to the instant it was last advanced to. */
  get gpuMs(): number {
    return this.#pods.reduce((sum, pod) => sum + gpuMs(pod, this.#now), 0);
  }

  /** Sets spec.replicas at the instant it was last advanced to. */
  scale(replicas: number): void {
    this.#spec = replicas;
    const surplus = this.#alive().length - replicas;
    for (let missing = -surplus; missing > 0; missing--) this.#create();
    if (surplus <= 0) return;
    for (const pod of [...this.#alive()].sort(deletedFirst).slice(0, surplus)) this.#delete(pod);
  }

  /** A fleet that has run for long: its pods are ready at once. For the start of a story only. */
  startWarm(replicas: number): void {
    this.scale(replicas);
    for (const pod of this.#alive()) makeReady(pod, this.#options.profile, this.#now, this.#options.listener);
  }

  submit(request: SimRequest, at: number): void {
    this.advance(at);
    this.#gateway.push(request);
    this.#route(at);
  }

  advance(to: number): void {
    for (let next = this.#nextTransition(to); next !== null; next = this.#nextTransition(to)) {
      this.#advanceReplicas(next);
      this.#now = next;
      for (const pod of this.#pods) this.#transition(pod, next);
      this.#route(next);
    }
    this.#advanceReplicas(to);
    this.#now = to;
    for (const pod of this.#pods) this.#transition(pod, to);
    this.#hangUp(to);
  }

  #alive(): Pod[] {
    return this.#pods.filter(({ deletedAt }) => deletedAt === null);
  }

  #ready(): Pod[] {
    return this.#pods.filter(({ phase }) => phase === 'ready');
  }

  #create(): void {
    const { seed, coldStart } = this.#options;
    const onNodes = this.#pods.filter(({ phase }) => phase !== 'gone').length;
    const ordinal = this.#created++;
    const pod = createPod(this.#now, { seed, ordinal, coldStart, warm: onNodes < coldStart.warmNodes });
    if (pod.boundAt <= this.#now) pod.phase = 'starting';
    this.#pods.push(pod);
  }

  #delete(pod: Pod): void {
    pod.deletedAt = this.#now;
    pod.phase = 'terminating';
    this.#transition(pod, this.#now);
  }

  /** The next instant up to `to` at which a pod changes by itself. */
  #nextTransition(to: number): number | null {
    let next: number | null = null;
    for (const pod of this.#pods) {
      const at = this.#due(pod);
      if (at !== null && at > this.#now && at <= to && (next === null || at < next)) next = at;
    }
    return next;
  }

  #due(pod: Pod): number | null {
    switch (pod.phase) {
      case 'pending':
        return pod.boundAt;
      case 'starting':
        return pod.readyAt;
      case 'terminating':
        return (pod.deletedAt ?? 0) + this.#options.gracePeriodMs;
      case 'ready':
      case 'gone':
        return null;
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
    for (const { replica } of this.#pods) replica?.advance(to);
  }

  /** Hands what waits at the gateway to the pod with the fewest requests, the oldest first among equals. */
  #route(at: number): void {
    this.#hangUp(at);
    const ready = this.#ready();
    if (ready.length === 0) return;
    for (const request of this.#gateway.splice(0)) {
      const pod = ready.reduce((best, other) => (load(other) < load(best) ? other : best));
      pod.replica?.submit(request, at);
    }
  }

  #hangUp(at: number): void {
    for (let index = 0; index < this.#gateway.length; index++) {
      const request = this.#gateway[index];
      if (!request || request.deadline > at) continue;
      this.#gateway.splice(index--, 1);
      this.#options.listener.failed(request, request.deadline, 'timeout');
    }
  }
}

function load(pod: Pod): number {
  return pod.replica?.inFlight ?? Number.POSITIVE_INFINITY;
}

const DELETION_RANK = { pending: 0, starting: 1, ready: 2, terminating: 3, gone: 3 } as const;

/** Whom a ReplicaSet deletes first: without a node, then not ready, then the youngest ready. */
function deletedFirst(a: Pod, b: Pod): number {
  return DELETION_RANK[a.phase] - DELETION_RANK[b.phase] || b.readyAt - a.readyAt || b.ordinal - a.ordinal;
}

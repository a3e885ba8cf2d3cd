import type { ColdStart } from './pod.ts';
import { createRandom, lognormal } from './random.ts';

/** A pause pod: it holds a node until a pod of the fleet wants it. Instants are epoch ms. */
interface PausePod {
  readonly boundAt: number;
}

/**
 * The nodes of one fleet: `coldStart.warmNodes` that are always there, one for each pod beyond them, and those that pause
 * pods hold. A pod beyond the warm nodes takes the node of a bound pause pod at once; the pause pod then waits for a new
 * one, as a pod of lower priority does that was preempted.
 */
export class NodePool {
  readonly #seed: string | number;
  readonly #coldStart: ColdStart;
  #pausePods: readonly PausePod[] = [];
  #drawn = 0;
  /** Paid for by pause pods that are gone. */
  #spentMs = 0;

  constructor(seed: string | number, coldStart: ColdStart) {
    this.#seed = seed;
    this.#coldStart = coldStart;
  }

  /** Whether a new pod beside `pods` others has a node at once. */
  take(pods: number, at: number): boolean {
    if (pods < this.#coldStart.warmNodes) return true;
    const bound = this.#pausePods.find(({ boundAt }) => boundAt <= at);
    if (bound === undefined) return false;
    this.#end(bound, at);
    this.#begin(at);
    return true;
  }

  scaleBuffer(wanted: number, at: number): void {
    while (this.#pausePods.length < wanted) this.#begin(at);
    // Whoever still waits for a node goes first.
    const dearestLast = this.#pausePods.toSorted((a, b) => b.boundAt - a.boundAt);
    for (const pod of dearestLast.slice(0, Math.max(0, dearestLast.length - wanted))) this.#end(pod, at);
  }

  /** GPU milliseconds of pause pods, from bound to gone. */
  bufferMs(now: number): number {
    return this.#pausePods.reduce((sum, { boundAt }) => sum + Math.max(0, now - boundAt), this.#spentMs);
  }

  #begin(at: number): void {
    const { medianSeconds, sigma } = this.#coldStart.node;
    const random = createRandom(this.#seed, 'pause-pod', this.#drawn++);
    const boundAt = at + Math.round(lognormal(random, medianSeconds, sigma) * 1000);
    this.#pausePods = [...this.#pausePods, { boundAt }];
  }

  #end(pod: PausePod, at: number): void {
    this.#spentMs += Math.max(0, at - pod.boundAt);
    this.#pausePods = this.#pausePods.filter((other) => other !== pod);
  }
}

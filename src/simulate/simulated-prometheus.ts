import type { CounterName, GaugeName, PrometheusView } from './autoscalers/autoscaler.ts';
import type { Fleet } from './fleet.ts';
import type { Pod } from './pod.ts';
import { createRandom } from './random.ts';
import { Scrapes } from './scrapes.ts';

export const SCRAPE_INTERVAL_MS = 15_000;
/** Columns of the fleet's sums, which subqueries reach back over on a grid of one scrape interval. */
const GAUGE_ORDER: readonly GaugeName[] = ['running', 'waiting', 'kvCacheUsage'];

/** A Prometheus that scrapes one fleet's pods and kube-state-metrics, each at a phase of its own in the interval. */
export class SimulatedPrometheus implements PrometheusView {
  readonly scrapeIntervalMs = SCRAPE_INTERVAL_MS;
  readonly retentionMs: number;
  kubeState: PrometheusView['kubeState'] = null;
  readonly #fleet: Fleet;
  readonly #seed: string | number;
  readonly #kubeStatePhase: number;
  #current: Scrapes[] = [];
  /** Pods that are gone and whose samples a range still covers. */
  #ended: Scrapes[] = [];
  #now: number;
  /** The fleet's `changes` when its pods were last looked up, and when the next scrape was last worked out. */
  #discovered = -1;
  #planned = -1;
  #nextAt: number;
  readonly #phases = new WeakMap<Pod, number>();
  readonly #sums: Float64Array;
  /** Index of the newest row of `#sums`, counted in scrape intervals of Unix time; NaN before the first. */
  #sumsUntil = Number.NaN;
  #sumsFrom = Number.NaN;
  readonly #rows: number;

  constructor(fleet: Fleet, { seed, start, retentionMs }: PrometheusOptions) {
    this.#fleet = fleet;
    this.#seed = seed;
    this.#now = start;
    this.#nextAt = start;
    this.retentionMs = retentionMs;
    this.#rows = Math.ceil(retentionMs / SCRAPE_INTERVAL_MS) + 2;
    this.#sums = new Float64Array(this.#rows * GAUGE_ORDER.length).fill(Number.NaN);
    this.#kubeStatePhase = Math.floor(createRandom(seed, 'scrape', 'kube-state')() * SCRAPE_INTERVAL_MS);
  }

  /** The next instant at which something is scraped. */
  get nextAt(): number {
    if (this.#planned !== this.#fleet.changes) this.#plan();
    return this.#nextAt;
  }

  /** Scrapes what is due at `at`; the fleet must have been advanced to it. */
  turn(at: number): void {
    this.#now = at;
    this.#discover();
    for (const series of this.#current) if (this.#isDue(series.pod, at)) series.scrape(at);
    if (mod(at - this.#kubeStatePhase, SCRAPE_INTERVAL_MS) === 0) this.kubeState = this.#readKubeState(at);
    if (at % SCRAPE_INTERVAL_MS === 0) this.#keepSums(at);
    this.#plan();
  }

  /** Tells what time it is to queries that come between scrapes. */
  at(now: number): this {
    this.#now = now;
    return this;
  }

  get pods(): readonly Scrapes[] {
    return this.#current.filter(({ at }) => at > Number.NEGATIVE_INFINITY);
  }

  sum(gauge: GaugeName): number | null {
    let sum: number | null = null;
    for (const series of this.#current)
      if (series.at > Number.NEGATIVE_INFINITY) sum = (sum ?? 0) + series.gauge(gauge);
    return sum;
  }

  sumOfAverages(gauge: GaugeName, windowMs: number): number | null {
    return this.#sumOver((series) => series.average(gauge, windowMs, this.#now));
  }

  rate(counter: CounterName, windowMs: number): number | null {
    return this.#sumOver((series) => series.rate(counter, windowMs, this.#now));
  }

  averageOfSum(gauges: readonly GaugeName[], windowMs: number): number | null {
    let total = 0;
    let count = 0;
    this.#eachSum(gauges, windowMs, (value) => {
      total += value;
      count++;
    });
    return count === 0 ? null : total / count;
  }

  maxOfSum(gauges: readonly GaugeName[], windowMs: number): number | null {
    let highest: number | null = null;
    this.#eachSum(gauges, windowMs, (value) => {
      highest = highest === null ? value : Math.max(highest, value);
    });
    return highest;
  }

  #sumOver(value: (series: Scrapes) => number | null): number | null {
    let sum: number | null = null;
    for (const list of [this.#current, this.#ended]) {
      for (const series of list) {
        const known = value(series);
        if (known !== null) sum = (sum ?? 0) + known;
      }
    }
    return sum;
  }

  /** Calls `take` with the fleet's sum of `gauges` at each grid instant in (now - windowMs, now] that has one. */
  #eachSum(gauges: readonly GaugeName[], windowMs: number, take: (value: number) => void): void {
    if (Number.isNaN(this.#sumsUntil)) return;
    const oldest = Math.max(this.#sumsFrom, this.#sumsUntil - this.#rows + 1);
    const first = Math.max(oldest, Math.floor((this.#now - windowMs) / SCRAPE_INTERVAL_MS) + 1);
    const columns = gauges.map((gauge) => GAUGE_ORDER.indexOf(gauge));
    for (let row = first; row <= this.#sumsUntil; row++) {
      let value = 0;
      for (const column of columns)
        value += this.#sums[(row % this.#rows) * GAUGE_ORDER.length + column] ?? Number.NaN;
      if (!Number.isNaN(value)) take(value);
    }
  }

  #keepSums(at: number): void {
    const row = at / SCRAPE_INTERVAL_MS;
    if (Number.isNaN(this.#sumsFrom)) this.#sumsFrom = row;
    this.#sumsUntil = row;
    for (const [column, gauge] of GAUGE_ORDER.entries())
      this.#sums[(row % this.#rows) * GAUGE_ORDER.length + column] = this.sum(gauge) ?? Number.NaN;
  }

  #discover(): void {
    if (this.#discovered === this.#fleet.changes) return;
    this.#discovered = this.#fleet.changes;
    const known = new Set(this.#current.map(({ pod }) => pod));
    const gone = this.#current.filter(({ pod }) => pod.phase === 'gone');
    if (gone.length > 0) this.#current = this.#current.filter(({ pod }) => pod.phase !== 'gone');
    this.#ended = [...this.#ended, ...gone].filter(({ at }) => at > this.#now - this.retentionMs);
    for (const pod of this.#fleet.livePods)
      if (pod.replica !== null && !known.has(pod)) this.#current.push(new Scrapes(pod, this.#rows));
  }

  #plan(): void {
    this.#planned = this.#fleet.changes;
    const after = (phase: number) =>
      this.#now + SCRAPE_INTERVAL_MS - mod(this.#now - phase, SCRAPE_INTERVAL_MS);
    let next = Math.min(after(0), after(this.#kubeStatePhase));
    for (const pod of this.#fleet.livePods)
      if (pod.replica !== null) next = Math.min(next, after(this.#phaseOf(pod)));
    this.#nextAt = next;
  }

  #isDue(pod: Pod, at: number): boolean {
    return mod(at - this.#phaseOf(pod), SCRAPE_INTERVAL_MS) === 0;
  }

  /** Whole milliseconds, so that instants stay whole. */
  #phaseOf(pod: Pod): number {
    let phase = this.#phases.get(pod);
    if (phase === undefined) {
      phase = Math.floor(createRandom(this.#seed, 'scrape', pod.ordinal)() * SCRAPE_INTERVAL_MS);
      this.#phases.set(pod, phase);
    }
    return phase;
  }

  #readKubeState(at: number): PrometheusView['kubeState'] {
    const { specReplicas: spec, statusReplicas: status, readyReplicas: ready } = this.#fleet;
    return { at, spec, status, ready, unschedulable: this.#fleet.pendingReplicas };
  }
}

export interface PrometheusOptions {
  readonly seed: string | number;
  /** First instant, epoch ms, whole. */
  readonly start: number;
  readonly retentionMs: number;
}

function mod(value: number, by: number): number {
  return ((value % by) + by) % by;
}

import type { CounterName, GaugeName, ScrapedPod } from './autoscalers/autoscaler.ts';
import type { Pod } from './pod.ts';

const GAUGES: Readonly<Record<GaugeName, number>> = { running: 0, waiting: 1, kvCacheUsage: 2 };
const COUNTERS: Readonly<Record<CounterName, number>> = {
  finished: 3,
  promptTokens: 4,
  generationTokens: 5,
  preemptions: 6,
  firstTokenSeconds: 7,
  firstTokenCount: 8,
};
const COLUMNS = 9;

/** The samples of one pod's series, the newest `capacity` of them. */
export class Scrapes implements ScrapedPod {
  readonly pod: Pod;
  readonly #capacity: number;
  readonly #at: Float64Array;
  readonly #values: Float64Array;
  #count = 0;

  constructor(pod: Pod, capacity: number) {
    this.pod = pod;
    this.#capacity = capacity;
    this.#at = new Float64Array(capacity);
    this.#values = new Float64Array(capacity * COLUMNS);
  }

  get name(): string {
    return this.pod.name;
  }

  /** Timestamp of the newest sample; -Infinity before the first. */
  get at(): number {
    return this.#count === 0 ? Number.NEGATIVE_INFINITY : this.#time(this.#count - 1);
  }

  /** Reads the pod's engine, which must have been advanced to `at`. */
  scrape(at: number): void {
    const { replica } = this.pod;
    if (replica === null) return;
    const { counters } = replica;
    const slot = this.#count % this.#capacity;
    this.#at[slot] = at;
    const row = [
      replica.running,
      replica.waiting,
      replica.kvCacheUsage,
      counters.finished + counters.aborted,
      counters.promptTokens,
      counters.generationTokens,
      counters.preemptions,
      counters.firstToken.sum,
      counters.firstToken.count,
    ];
    this.#values.set(row, slot * COLUMNS);
    this.#count++;
  }

  gauge(name: GaugeName): number {
    return this.#value(this.#count - 1, GAUGES[name]);
  }

  counter(name: CounterName): number {
    return this.#value(this.#count - 1, COUNTERS[name]);
  }

  max(name: GaugeName, windowMs: number, now = this.at): number {
    let highest = Number.NEGATIVE_INFINITY;
    for (let index = this.#firstWithin(now - windowMs); index < this.#count; index++)
      highest = Math.max(highest, this.#value(index, GAUGES[name]));
    return highest;
  }

  /** `avg_over_time(gauge[windowMs])` at `now`; null without a sample in the window. */
  average(name: GaugeName, windowMs: number, now: number): number | null {
    const first = this.#firstWithin(now - windowMs);
    if (first === this.#count) return null;
    let sum = 0;
    for (let index = first; index < this.#count; index++) sum += this.#value(index, GAUGES[name]);
    return sum / (this.#count - first);
  }

  /** `rate(counter[windowMs])` at `now`, per second, extrapolated to the window's edges as Prometheus does it. */
  rate(name: CounterName, windowMs: number, now: number): number | null {
    const column = COUNTERS[name];
    const first = this.#firstWithin(now - windowMs);
    const last = this.#count - 1;
    if (last <= first) return null;
    const increase = this.#value(last, column) - this.#value(first, column);
    const sampled = this.#time(last) - this.#time(first);
    const apart = sampled / (last - first);
    const near = (gap: number) => (gap >= apart * 1.1 ? apart / 2 : gap);
    let before = near(this.#time(first) - (now - windowMs));
    // A counter cannot have been below zero: it is not extrapolated to before it was.
    if (increase > 0) before = Math.min(before, (sampled * this.#value(first, column)) / increase);
    const after = near(now - this.#time(last));
    return (increase * (sampled + before + after)) / sampled / (windowMs / 1000);
  }

  #time(index: number): number {
    return this.#at[index % this.#capacity] ?? Number.NaN;
  }

  #value(index: number, column: number): number {
    return this.#values[(index % this.#capacity) * COLUMNS + column] ?? Number.NaN;
  }

  /** Index of the first sample after `start`; the count when there is none. A range is open to the left. */
  #firstWithin(start: number): number {
    const oldest = Math.max(0, this.#count - this.#capacity);
    let index = this.#count;
    while (index > oldest && this.#time(index - 1) > start) index--;
    return index;
  }
}

import type { ChartPoint } from './scaler.ts';

/** Numbers of a point, in the order they are stored in. */
const WIDTH = 5;

/**
 * The newest `capacity` points of a fleet's chart, oldest first. As plain numbers, not as objects: of 10,000 fleets they
 * would be more than all decisions, and each evaluation would leave as many behind for collection. An array and no
 * Float64Array, whose buffer is 240 bytes of objects, and memory of its own between others that come and go.
 */
export class Chart {
  #numbers: number[] = [];
  #capacity: number;
  #oldest = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity);
  }

  push({ at, demand, floor, replicas, ready }: ChartPoint): void {
    if (this.#numbers.length === 0)
      this.#numbers = new Array<number>(this.#capacity * WIDTH).fill(Number.NaN);
    const place = ((this.#oldest + this.#length) % this.#capacity) * WIDTH;
    if (this.#length < this.#capacity) this.#length++;
    else this.#oldest = (this.#oldest + 1) % this.#capacity;
    // Unknown is not zero: NaN, which no known number is.
    this.#numbers[place] = at;
    this.#numbers[place + 1] = demand ?? Number.NaN;
    this.#numbers[place + 2] = floor;
    this.#numbers[place + 3] = replicas ?? Number.NaN;
    this.#numbers[place + 4] = ready ?? Number.NaN;
  }

  resize(capacity: number): void {
    if (capacity === this.#capacity) return;
    const points = this.toArray().slice(-Math.max(1, capacity));
    this.#capacity = Math.max(1, capacity);
    this.#numbers = [];
    this.#oldest = 0;
    this.#length = 0;
    for (const point of points) this.push(point);
  }

  toArray(): readonly ChartPoint[] {
    const points: ChartPoint[] = [];
    for (let index = 0; index < this.#length; index++) {
      const place = ((this.#oldest + index) % this.#capacity) * WIDTH;
      points.push({
        at: this.#numbers[place] ?? 0,
        demand: known(this.#numbers[place + 1]),
        floor: this.#numbers[place + 2] ?? 0,
        replicas: known(this.#numbers[place + 3]),
        ready: known(this.#numbers[place + 4]),
      });
    }
    return points;
  }
}

function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

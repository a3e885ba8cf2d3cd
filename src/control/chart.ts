import type { ChartPoint } from './scaler.ts';

/** Bytes of a point: its instant, and four numbers of which half as many are enough. */
const WIDTH = 8 + 4 * 4;
/** Of any number, as a float of 32 bits keeps them. */
const DIGITS = 6;

/**
 * The newest `capacity` points of a fleet's chart, oldest first; demand is kept to six digits. As bytes, not as objects: of 10,000
 * fleets they would be more than all decisions, and each evaluation would leave as many behind for collection. A view of
 * memory that Buffers share, for each chart with a buffer of its own would be 240 bytes of objects more.
 */
export class Chart {
  #points: DataView | null = null;
  #capacity: number;
  #oldest = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity);
  }

  push({ at, demand, floor, replicas, ready }: ChartPoint): void {
    this.#points ??= viewOf(Buffer.allocUnsafe(this.#capacity * WIDTH));
    const place = ((this.#oldest + this.#length) % this.#capacity) * WIDTH;
    if (this.#length < this.#capacity) this.#length++;
    else this.#oldest = (this.#oldest + 1) % this.#capacity;
    this.#points.setFloat64(place, at);
    // Unknown is not zero: NaN, which no known number is.
    this.#points.setFloat32(place + 8, demand ?? Number.NaN);
    this.#points.setFloat32(place + 12, floor);
    this.#points.setFloat32(place + 16, replicas ?? Number.NaN);
    this.#points.setFloat32(place + 20, ready ?? Number.NaN);
  }

  resize(capacity: number): void {
    if (capacity === this.#capacity) return;
    const points = this.toArray().slice(-Math.max(1, capacity));
    this.#capacity = Math.max(1, capacity);
    this.#points = null;
    this.#oldest = 0;
    this.#length = 0;
    for (const point of points) this.push(point);
  }

  toArray(): readonly ChartPoint[] {
    const points: ChartPoint[] = [];
    if (this.#points === null) return points;
    for (let index = 0; index < this.#length; index++) {
      const place = ((this.#oldest + index) % this.#capacity) * WIDTH;
      points.push({
        at: this.#points.getFloat64(place),
        demand: rounded(known(this.#points.getFloat32(place + 8))),
        floor: this.#points.getFloat32(place + 12),
        replicas: known(this.#points.getFloat32(place + 16)),
        ready: known(this.#points.getFloat32(place + 20)),
      });
    }
    return points;
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(DIGITS));
}

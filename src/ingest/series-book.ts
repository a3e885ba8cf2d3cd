import type { Metric, Point } from './points.ts';

/** A series that was read before: what stood in front of its value, and what that says. */
export interface Known {
  readonly metric: Metric;
  /** Where the book keeps the bytes. */
  readonly block: Buffer;
  readonly start: number;
  readonly length: number;
  /** The last point of it: a value that did not change is the same point. */
  point: Point | null;
  /** The series that came after it the last time: mostly the one that comes after it now. */
  next: Known | null;
  /** Another series whose bytes have the same hash. */
  readonly twin: Known | null;
  /** When it was last read. */
  turn: number;
}

/** Bytes of a block of copies; a longer series gets a block of its own. */
const BLOCK = 1 << 20;
/** So many may be in vain before all are forgotten. */
const SLACK = 1_000;

/**
 * The series of a store by the bytes that they are written with. From one evaluation to the next hardly any of them
 * changes but in its value, so labels are parsed, and their strings are kept, once and not at each evaluation.
 */
export class SeriesBook {
  #byHash = new Map<number, Known>();
  #texts = new Map<string, string>();
  #block: Buffer = Buffer.alloc(0);
  #used = 0;
  #size = 0;
  #touched = 0;
  #turn = 0;

  /** Number of series that are known. */
  get size(): number {
    return this.#size;
  }

  find(bytes: Buffer, start: number, end: number): Known | undefined {
    let known: Known | null | undefined = this.#byHash.get(hashOf(bytes, start, end));
    while (known && !isAt(known, bytes, start, end)) known = known.twin;
    return known ?? undefined;
  }

  add(bytes: Buffer, start: number, end: number, metric: Metric): Known {
    const length = end - start;
    if (this.#used + length > this.#block.length) {
      this.#block = Buffer.allocUnsafe(Math.max(BLOCK, length));
      this.#used = 0;
    }
    bytes.copy(this.#block, this.#used, start, end);
    const hash = hashOf(bytes, start, end);
    const known: Known = {
      metric: this.#shared(metric),
      block: this.#block,
      start: this.#used,
      length,
      point: null,
      next: null,
      twin: this.#byHash.get(hash) ?? null,
      turn: -1,
    };
    this.#used += length;
    this.#byHash.set(hash, known);
    this.#size++;
    return known;
  }

  /** Notes that a series is still there. */
  touch(known: Known): void {
    if (known.turn === this.#turn) return;
    known.turn = this.#turn;
    this.#touched++;
  }

  /** After a reading: where most of what is known was not in it, all is forgotten and learned anew. */
  sweep(): void {
    if (this.#size > 2 * this.#touched + SLACK) {
      this.#byHash = new Map();
      this.#texts = new Map();
      this.#block = Buffer.alloc(0);
      this.#used = 0;
      this.#size = 0;
    }
    this.#turn++;
    this.#touched = 0;
  }

  /** The labels with their strings shared: a pod's name is a label of all its series. */
  #shared(metric: Metric): Metric {
    const shared: Record<string, string> = {};
    for (const name in metric) {
      const text = metric[name] ?? '';
      const known = this.#texts.get(text);
      if (known === undefined) this.#texts.set(text, text);
      // A label called __proto__ must not become one.
      if (name === '__proto__') return metric;
      shared[name] = known ?? text;
    }
    return shared;
  }
}

export function isAt({ block, start, length }: Known, bytes: Buffer, from: number, to: number): boolean {
  if (to - from !== length || to > bytes.length) return false;
  return bytes.compare(block, start, start + length, from, to) === 0;
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
  return hash | 0;
}

/**
 * First come first served, and each entry gives up at its deadline. Cheap as long as deadlines ascend, as they do where all
 * clients have the same patience; where they do not, every look at the earliest one is a scan.
 */
export class DeadlineQueue<T> {
  readonly #deadlineOf: (entry: T) => number;
  #entries: T[] = [];
  #head = 0;
  #ascending = true;

  constructor(deadlineOf: (entry: T) => number) {
    this.#deadlineOf = deadlineOf;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  get first(): T | undefined {
    return this.#entries[this.#head];
  }

  push(entry: T): void {
    const last = this.#entries[this.#entries.length - 1];
    if (this.length === 0) this.#ascending = true;
    else if (last !== undefined && this.#deadlineOf(entry) < this.#deadlineOf(last)) this.#ascending = false;
    this.#entries.push(entry);
  }

  shift(): T | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#entries.length || this.#head > 1_024) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }

  /** The earliest deadline; Infinity of an empty queue. */
  get earliest(): number {
    const first = this.first;
    if (first === undefined) return Number.POSITIVE_INFINITY;
    if (this.#ascending) return this.#deadlineOf(first);
    let earliest = Number.POSITIVE_INFINITY;
    for (let index = this.#head; index < this.#entries.length; index++) {
      const entry = this.#entries[index];
      if (entry !== undefined) earliest = Math.min(earliest, this.#deadlineOf(entry));
    }
    return earliest;
  }

  /** Takes out everything whose deadline is at or before `at`, in the order of the queue. */
  takeOverdue(at: number): readonly T[] {
    if (this.earliest > at) return [];
    const entries = this.takeAll();
    const overdue: T[] = [];
    for (const entry of entries) (this.#deadlineOf(entry) <= at ? overdue : this.#entries).push(entry);
    return overdue;
  }

  /** Takes out everything. */
  takeAll(): T[] {
    const entries = this.#entries.slice(this.#head);
    this.#entries = [];
    this.#head = 0;
    return entries;
  }
}

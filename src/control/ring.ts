/** The newest `capacity` items, oldest first. It holds on to not one more: an item may be a whole decision. */
export class Ring<T> {
  #items: T[] = [];
  /** Place of the oldest item; not 0 only once all places are taken. */
  #oldest = 0;
  #capacity: number;

  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity);
  }

  push(item: T): void {
    // An array that grows has room for sixteen more; of many fleets each keeps one decision.
    if (this.#items.length === 0) this.#items = [item];
    else if (this.#items.length < this.#capacity) this.#items.push(item);
    else this.#replaceOldest(item);
  }

  #replaceOldest(item: T): void {
    this.#items[this.#oldest] = item;
    this.#oldest = (this.#oldest + 1) % this.#capacity;
  }

  resize(capacity: number): void {
    if (capacity === this.#capacity) return;
    const items = this.toArray();
    this.#capacity = Math.max(1, capacity);
    this.#items = items.slice(-this.#capacity);
    this.#oldest = 0;
  }

  toArray(): readonly T[] {
    return [...this.#items.slice(this.#oldest), ...this.#items.slice(0, this.#oldest)];
  }
}

/** The newest `capacity` items, oldest first. */
export class Ring<T> {
  readonly #items: T[] = [];
  #start = 0;
  #capacity: number;

  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity);
  }

  push(item: T): void {
    this.#items.push(item);
    if (this.#items.length - this.#start > this.#capacity) this.#start++;
    if (this.#start > 64 && this.#start * 2 > this.#items.length) this.#compact();
  }

  resize(capacity: number): void {
    this.#capacity = Math.max(1, capacity);
    this.#start = Math.max(this.#start, this.#items.length - this.#capacity);
    this.#compact();
  }

  last(): T | undefined {
    return this.#items[this.#items.length - 1];
  }

  toArray(): readonly T[] {
    return this.#items.slice(this.#start);
  }

  #compact(): void {
    this.#items.splice(0, this.#start);
    this.#start = 0;
  }
}

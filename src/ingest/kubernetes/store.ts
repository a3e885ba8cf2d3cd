import type { Json } from './objects.ts';
import type { Sink } from './reflector.ts';

interface Named {
  readonly namespace: string;
  readonly name: string;
}

export interface StoreOptions<T> {
  readonly read: (object: Json) => T;
  /** Called for every object that comes (`before` undefined), changes, or goes (`after` undefined). */
  readonly changed?: (before: T | undefined, after: T | undefined) => void;
}

/** The objects of one kind, by namespace and name, as reflectors last saw them. */
export class Store<T extends Named> {
  readonly #options: StoreOptions<T>;
  readonly #namespaces = new Map<string, Map<string, T>>();

  constructor(options: StoreOptions<T>) {
    this.#options = options;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  *in(namespace: string): Generator<T> {
    yield* this.#namespaces.get(namespace)?.values() ?? [];
  }

  *all(): Generator<T> {
    for (const objects of this.#namespaces.values()) yield* objects.values();
  }

  /** Where a reflector of `namespace` ('': of all) puts what it sees. */
  sink(namespace: string): Sink {
    let seen: Set<T> | null = null;
    const keep = (item: T): void => {
      seen?.add(item);
    };
    return {
      listing() {
        seen = new Set();
      },
      put: (object) => keep(this.#put(object)),
      remove: (object) => this.#remove(this.#options.read(object)),
      listed: () => {
        const listed = seen;
        seen = null;
        if (listed === null) return;
        const gone = [...(namespace === '' ? this.all() : this.in(namespace))].filter(
          (item) => !listed.has(item),
        );
        for (const item of gone) this.#remove(item);
      },
    };
  }

  #put(object: Json): T {
    const item = this.#options.read(object);
    const objects = this.#namespaces.get(item.namespace) ?? new Map<string, T>();
    this.#namespaces.set(item.namespace, objects);
    const before = objects.get(item.name);
    objects.set(item.name, item);
    this.#options.changed?.(before, item);
    return item;
  }

  #remove({ namespace, name }: T): void {
    const objects = this.#namespaces.get(namespace);
    const before = objects?.get(name);
    if (objects === undefined || before === undefined) return;
    objects.delete(name);
    if (objects.size === 0) this.#namespaces.delete(namespace);
    this.#options.changed?.(before, undefined);
  }
}

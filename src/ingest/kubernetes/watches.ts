import type { Slicer } from '../slices.ts';
import type { KubeApi, Params } from './api.ts';
import { type Patience, Reflector, type ReflectorState, type Sink } from './reflector.ts';

/** A collection to watch, in each namespace or in all at once. */
export interface Collection {
  /** As people call them: `pods`. */
  readonly subject: string;
  /** `/api/v1`, `/apis/apps/v1`. */
  readonly api: string;
  readonly resource: string;
  readonly params?: Params;
  readonly trim?: (line: Buffer) => string;
  /** Where the objects of a namespace ('' for all) go. */
  readonly sink: (namespace: string) => Sink;
}

export interface WatchesOptions {
  readonly api: KubeApi;
  /** Empty: the whole cluster. */
  readonly namespaces: readonly string[];
  readonly slicer: Slicer;
  readonly now: () => number;
  readonly random: () => number;
  readonly patience: Partial<Patience>;
  readonly onState: (subject: string, state: ReflectorState) => void;
}

const NOT_WATCHED: ReflectorState = { fresh: false, why: 'are not watched' };

/** The reflectors of all collections; a collection is watched from the first time that somebody needs it. */
export class Watches {
  readonly #options: WatchesOptions;
  /** By resource and namespace. */
  readonly #reflectors = new Map<string, Reflector>();

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  /** Idempotent. */
  start({ subject, api, resource, params, trim, sink }: Collection): void {
    const { namespaces, onState, ...rest } = this.#options;
    for (const namespace of namespaces.length === 0 ? [''] : namespaces) {
      const key = keyOf(resource, namespace);
      if (this.#reflectors.has(key)) continue;
      const within = namespace === '' ? '' : `/namespaces/${namespace}`;
      const named = namespace === '' ? subject : `${subject} in ${namespace}`;
      const reflector = new Reflector({
        ...rest,
        path: `${api}${within}/${resource}`,
        subject: named,
        sink: sink(namespace),
        ...(params ? { params } : {}),
        ...(trim ? { trim } : {}),
        onState: (state) => onState(named, state),
      });
      this.#reflectors.set(key, reflector);
    }
  }

  /** Whether what is known of a namespace's objects is the present. */
  stateOf(resource: string, namespace: string): ReflectorState {
    const reflector =
      this.#reflectors.get(keyOf(resource, '')) ?? this.#reflectors.get(keyOf(resource, namespace));
    return reflector?.state() ?? NOT_WATCHED;
  }

  /** What is watched in vain, in sentences. */
  lacks(): readonly string[] {
    const sentences: string[] = [];
    for (const reflector of this.#reflectors.values()) {
      const { why } = reflector.state();
      if (why !== null) sentences.push(`${reflector.subject} ${why}`);
    }
    return sentences;
  }

  close(): void {
    for (const reflector of this.#reflectors.values()) reflector.close();
  }
}

function keyOf(resource: string, namespace: string): string {
  return `${resource}/${namespace}`;
}

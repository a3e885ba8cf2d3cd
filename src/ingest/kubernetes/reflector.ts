import { setTimeout as delay } from 'node:timers/promises';
import { requestFailure } from '../http-error.ts';
import type { Slicer } from '../slices.ts';
import type { ApiFailure, KubeApi, Params } from './api.ts';
import { LineTooLong, linesOf } from './lines.ts';
import { isObject, type Json, listAt, objectAt, textAt } from './objects.ts';

/** Where the objects of a collection go. */
export interface Sink {
  /** A whole list begins: what is not put until `listed` is gone. */
  listing(): void;
  listed(): void;
  put(object: Json): void;
  remove(object: Json): void;
}

export interface ReflectorOptions {
  readonly api: KubeApi;
  /** Path of the collection: `/api/v1/namespaces/llm/pods`. */
  readonly path: string;
  /** What it is called in sentences: `pods in llm`. */
  readonly subject: string;
  readonly params?: Params;
  /** The text of an event's line without what nobody reads. */
  readonly trim?: (line: Buffer) => string;
  readonly sink: Sink;
  readonly slicer: Slicer;
  readonly now: () => number;
  readonly random: () => number;
  /** Told when the state changes: alive, or why not. */
  readonly onState?: (state: ReflectorState) => void;
  readonly patience?: Partial<Patience>;
}

/** How long what is waited for, ms. */
export interface Patience {
  /** A stream without a byte is dead: bookmarks come about every minute. */
  readonly silence: number;
  /** How long what was last seen counts as the present after the stream broke off. */
  readonly grace: number;
  readonly firstRetry: number;
  readonly longestRetry: number;
  /** Between attempts at what is forbidden or does not exist. */
  readonly refused: number;
}

export const PATIENCE: Patience = {
  silence: 90_000,
  grace: 30_000,
  firstRetry: 500,
  longestRetry: 30_000,
  refused: 60_000,
};

export interface ReflectorState {
  /** Whether what the sink holds is the present. */
  readonly fresh: boolean;
  /** Why it is not, the end of a sentence that begins with the subject; null when fresh or not tried yet. */
  readonly why: string | null;
}

const PAGE = '100';
/** The server ends a watch after this long, in seconds, and it is taken up again where it ended. */
const WATCH_SECONDS = 240;
const SHORTEST_WATCH = 1_000;
const LONGEST_EVENT = 16 * 1024 * 1024;

/**
 * Keeps a sink in step with a collection: lists it in pages, watches on from there, takes the watch up again after
 * every end, and lists anew when its place in history is gone (410). Never gives up until closed.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #patience: Patience;
  readonly #closed = new AbortController();
  #version: string | null = null;
  #failures = 0;
  #everListed = false;
  /** Last sign of life of a list or watch, epoch ms. */
  #heard = 0;
  #open = false;
  #why: string | null = null;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#patience = { ...PATIENCE, ...options.patience };
    void this.#run();
  }

  get subject(): string {
    return this.#options.subject;
  }

  state(): ReflectorState {
    const { silence, grace } = this.#patience;
    const age = this.#options.now() - this.#heard;
    const fresh = this.#everListed && age <= (this.#open ? silence + grace : grace);
    return { fresh, why: fresh ? null : this.#why };
  }

  close(): void {
    this.#closed.abort();
  }

  async #run(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      const failure = await this.#round().catch((reason: unknown) => failureFrom(reason));
      this.#open = false;
      if (this.#closed.signal.aborted) return;
      if (failure === null) {
        this.#failures = 0;
        continue;
      }
      if (failure.status === 410) this.#version = null;
      this.#told(failure);
      await delay(this.#pause(failure), undefined, { signal: this.#closed.signal }).catch(() => undefined);
    }
  }

  /** One list or one watch; null when it ended as it should. */
  async #round(): Promise<ApiFailure | null> {
    return this.#version === null ? this.#list() : this.#watch(this.#version);
  }

  async #list(): Promise<ApiFailure | null> {
    const { api, path, params, sink, slicer } = this.#options;
    sink.listing();
    let next = '';
    for (;;) {
      const page = { ...params, limit: PAGE, ...(next === '' ? {} : { continue: next }) };
      const answer = await api.get(path, page, this.#closed.signal);
      if (!answer.ok) return answer;
      this.#alive();
      for (const item of listAt(answer.value, 'items')) {
        if (isObject(item)) sink.put(item);
        await slicer.pause();
      }
      const metadata = objectAt(answer.value, 'metadata');
      next = textAt(metadata, 'continue');
      if (next !== '') continue;
      sink.listed();
      this.#version = textAt(metadata, 'resourceVersion');
      if (this.#everListed) return null;
      this.#everListed = true;
      this.#options.onState?.({ fresh: true, why: null });
      return null;
    }
  }

  async #watch(version: string): Promise<ApiFailure | null> {
    const { api, path, params, random } = this.#options;
    const query = {
      ...params,
      watch: 'true',
      resourceVersion: version,
      allowWatchBookmarks: 'true',
      // Spread, so that many watches do not end together.
      timeoutSeconds: String(Math.round(WATCH_SECONDS * (1 + random() / 4))),
    };
    const answer = await api.watch(path, query, this.#patience.silence, this.#closed.signal);
    if (!answer.ok) return answer;
    this.#open = true;
    this.#alive();
    const opened = this.#heard;
    let came = false;
    for await (const lines of linesOf(answer.value, LONGEST_EVENT)) {
      this.#alive();
      for (const line of lines) {
        const failure = this.#event(line);
        if (failure !== null) return failure;
        came = true;
        await this.#options.slicer.pause();
      }
    }
    this.#alive();
    // What ended at once would be asked again at once, without end.
    return came || this.#heard - opened >= SHORTEST_WATCH ? null : NOTHING_CAME;
  }

  #event(line: Buffer): ApiFailure | null {
    if (line.length === 0) return null;
    const event: unknown = JSON.parse(this.#options.trim?.(line) ?? line.toString('utf8'));
    const object = objectAt(event, 'object');
    const type = textAt(event, 'type');
    if (type === 'ERROR') return statusFailure(object);
    const version = textAt(objectAt(object, 'metadata'), 'resourceVersion');
    if (version !== '') this.#version = version;
    if (type === 'ADDED' || type === 'MODIFIED') this.#options.sink.put(object);
    else if (type === 'DELETED') this.#options.sink.remove(object);
    this.#failures = 0;
    return null;
  }

  #alive(): void {
    this.#heard = this.#options.now();
    if (this.#why === null) return;
    this.#why = null;
    this.#options.onState?.({ fresh: this.#everListed, why: null });
  }

  #told(failure: ApiFailure): void {
    const why = WORDS[failure.status ?? 0] ?? `cannot be watched: the API server ${failure.error}`;
    if (failure.status === 410 || why === this.#why) return;
    this.#why = why;
    this.#options.onState?.({ fresh: false, why });
  }

  #pause({ status, retryAfter }: ApiFailure): number {
    // Its place in history is gone, which is nobody's fault: list at once, unless that fails as well.
    if (status === 410 && this.#failures++ === 0) return 0;
    if (status === 403 || status === 404) return this.#patience.refused * (1 + this.#options.random() / 4);
    const { firstRetry, longestRetry } = this.#patience;
    const doubled = Math.min(longestRetry, firstRetry * 2 ** Math.min(20, this.#failures++));
    return Math.max(doubled * (0.5 + this.#options.random() / 2), Math.min(retryAfter ?? 0, longestRetry));
  }
}

const WORDS: Readonly<Record<number, string>> = {
  401: 'cannot be watched: the API server does not accept our credentials',
  403: 'may not be watched (RBAC)',
  404: 'cannot be watched: the API server does not know them',
};

const NOTHING_CAME: ApiFailure = {
  ok: false,
  status: null,
  error: 'ends every watch at once',
  retryAfter: null,
};

function statusFailure(status: Json): ApiFailure {
  const code = typeof status.code === 'number' ? status.code : null;
  return { ok: false, status: code, error: `ended the watch with ${code ?? 'an error'}`, retryAfter: null };
}

/** What was thrown while a body was read: the connection broke, or it was no JSON. */
function failureFrom(reason: unknown): ApiFailure {
  const error =
    reason instanceof SyntaxError
      ? 'sent something that is no JSON'
      : reason instanceof LineTooLong
        ? 'sent an event that is too large'
        : requestFailure(reason);
  return { ok: false, status: null, error, retryAfter: null };
}

import { Agent, request } from 'undici';

/** A Kubernetes object as JSON. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
  };
  readonly [field: string]: unknown;
}

interface List {
  readonly kind: string;
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly Omit<KubeObject, 'apiVersion' | 'kind'>[];
}

export interface ApiOptions {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

/** As much of Kubernetes' API as the tests need; no kubectl. */
export class KubeApi {
  readonly #options: ApiOptions;
  readonly #agent: Agent;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#agent = new Agent({ connect: { ca: options.ca }, bodyTimeout: 0, headersTimeout: 20_000 });
  }

  /** Answers undefined for what does not exist; rejects with the server's words for any other refusal. */
  async get(path: string): Promise<KubeObject | undefined> {
    return (await this.#call('GET', path)) as KubeObject | undefined;
  }

  /** Server-side apply: creates or changes, as often as it is called. Answers what the server made of it. */
  async apply(object: KubeObject, { dryRun = false } = {}): Promise<KubeObject> {
    const query = `?fieldManager=e2e&force=true${dryRun ? '&dryRun=All' : ''}`;
    const type = 'application/apply-patch+yaml';
    return (await this.#call('PATCH', `${pathOf(object)}${query}`, { body: object, type })) as KubeObject;
  }

  async patch(path: string, patch: unknown): Promise<void> {
    await this.#call('PATCH', path, { body: patch, type: 'application/merge-patch+json' });
  }

  async delete(path: string): Promise<void> {
    await this.#call('DELETE', path);
  }

  async list(path: string): Promise<List> {
    return (await this.#call('GET', path)) as List;
  }

  /** Whether a path answers 200. */
  async answers(path: string): Promise<boolean> {
    const { statusCode, body } = await this.#send('GET', path);
    await body.dump();
    return statusCode === 200;
  }

  /** The lines of a watch, until it ends. */
  async *watch(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const { statusCode, body } = await this.#send(
      'GET',
      `${path}?watch=true&resourceVersion=${resourceVersion}`,
      { signal },
    );
    if (statusCode !== 200) throw new Error(`watch ${path}: ${statusCode}: ${await body.text()}`);
    body.setEncoding('utf8');
    let rest = '';
    for await (const chunk of body as AsyncIterable<string>) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as WatchEvent;
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #call(method: Method, path: string, more: Sent = {}): Promise<unknown> {
    const { statusCode, body } = await this.#send(method, path, more);
    const text = await body.text();
    if (statusCode === 404 && method !== 'PATCH') return undefined;
    if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  #send(method: Method, path: string, { body, type, signal }: Sent = {}) {
    return request(`${this.#options.url}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: {
        authorization: `Bearer ${this.#options.token}`,
        ...(type !== undefined && { 'content-type': type }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      ...(signal && { signal }),
    });
  }
}

type Method = 'GET' | 'PATCH' | 'DELETE';

interface Sent {
  readonly body?: unknown;
  readonly type?: string;
  readonly signal?: AbortSignal;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'ERROR' | 'BOOKMARK';
  readonly object: KubeObject;
}

const CLUSTER_SCOPED = new Set([
  'APIService',
  'ClusterTriggerAuthentication',
  'CustomResourceDefinition',
  'Namespace',
  'Node',
  'PriorityClass',
]);

/** Where the API keeps an object. */
export function pathOf({ apiVersion, kind, metadata }: KubeObject): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = `${kind.toLowerCase()}${kind.endsWith('s') ? 'es' : 's'}`;
  const within = CLUSTER_SCOPED.has(kind) ? '' : `/namespaces/${metadata.namespace ?? 'default'}`;
  return `${root}${within}/${plural}/${metadata.name}`;
}

export interface Following {
  /** What exists now, by `namespace/name`. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  stop(): void;
}

/** Lists and watches a collection, again after every break; `onChange` hears of each object, gone ones with `gone`. */
export async function follow(
  api: KubeApi,
  path: string,
  onChange: (object: KubeObject, gone: boolean) => void,
): Promise<Following> {
  const objects = new Map<string, KubeObject>();
  const abort = new AbortController();
  const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
  const take = (object: KubeObject, gone: boolean): void => {
    if (gone) objects.delete(keyOf(object));
    else objects.set(keyOf(object), object);
    onChange(object, gone);
  };
  async function listOnce(): Promise<string> {
    const { items, metadata } = await api.list(path);
    const listed = items as readonly KubeObject[];
    const names = new Set(listed.map(keyOf));
    for (const [name, object] of [...objects]) if (!names.has(name)) take(object, true);
    for (const object of listed) take(object, false);
    return metadata.resourceVersion;
  }
  let version = await listOnce();
  const loop = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      try {
        for await (const { type, object } of api.watch(path, version, abort.signal)) {
          if (type === 'ERROR') break;
          if (type !== 'BOOKMARK') take(object, type === 'DELETED');
        }
      } catch {
        // The API server is away: the next list tells what was missed.
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (!abort.signal.aborted) version = await listOnce().catch(() => version);
    }
  };
  void loop();
  return { objects, stop: () => abort.abort() };
}

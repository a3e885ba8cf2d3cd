import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Record<string, unknown>;

interface Meta {
  name: string;
  namespace: string;
  resourceVersion?: string;
  [key: string]: unknown;
}
export interface KubeObject {
  metadata: Meta;
  [key: string]: unknown;
}

interface Event {
  readonly version: number;
  readonly resource: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

interface Watcher {
  readonly resource: string;
  readonly namespace: string;
  readonly response: ServerResponse;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly token: string;
}

/**
 * An API server as far as watching goes: lists in pages, watches from a version on, bookmarks, 410 for what was compacted,
 * 401 for a wrong token, answers that a test dictates, and connections that break.
 */
export class FakeKubernetes {
  readonly requests: SeenRequest[] = [];
  readonly patches: { readonly path: string; readonly body: Json }[] = [];
  /** Only this token is let in; '' lets in everybody. */
  token = '';
  /** Scale subresources by path. */
  readonly scales = new Map<string, Json>();
  readonly #server: Server;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #watchers = new Set<Watcher>();
  readonly #refusals = new Map<string, number>();
  #events: Event[] = [];
  #version = 1;
  #compacted = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<FakeKubernetes> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeKubernetes(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Watches of a resource that are open now. */
  watching(resource: string): number {
    return [...this.#watchers].filter((watcher) => watcher.resource === resource).length;
  }

  asked(resource: string, kind: 'list' | 'watch'): readonly SeenRequest[] {
    return this.requests.filter(
      ({ path, query }) => path.endsWith(`/${resource}`) && (query.watch === 'true') === (kind === 'watch'),
    );
  }

  put(resource: string, object: KubeObject): void {
    const objects = this.#collection(resource);
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    const type = objects.has(key) ? 'MODIFIED' : 'ADDED';
    this.#version++;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    objects.set(key, stored);
    this.#tell({ version: this.#version, resource, type, object: stored });
  }

  remove(resource: string, namespace: string, name: string): void {
    const object = this.#collection(resource).get(`${namespace}/${name}`);
    if (object === undefined) throw new Error(`no ${resource} ${namespace}/${name}`);
    this.#collection(resource).delete(`${namespace}/${name}`);
    this.#version++;
    const gone = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#tell({ version: this.#version, resource, type: 'DELETED', object: gone });
  }

  bookmark(resource: string): void {
    this.#send(resource, {
      type: 'BOOKMARK',
      object: { metadata: { resourceVersion: String(this.#version) } },
    });
  }

  /** Writes `line` as it is to every open watch of a resource. */
  say(resource: string, line: string): void {
    this.sayBytes(resource, Buffer.from(`${line}\n`));
  }

  sayBytes(resource: string, bytes: Buffer): void {
    for (const watcher of this.#watchers) if (watcher.resource === resource) watcher.response.write(bytes);
  }

  /** History before now is gone: who asks for it gets 410. Silent changes come with it. */
  compact(): void {
    this.#version++;
    this.#compacted = this.#version;
    this.#events = [];
  }

  /** Watches end: broken off in the middle, or as the server ends them after a while. */
  endWatches(how: 'broken' | 'clean'): void {
    for (const { response } of this.#watchers) {
      if (how === 'clean') response.end();
      else response.destroy();
    }
    this.#watchers.clear();
  }

  /** Every request for a resource is answered with `status`, until null. */
  refuse(resource: string, status: number | null): void {
    if (status === null) this.#refusals.delete(resource);
    else this.#refusals.set(resource, status);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const query = Object.fromEntries(url.searchParams);
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    this.requests.push({ method: request.method ?? '', path: url.pathname, query, token });
    const { resource, namespace, name } = partsOf(url.pathname);
    const refusal = this.token !== '' && token !== this.token ? 401 : this.#refusals.get(resource);
    if (refusal !== undefined) return status(response, refusal);
    const scale = this.scales.get(url.pathname);
    if (scale !== undefined) return json(response, 200, scale);
    if (request.method === 'PATCH') return this.#patch(request, response, { resource, namespace, name });
    if (name !== '') return status(response, 404);
    if (query.watch === 'true')
      return this.#watch(response, resource, namespace, Number(query.resourceVersion));
    return this.#list(response, resource, namespace, query);
  }

  #list(response: ServerResponse, resource: string, namespace: string, query: Record<string, string>): void {
    const all = [...this.#collection(resource).values()].filter((object) => isIn(object, namespace));
    const start = Number(query.continue ?? 0);
    const end = start + Number(query.limit ?? Number.POSITIVE_INFINITY);
    const next = end < all.length ? { continue: String(end) } : {};
    const metadata = { resourceVersion: String(this.#version), ...next };
    json(response, 200, { metadata, items: all.slice(start, end) });
  }

  #watch(response: ServerResponse, resource: string, namespace: string, version: number): void {
    if (version < this.#compacted) {
      status(response, 410);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watcher = { resource, namespace, response };
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
    for (const event of this.#events) if (event.version > version) send(watcher, event);
  }

  async #patch(
    request: IncomingMessage,
    response: ServerResponse,
    { resource, namespace, name }: { resource: string; namespace: string; name: string },
  ): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = JSON.parse(text) as { metadata: { annotations: Record<string, string | null> } };
    this.patches.push({ path: new URL(request.url ?? '/', this.url).pathname, body });
    const object = this.#collection(resource).get(`${namespace}/${name}`);
    if (object === undefined) return status(response, 404);
    const annotations = { ...(object.metadata.annotations as object), ...body.metadata.annotations };
    const kept = Object.fromEntries(Object.entries(annotations).filter(([, value]) => value !== null));
    this.put(resource, { ...object, metadata: { ...object.metadata, annotations: kept } });
    json(response, 200, {});
  }

  #tell(event: Event): void {
    this.#events.push(event);
    for (const watcher of this.#watchers) send(watcher, event);
  }

  #send(resource: string, event: Json): void {
    this.say(resource, JSON.stringify(event));
  }

  #collection(resource: string): Map<string, KubeObject> {
    const found = this.#objects.get(resource) ?? new Map<string, KubeObject>();
    this.#objects.set(resource, found);
    return found;
  }
}

function send(watcher: Watcher, { resource, type, object }: Event): void {
  if (watcher.resource !== resource || !isIn(object, watcher.namespace)) return;
  watcher.response.write(`${JSON.stringify({ type, object })}\n`);
}

const isIn = (object: KubeObject, namespace: string): boolean =>
  namespace === '' || object.metadata.namespace === namespace;

/** `/api/v1/namespaces/NS/pods/NAME`, `/apis/GROUP/VERSION/RESOURCE`, … */
function partsOf(path: string): { resource: string; namespace: string; name: string } {
  const parts = path.split('/').filter((part) => part !== '');
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const [first = '', namespace = '', resource = '', name = ''] = rest;
  return first === 'namespaces'
    ? { resource, namespace, name }
    : { resource: first, namespace: '', name: '' };
}

function json(response: ServerResponse, code: number, value: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  410: 'Expired',
};

function status(response: ServerResponse, code: number): void {
  json(response, code, { kind: 'Status', status: 'Failure', code, reason: REASONS[code] ?? 'InternalError' });
}

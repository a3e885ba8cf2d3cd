import { type Dispatcher, request } from 'undici';
import { readBounded } from '../bounded-body.ts';
import { requestFailure } from '../http-error.ts';
import type { Credentials } from './credentials.ts';
import { isObject, type Json, textAt } from './objects.ts';

/** Why a request failed. `status` is HTTP's, null when there was no answer. */
export interface ApiFailure {
  readonly ok: false;
  readonly status: number | null;
  /** The end of a sentence that begins with "the API server". */
  readonly error: string;
  /** ms that the server asked for. */
  readonly retryAfter: number | null;
}

export type ApiAnswer<T> = { readonly ok: true; readonly value: T } | ApiFailure;

export type Params = Readonly<Record<string, string>>;

/** The few calls to the API server that are needed. None of them rejects. */
export interface KubeApi {
  get(path: string, params: Params, signal: AbortSignal): Promise<ApiAnswer<Json>>;
  /** The body of a watch, while it comes. `silence`: ms without a byte after which it breaks off. */
  watch(
    path: string,
    params: Params,
    silence: number,
    signal: AbortSignal,
  ): Promise<ApiAnswer<AsyncIterable<Uint8Array>>>;
  /** A merge patch. */
  patch(path: string, body: Json, signal: AbortSignal): Promise<ApiAnswer<Json>>;
  close(): Promise<void>;
}

/** A page of a list; etcd's own limit keeps objects at 1.5 MB and pages are of 100. */
const MAX_BODY = 256 * 1024 * 1024;
const TIMEOUT = 30_000;

export function createKubeApi(credentials: Credentials): KubeApi {
  async function send(path: string, params: Params, more: Partial<Dispatcher.RequestOptions>) {
    const { agent, headers } = await credentials.prepare();
    const url = new URL(credentials.server + path);
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
    return request(url, {
      method: 'GET',
      headersTimeout: TIMEOUT,
      bodyTimeout: TIMEOUT,
      dispatcher: agent,
      ...more,
      headers: { ...headers, ...(more.headers as Record<string, string> | undefined) },
    });
  }

  async function answered<T>(
    sent: () => Promise<Dispatcher.ResponseData>,
    read: (response: Dispatcher.ResponseData) => Promise<T>,
  ): Promise<ApiAnswer<T>> {
    try {
      const response = await sent();
      if (response.statusCode === 200) return { ok: true, value: await read(response) };
      if (response.statusCode === 401) credentials.renew();
      return await failureOf(response);
    } catch (reason) {
      return { ok: false, status: null, error: requestFailure(reason), retryAfter: null };
    }
  }

  return {
    get: (path, params, signal) => answered(() => send(path, params, { signal }), readObject),
    watch: (path, params, silence, signal) =>
      answered(
        () => send(path, params, { signal, bodyTimeout: silence }),
        async ({ body }) => body,
      ),
    patch: (path, body, signal) =>
      answered(
        () =>
          send(
            path,
            {},
            {
              method: 'PATCH',
              body: JSON.stringify(body),
              headers: { 'content-type': 'application/merge-patch+json' },
              signal,
            },
          ),
        readObject,
      ),
    close: () => credentials.close(),
  };
}

async function readObject({ body }: Dispatcher.ResponseData): Promise<Json> {
  const value: unknown = JSON.parse(await readBounded(body, MAX_BODY));
  if (!isObject(value)) throw new Error('no object');
  return value;
}

/** Reasons are words of the API (`Forbidden`, `Expired`); messages may hold names and stay out, but for what is not allowed. */
async function failureOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<ApiFailure> {
  const text = await readBounded(body, 64 * 1024).catch(() => '');
  const reason = textAt(parsed(text), 'reason');
  const after = headers['retry-after'];
  return {
    ok: false,
    status: statusCode,
    error: `answered ${statusCode}${/^\w+$/.test(reason) ? ` (${reason})` : ''}`,
    retryAfter: typeof after === 'string' && /^\d{1,5}$/.test(after) ? Number(after) * 1000 : null,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

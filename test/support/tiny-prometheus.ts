import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificates.ts';

/** A pod of vLLM as Prometheus would know it. */
export interface TinyPod {
  readonly namespace: string;
  readonly pod: string;
  readonly model: string;
  readonly running: number | string;
  readonly waiting: number | string;
  /** Whether its series are there. Default true. */
  readonly reports?: boolean;
  /** Value of its `up`; null when it is no target any more. Default 1. */
  readonly up?: 0 | 1 | null;
  /** How old its newest sample is, ms; negative: from the future. Default 0. */
  readonly age?: number;
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: string;
}

/** What a fault may look at, and how it goes back to answering well. */
export interface TinyRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: string;
  /** The JSON of a good answer. */
  readonly good: () => string;
}

export type Fault = (request: TinyRequest) => void;

export interface TinyPrometheus {
  readonly url: string;
  pods: readonly TinyPod[];
  /** Whether its store began less than two minutes ago. */
  young: boolean;
  /** Answers in place of the good answer; null: it is well. */
  fault: Fault | null;
  /** Requests that came so far, of which the newest `inFlight` have no answer yet; `most` at once, ever since it was set to 0. */
  readonly load: { requests: number; inFlight: number; most: number };
  /** Refuses connections until listen() on the same port. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * An HTTP server that answers the queries of ingest from a list of pods, in memory, as Prometheus would at the instant
 * asked for, and that can misbehave. A query is known by the metric it selects. It has no history, as a store that has
 * just begun.
 */
export async function startTinyPrometheus(
  pods: readonly TinyPod[] = [],
  tls?: Certificate,
): Promise<TinyPrometheus> {
  const load = { requests: 0, inFlight: 0, most: 0 };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    load.requests++;
    load.inFlight++;
    load.most = Math.max(load.most, load.inFlight);
    response.once('close', () => load.inFlight--);
    let body = '';
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    const good = () => answerOf(tiny, request.url ?? '', form);
    if (tiny.fault) tiny.fault({ request, response, query: form.get('query') ?? '', good });
    else sendJson(response, good());
  };
  const newServer = () => {
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      // A client that leaves in the middle of its request is none of this server's business.
      handle(request, response).catch(() => response.destroy());
    };
    return tls ? createTlsServer(tls, listener) : createServer(listener);
  };
  let server = newServer();
  let port = 0;
  const tiny: TinyPrometheus = {
    get url() {
      return `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
    },
    pods,
    young: false,
    fault: null,
    load,
    async listen() {
      server = newServer();
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
    },
    async refuse() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
    stop: () => tiny.refuse(),
  };
  await tiny.listen();
  return tiny;
}

export function sendJson(response: ServerResponse, text: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(text);
}

function answerOf(tiny: TinyPrometheus, path: string, form: URLSearchParams): string {
  const query = form.get('query') ?? '';
  if (path.endsWith('query_range')) return JSON.stringify(success('matrix', []));
  const time = Number(form.get('time'));
  const result = seriesFor(tiny, query, time).map(({ metric, value }) => ({ metric, value: [time, value] }));
  return JSON.stringify(success('vector', result));
}

function success(resultType: string, result: readonly unknown[]) {
  return { status: 'success', data: { resultType, result } };
}

function seriesFor(tiny: TinyPrometheus, query: string, time: number): Series[] {
  const reporting = tiny.pods.filter(({ reports = true }) => reports);
  if (query === 'vector(1)') return [{ metric: {}, value: '1' }];
  if (query.includes('__name__="up"')) return upOf(tiny);
  if (query.includes('timestamp(')) {
    return reporting.map((pod) => ({
      metric: labelsOf(pod),
      value: String(time - (pod.age ?? 0) / 1000),
    }));
  }
  if (query.startsWith('max by (__name__') && query.includes('num_requests_running')) {
    return reporting.flatMap((pod) =>
      (['running', 'waiting'] as const).map((gauge) => ({
        metric: { __name__: `vllm:num_requests_${gauge}`, ...labelsOf(pod) },
        value: String(pod[gauge]),
      })),
    );
  }
  return [];
}

function upOf({ pods, young }: TinyPrometheus): Series[] {
  const targets = pods.filter(({ up = 1 }) => up !== null);
  if (targets.length === 0) return [];
  const all = { metric: {}, value: String(targets.length) };
  const mark = { metric: { store: 'young' }, value: String(targets.length) };
  const each = targets.map(({ namespace, pod, up = 1 }) => ({
    metric: { namespace, pod },
    value: String(up),
  }));
  return [...each, all, ...(young ? [mark] : [])];
}

function labelsOf({ namespace, pod, model }: TinyPod): Record<string, string> {
  return { namespace, pod, model_name: model, engine: '0' };
}

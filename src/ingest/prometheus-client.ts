import { type Dispatcher, request } from 'undici';
import { formatDuration } from '../core/duration.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { BodyTooLarge, formatBytes } from './bounded-body.ts';
import { createHttpAccess, type HttpAccess, type HttpAccessOptions } from './http-access.ts';
import { requestFailure } from './http-error.ts';
import { type RangeSeries, type Vector, vectorOf } from './points.ts';
import {
  type Answer,
  failed,
  parseAnswer,
  parseMatrix,
  parseVector,
  rangeSeriesOf,
} from './prometheus-answer.ts';
import { readSeriesBody, type SeriesBody } from './series-body.ts';
import { SeriesBook } from './series-book.ts';
import { createSlicer } from './slices.ts';
import { readVectorBody, type VectorBody } from './vector-body.ts';

export interface PrometheusClientOptions extends HttpAccessOptions {
  /** With a path prefix and a query, where there are any: both are kept. */
  readonly url: string;
  /** Largest answer that is read. */
  readonly maxResponseBytes?: number | undefined;
  /** Our clock, to hold the server's against. Default: it is not looked at. */
  readonly clock?: Clock | undefined;
}

export interface Clock {
  readonly now: () => number;
  /** How far ahead of ours the server's may be, ms. */
  readonly maxAhead: number;
}

/** Epoch ms. `start`, `start + step`, … up to `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

export interface PrometheusClient {
  query(promql: string, at: number, signal: AbortSignal): Promise<Answer<Vector>>;
  queryRange(promql: string, range: Range, signal: AbortSignal): Promise<Answer<readonly RangeSeries[]>>;
  /** Once after each evaluation: forgets series that are gone. */
  sweep(): void;
  close(): Promise<void>;
}

const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/** History reads minutes of everything at once and nobody waits for it, so it may take this many times `timeout`. */
const RANGE_PATIENCE = 10;

/** A body of which a part was taken out while it came in; `rest` is the document without it. */
interface Body {
  readonly rest: string;
}

interface Call<B extends Body> {
  readonly call: string;
  readonly form: Record<string, string>;
  readonly timeout: number;
  readonly read: (body: AsyncIterable<Uint8Array>) => Promise<B>;
}

interface Read<B extends Body> {
  /** The answer's `data`, but for what was taken out of it. */
  readonly data: unknown;
  readonly body: B;
}

/** Client of Prometheus' HTTP API, and of all that speak it. Throws ScalerError `invalid` for an address that is none. */
export function createPrometheusClient(options: PrometheusClientOptions): PrometheusClient {
  const base = checkedUrl(options.url);
  const access = createHttpAccess(options);
  const limit = options.maxResponseBytes ?? MAX_RESPONSE_BYTES;

  const slicer = createSlicer();
  const book = new SeriesBook();

  async function post<B extends Body>(
    { call, form, read, timeout }: Call<B>,
    signal: AbortSignal,
  ): Promise<Answer<Read<B>>> {
    const deadline = AbortSignal.timeout(timeout);
    const until = AbortSignal.any([signal, deadline]);
    try {
      const answer = await send(access, apiUrl(base, call), form, until);
      const ahead = clockAhead(answer, options.clock);
      const data = readDocument(answer, await read(answer.body));
      return data.ok && ahead !== null ? failed(ahead) : data;
    } catch (reason) {
      if (reason instanceof BodyTooLarge) {
        return failed(`answered with more than ${formatBytes(limit)}`, { tooLarge: true });
      }
      if (deadline.aborted) return failed(`did not answer within ${formatDuration(timeout)}`);
      return failed(signal.aborted ? 'was not waited for' : requestFailure(reason));
    }
  }

  return {
    async query(promql, at, signal) {
      const form = { query: promql, time: seconds(at) };
      const read = (body: AsyncIterable<Uint8Array>) =>
        readVectorBody(body, { limit, slicer, book, query: promql });
      const answer = await post({ call: 'query', form, read, timeout: options.timeout }, signal);
      return answer.ok ? wholeVector(answer.value) : answer;
    },
    async queryRange(promql, { start, end, step }, signal) {
      const form = { query: promql, start: seconds(start), end: seconds(end), step: seconds(step) };
      const timeout = options.timeout * RANGE_PATIENCE;
      const read = (body: AsyncIterable<Uint8Array>) =>
        readSeriesBody(body, { limit, slicer, itemOf: rangeSeriesOf });
      const answer = await post({ call: 'query_range', form, read, timeout }, signal);
      return answer.ok ? wholeMatrix(answer.value) : answer;
    },
    sweep: () => book.sweep(),
    close: () => access.close(),
  };
}

function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new ScalerError('invalid', 'prometheus.url: must be an http(s) address without user and password');
  }
  return url;
}

function apiUrl(base: URL, call: string): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/api/v1/${call}`;
  url.hash = '';
  return url;
}

async function send(access: HttpAccess, url: URL, form: Record<string, string>, signal: AbortSignal) {
  const { agent, headers } = await access.prepare();
  return request(url, {
    method: 'POST',
    // POST, since a query over many names outgrows what a URL may hold.
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
    dispatcher: agent,
    signal,
  });
}

/**
 * Why what the server says of now is old: with a clock that is ahead it finds, at our now, what it scraped that much
 * earlier, and nothing in the samples tells. A clock that is behind shows in their age.
 */
function clockAhead({ headers }: Dispatcher.ResponseData, clock: Clock | undefined): string | null {
  const date = typeof headers.date === 'string' ? Date.parse(headers.date) : Number.NaN;
  if (clock === undefined || !(date - clock.now() > clock.maxAhead)) return null;
  return `has a clock that is ${formatDuration(Math.round((date - clock.now()) / 1000) * 1000)} ahead of ours, so its samples are older than they say`;
}

/** All series of an answer: those taken out of its body, and those that were left. */
function wholeVector({ data, body }: Read<VectorBody>): Answer<Vector> {
  const left = parseVector(data);
  if (!left.ok) return left;
  return {
    ok: true,
    value: left.value.length === 0 ? body.vector : joined(body.vector, vectorOf(left.value)),
  };
}

function joined(first: Vector, second: Vector): Vector {
  const values = new Float64Array(first.values.length + second.values.length);
  values.set(first.values);
  values.set(second.values, first.values.length);
  return { metrics: first.metrics.concat(second.metrics), values };
}

function wholeMatrix({ data, body }: Read<SeriesBody<RangeSeries>>): Answer<readonly RangeSeries[]> {
  const left = parseMatrix(data);
  return left.ok ? { ok: true, value: body.items.concat(left.value) } : left;
}

function readDocument<B extends Body>(answer: Dispatcher.ResponseData, body: B): Answer<Read<B>> {
  const { statusCode: status } = answer;
  const retryAfter = retryAfterMs(answer.headers['retry-after']);
  if (status === 429) return failed('answered 429: too many requests', { retryAfter });
  if (status === 401 || status === 403)
    return failed(`answered ${status}: it does not accept our credentials`);
  if (status >= 300 && status < 400) return failed(`answered ${status}: a redirect, which is not followed`);
  const parsed = parseAnswer(status, body.rest);
  if (parsed.ok) return { ok: true, value: { data: parsed.value, body } };
  return retryAfter === null ? parsed : { ...parsed, retryAfter };
}

/** Retry-After in seconds; its other form, a date, needs a clock and is not read. */
function retryAfterMs(header: string | readonly string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;
}

/** The API's timestamps: seconds with milliseconds. */
function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

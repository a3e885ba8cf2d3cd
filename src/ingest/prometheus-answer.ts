import type { Metric, Point, RangeSeries } from './points.ts';

/** What a query came to. Failure is a value: a source that misbehaves is an expected condition. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      /** One sentence without secrets. */
      readonly error: string;
      /** Milliseconds that the server asked us to wait; null when it did not say. */
      readonly retryAfter: number | null;
      /** The same query over less would succeed: over our size limit, or over one of the server's. */
      readonly tooLarge: boolean;
    };

export function failed(
  error: string,
  more: { retryAfter?: number | null; tooLarge?: boolean } = {},
): Answer<never> {
  return { ok: false, error, retryAfter: more.retryAfter ?? null, tooLarge: more.tooLarge ?? false };
}

/** Limits that Prometheus names in its 422 and 400 answers, and that a shorter range stays under. */
const SERVER_LIMIT = /exceeded maximum resolution|too many samples|query timed out|limit/i;

/**
 * The `data` of an answer of Prometheus' HTTP API. Partial answers (Thanos: a store is down) are failures: what they
 * leave out would look like pods that are gone. PromQL's own remarks about a query are not.
 */
export function parseAnswer(status: number, body: string): Answer<unknown> {
  const document = parseJson(body);
  if (!isRecord(document)) return failed(notJson(status, body));
  if (document.status !== 'success') {
    const text = oneLine(typeof document.error === 'string' ? document.error : `status ${status}`);
    return failed(`answered ${status}: ${text}`, { tooLarge: SERVER_LIMIT.test(text) });
  }
  if (status !== 200) return failed(`answered ${status}`);
  const warnings = Array.isArray(document.warnings) ? document.warnings : [];
  const partial = warnings.find((text) => typeof text === 'string' && !/^PromQL (info|warning)/.test(text));
  if (partial !== undefined) return failed(`answered in part only: ${oneLine(String(partial))}`);
  return { ok: true, value: document.data };
}

/** The points of an instant query: a vector, or a scalar as one point without labels. */
export function parseVector(data: unknown): Answer<Point[]> {
  if (!isRecord(data)) return failed('answered without data');
  if (data.resultType === 'scalar') {
    const value = finiteValue(data.result);
    return { ok: true, value: value === undefined ? [] : [{ metric: {}, value }] };
  }
  if (data.resultType !== 'vector' || !Array.isArray(data.result)) {
    return failed(`answered a ${oneLine(String(data.resultType))}, where a vector was asked for`);
  }
  const points: Point[] = [];
  for (const item of data.result) {
    const point = pointOf(item);
    if (point === undefined) return failed('answered a vector that is not one');
    if (point !== null) points.push(point);
  }
  return { ok: true, value: points };
}

/** An element of a vector: null for one without a finite value, undefined for what is none. */
export function pointOf(element: unknown): Point | null | undefined {
  if (!isRecord(element) || !isMetric(element.metric)) return undefined;
  const value = finiteValue(element.value);
  return value === undefined ? null : { metric: element.metric, value };
}

/** The series of a range query. */
export function parseMatrix(data: unknown): Answer<RangeSeries[]> {
  if (!isRecord(data) || data.resultType !== 'matrix' || !Array.isArray(data.result)) {
    return failed('answered no matrix, where one was asked for');
  }
  const series: RangeSeries[] = [];
  for (const item of data.result) {
    const one = rangeSeriesOf(item);
    if (one === undefined) return failed('answered a matrix that is not one');
    series.push(one);
  }
  return { ok: true, value: series };
}

/** An element of a matrix; undefined for what is none. */
export function rangeSeriesOf(element: unknown): RangeSeries | undefined {
  if (!isRecord(element) || !isMetric(element.metric)) return undefined;
  return rangeSeries(element.metric, Array.isArray(element.values) ? element.values : []);
}

function rangeSeries(metric: Metric, pairs: readonly unknown[]): RangeSeries {
  const times: number[] = [];
  const values: number[] = [];
  for (const pair of pairs) {
    const value = finiteValue(pair);
    if (value === undefined || !Array.isArray(pair) || typeof pair[0] !== 'number') continue;
    times.push(Math.round(pair[0] * 1000));
    values.push(value);
  }
  return { metric, times, values };
}

/** A `[time, "value"]` pair's value; undefined for NaN, the infinities, and for histograms, which have none. */
function finiteValue(pair: unknown): number | undefined {
  if (!Array.isArray(pair) || typeof pair[1] !== 'string' || pair[1] === '') return undefined;
  const value = Number(pair[1]);
  return Number.isFinite(value) ? value : undefined;
}

export function isMetric(value: unknown): value is Metric {
  if (!isRecord(value)) return false;
  for (const key in value) if (typeof value[key] !== 'string') return false;
  return true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function notJson(status: number, body: string): string {
  const start = body.trimStart().slice(0, 15).toLowerCase();
  if (start.startsWith('<'))
    return `answered ${status} with HTML instead of JSON (a login page, or a wrong address)`;
  if (body.trim() === '') return `answered ${status} with nothing`;
  return `answered ${status} with something that is no JSON, or with half of it`;
}

/** At most 200 characters on one line, so that a hostile answer cannot fill or split a log. */
function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 197)}...` : line;
}

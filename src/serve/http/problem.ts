import { ScalerError, type ScalerErrorCode } from '../../core/scaler-error.ts';

/** What an error of ours is in HTTP: the one table. */
const STATUS: Readonly<Record<ScalerErrorCode, number>> = {
  invalid: 400,
  'not-found': 404,
  refused: 409,
  unavailable: 503,
  exhausted: 429,
  internal: 500,
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  414: 'URI Too Long',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** RFC 9457: `{type, title, status, detail}` as `application/problem+json`. */
export function problem(
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail };
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}

export function statusOf(error: ScalerError): number {
  return STATUS[error.code];
}

/** An error as a problem. What is exhausted or not known yet may be asked again in a second. */
export function problemOf(reason: unknown): Response {
  const error = ScalerError.from(reason);
  const again = error.code === 'exhausted' || error.code === 'unavailable';
  return problem(statusOf(error), error.message, again ? { 'retry-after': '1' } : {});
}

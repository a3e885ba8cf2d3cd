import { status } from '@grpc/grpc-js';
import type { ScalerError, ScalerErrorCode } from '../../core/scaler-error.ts';

/** The one table from our codes to gRPC's. KEDA treats all of them alike; people and other clients do not. */
const STATUS = {
  invalid: status.INVALID_ARGUMENT,
  'not-found': status.NOT_FOUND,
  refused: status.FAILED_PRECONDITION,
  unavailable: status.UNAVAILABLE,
  exhausted: status.RESOURCE_EXHAUSTED,
  internal: status.INTERNAL,
} as const satisfies Record<ScalerErrorCode, status>;

/** Longest message sent, in UTF-16 units; percent-encoding makes at most nine bytes of each, well below KEDA's header limit. */
const LONGEST = 1_000;

export interface CallStatus {
  readonly code: status;
  readonly details: string;
}

/** An error as gRPC trailers carry it. */
export function toCallStatus(error: ScalerError): CallStatus {
  return { code: STATUS[error.code], details: trailerText(error.message) };
}

/** `INVALID_ARGUMENT` and its like: the name of a code, as metrics and logs show it. */
export function statusName(code: status): string {
  return status[code] ?? String(code);
}

/**
 * Text that can travel as `grpc-message`: one line, without control characters, bounded. Half a surrogate pair would make
 * grpc-js throw (it percent-encodes with encodeURI) from where nobody catches it.
 */
export function trailerText(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be sent
  return cut.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').replace(/\p{Surrogate}/gu, '\ufffd');
}

import type { Answer, TriggerRef } from '../../../control/scaler.ts';
import type { Role } from '../../../core/fleet.ts';
import { ScalerError, type ScalerErrorCode } from '../../../core/scaler-error.ts';
import type { GrpcServerOptions } from '../server.ts';

/** What the thread of the RPCs is started with. */
export interface ThreadData extends Pick<GrpcServerOptions, 'address' | 'tls' | 'limits'> {
  readonly logLevel: string;
}

/** Ids of fleets are given once and never again. */
export interface KnownFleet {
  readonly id: number;
  readonly role: Role;
  readonly answer: ShortAnswer;
}

/** An answer without its reason, which hardly anybody is told. */
export type ShortAnswer = Omit<Answer, 'reason'>;

/** An error as it travels. */
export interface Refusal {
  readonly code: ScalerErrorCode;
  readonly message: string;
  /** For the log, where it is ours to mend. */
  readonly cause?: string;
}

/** From the thread of the RPCs to that of the fleets. `call` is what the answer comes back with. */
export type FromThread =
  | { readonly kind: 'serving'; readonly port: number; readonly address: string }
  | { readonly kind: 'failed'; readonly refusal: Refusal }
  | { readonly kind: 'resolve'; readonly call: number; readonly ref: TriggerRef }
  | {
      readonly kind: 'ask';
      readonly call: number;
      readonly fleet: number;
      readonly what: 'settled' | 'explained';
    }
  /** Streams of the fleet are open, or none is any more. */
  | { readonly kind: 'listen'; readonly fleet: number; readonly on: boolean }
  /** Fleets that were asked for since the last time. */
  | { readonly kind: 'asked'; readonly fleets: Float64Array }
  | { readonly kind: 'log'; readonly line: string }
  /** Calls that ended since the last time, by `METHOD CODE`. */
  | { readonly kind: 'counted'; readonly call: number; readonly calls: ReadonlyMap<string, number> };

/** From the thread of the fleets to that of the RPCs, in the order in which it came to be so. */
export type ToThread =
  | { readonly kind: 'start'; readonly data: ThreadData }
  | { readonly kind: 'resolved'; readonly call: number; readonly fleet: KnownFleet | Refusal }
  | { readonly kind: 'told'; readonly call: number; readonly answer: Answer | Refusal }
  | ({ readonly kind: 'answers' } & Answers)
  | { readonly kind: 'gone'; readonly fleet: number }
  | { readonly kind: 'respelled' }
  /** Both are answered with what was counted, at once or when the server has stopped. */
  | { readonly kind: 'count' | 'drain'; readonly call: number };

/** In place of the id of a fleet that nobody there has asked for. */
export const NOBODY = 0;

/** Answers of one Snapshot as columns: 10,000 of them are as soon sent as made. */
export interface Answers {
  /** Ids, or NOBODY. */
  readonly fleets: Float64Array;
  /** NaN for null. */
  readonly replicas: Float64Array;
  readonly at: Float64Array;
  /** 1 for true. */
  readonly floorAboveZero: Uint8Array;
}

export function refusalOf({ code, message, cause }: ScalerError): Refusal {
  if (code !== 'internal') return { code, message };
  return { code, message, cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
}

export function errorOf({ code, message, cause }: Refusal): ScalerError {
  return new ScalerError(code, message, cause === undefined ? {} : { cause });
}

import type { status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Answering } from '../../control/scaler.ts';
import type { OpenStreams } from './open-streams.ts';

/** What every handler needs. */
export interface CallContext {
  readonly scaler: Answering;
  readonly log: Logger;
  readonly streams: OpenStreams;
  /** How long a unary call may wait for a fleet's first decision, ms. */
  readonly settleMs: number;
  /** Told of every call of ours once it has ended. */
  readonly ended: (method: string, code: status) => void;
}

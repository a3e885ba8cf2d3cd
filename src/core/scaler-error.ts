/** Why a call cannot be answered; `serve/grpc` and `serve/http` map the code to theirs, each in one table. */
export type ScalerErrorCode =
  | 'invalid' // the caller's words are wrong
  | 'not-found'
  | 'refused' // understood, and not allowed in this state (an advisory policy asked to steer)
  | 'unavailable' // nothing is known yet
  | 'exhausted' // a limit of ours
  | 'internal';

/** The only exception that Bellwether throws on purpose. The message is shown to the caller. */
export class ScalerError extends Error {
  readonly code: ScalerErrorCode;

  constructor(code: ScalerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ScalerError';
    this.code = code;
  }

  /** Whatever was thrown, as a ScalerError; what is not ours becomes `internal` without its text, which may hold secrets. */
  static from(reason: unknown): ScalerError {
    if (reason instanceof ScalerError) return reason;
    return new ScalerError('internal', 'internal error; the log has the details', { cause: reason });
  }
}

/** One question as the client sends it. */
export interface SimRequest {
  readonly id: number;
  /** When the client sent it, epoch ms; time to first token counts from here. */
  readonly arrivedAt: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** The client hangs up if it has no first token by then; Infinity for a patient one. */
  readonly deadline: number;
}

export type FailureReason = 'timeout' | 'too-long' | 'pod-gone';

/** What happens to requests, in the order in which one replica sees it. */
export interface RequestListener {
  firstToken(request: SimRequest, at: number): void;
  finished(request: SimRequest, at: number): void;
  failed(request: SimRequest, at: number, reason: FailureReason): void;
}

import type { FailureReason, RequestListener, SimRequest } from './request.ts';
import type { Trace } from './trace.ts';

/** How a request ended. */
export const OUTCOMES = ['in flight', 'finished', 'timeout', 'too-long', 'pod-gone'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What came of each request of a trace, by its row. */
export interface Records {
  /** Epoch ms; NaN: it never came. */
  readonly firstTokenAt: Float64Array;
  readonly finishedAt: Float64Array;
  /** Index into OUTCOMES. */
  readonly outcome: Uint8Array;
}

/** Writes down what a fleet tells of requests, and keeps count of those under way. */
export interface Recorder {
  readonly records: Records;
  readonly listener: RequestListener;
  /** Requests that arrived so far, and those of them that have not ended. */
  readonly arrivals: number;
  readonly ongoing: number;
  /** Integral of `ongoing` from the start to `now`, request-milliseconds. */
  ongoingMsAt(now: number): number;
  /** The request of that row, which arrives now. Rows come in order. */
  arrive(row: number): SimRequest;
}

export function createRecorder(trace: Trace, clientTimeoutMs: number): Recorder {
  const records: Records = {
    firstTokenAt: new Float64Array(trace.length).fill(Number.NaN),
    finishedAt: new Float64Array(trace.length).fill(Number.NaN),
    outcome: new Uint8Array(trace.length),
  };
  let arrivals = 0;
  let ongoing = 0;
  // Sums relative to the first arrival: epoch milliseconds times requests would lose the last digits.
  const origin = trace.arrivedAt[0] ?? 0;
  let endedMs = 0;
  let ongoingSince = 0;
  const end = (request: SimRequest, at: number, outcome: Outcome) => {
    records.outcome[request.id] = OUTCOMES.indexOf(outcome);
    ongoing--;
    endedMs += at - request.arrivedAt;
    ongoingSince -= request.arrivedAt - origin;
  };
  return {
    records,
    get arrivals() {
      return arrivals;
    },
    get ongoing() {
      return ongoing;
    },
    ongoingMsAt: (now) => endedMs + ongoing * (now - origin) - ongoingSince,
    arrive(row) {
      const arrivedAt = trace.arrivedAt[row] ?? Number.NaN;
      arrivals++;
      ongoing++;
      ongoingSince += arrivedAt - origin;
      return {
        id: row,
        arrivedAt,
        promptTokens: trace.promptTokens[row] ?? 0,
        outputTokens: trace.outputTokens[row] ?? 0,
        deadline: arrivedAt + clientTimeoutMs,
      };
    },
    listener: {
      firstToken(request, at) {
        records.firstTokenAt[request.id] = at;
      },
      finished(request, at) {
        records.finishedAt[request.id] = at;
        end(request, at, 'finished');
      },
      failed(request: SimRequest, at: number, reason: FailureReason) {
        end(request, at, reason);
      },
    },
  };
}

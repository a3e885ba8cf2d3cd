import type { FailureReason, RequestListener, SimRequest } from '../../src/simulate/request.ts';

/** A request with sensible lengths and a patient client. */
export function aRequest(given: Partial<SimRequest> = {}): SimRequest {
  return {
    id: 0,
    arrivedAt: 0,
    promptTokens: 1000,
    outputTokens: 200,
    deadline: Number.POSITIVE_INFINITY,
    ...given,
  };
}

export interface Log extends RequestListener {
  readonly firstTokens: Map<number, number>;
  readonly finishes: Map<number, number>;
  readonly failures: Map<number, { readonly at: number; readonly reason: FailureReason }>;
}

/** Writes down what happens to requests, by id; a request that ends twice makes the test fail. */
export function aLog(): Log {
  const firstTokens = new Map<number, number>();
  const finishes = new Map<number, number>();
  const failures = new Map<number, { at: number; reason: FailureReason }>();
  const once = ({ id }: SimRequest) => {
    if (finishes.has(id) || failures.has(id)) throw new Error(`request ${id} ended twice`);
  };
  return {
    firstTokens,
    finishes,
    failures,
    firstToken: ({ id }, at) => {
      if (firstTokens.has(id)) throw new Error(`request ${id} got its first token twice`);
      firstTokens.set(id, at);
    },
    finished: (request, at) => {
      once(request);
      finishes.set(request.id, at);
    },
    failed: (request, at, reason) => {
      once(request);
      failures.set(request.id, { at, reason });
    },
  };
}

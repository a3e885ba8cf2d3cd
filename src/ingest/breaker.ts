/** Keeps a source that fails from being asked at every instant: after some failures in a row it opens for a while. */
export interface Breaker {
  /** Why nothing is asked at `now`; null while asking is allowed. */
  refusal(now: number): string | null;
  /** The next request is a probe: it was open, and its time is over. */
  readonly probing: boolean;
  succeeded(): void;
  /** Returns whether it opened. `retryAfter`: ms that the server asked for. */
  failed(now: number, error: string, retryAfter: number | null): void;
}

export interface BreakerOptions {
  /** Failures in a row after which it opens. */
  readonly threshold: number;
  /** First pause; each further failure doubles it, up to `longest`. Milliseconds. */
  readonly shortest: number;
  readonly longest: number;
  /** In [0, 1); spreads the probes of several scalers. */
  readonly random: () => number;
}

/** A server may ask for at most this much patience, ms. */
const LONGEST_RETRY_AFTER = 300_000;

export function createBreaker({ threshold, shortest, longest, random }: BreakerOptions): Breaker {
  let failures = 0;
  let openUntil = 0;
  let lastError = '';
  return {
    refusal(now) {
      if (now >= openUntil) return null;
      const seconds = Math.ceil((openUntil - now) / 1000);
      return `${lastError} (${failures} failures in a row, asked again in ${seconds} s)`;
    },
    get probing() {
      return failures >= threshold;
    },
    succeeded() {
      failures = 0;
      openUntil = 0;
    },
    failed(now, error, retryAfter) {
      failures++;
      lastError = error;
      const doubled = Math.min(longest, shortest * 2 ** Math.min(30, failures - threshold));
      // Between half and whole: jitter that never waits longer than it says.
      const pause = failures >= threshold ? doubled * (0.5 + random() / 2) : 0;
      openUntil = now + Math.max(pause, Math.min(retryAfter ?? 0, LONGEST_RETRY_AFTER));
    },
  };
}

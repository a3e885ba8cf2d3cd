/** What one engine says of its requests at one scrape. */
export interface EngineCount {
  /** Counter: requests that ended, aborts included, since the engine started. */
  readonly finished: number;
  /** Counter: requests turned away at the door; 0 where vLLM does not count them. */
  readonly rejected: number;
  /** Gauge: running and waiting. */
  readonly ongoing: number;
}

/**
 * Requests that arrived between two scrapes of one engine: what ended, what was turned away, and what is there more than
 * before. A counter that fell began anew at 0 with its process, and then nothing was there. May be below 0 for a
 * moment, where vLLM wrote gauge and counter apart.
 */
export function arrivedBetween(before: EngineCount, now: EngineCount): number {
  if (now.finished < before.finished) return now.finished + now.rejected + now.ongoing;
  const rejected = now.rejected >= before.rejected ? now.rejected - before.rejected : now.rejected;
  return now.finished - before.finished + rejected + now.ongoing - before.ongoing;
}

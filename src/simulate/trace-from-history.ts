import { createRandom, type Random } from './random.ts';
import { createTrace, type Trace, type TraceRow } from './trace.ts';

/** A Prometheus histogram's buckets over a span: cumulative counts by upper bound, ascending; the last may be Infinity. */
export type Buckets = readonly { readonly le: number; readonly count: number }[];

/** What vLLM's own metrics tell of requests long gone. */
export interface RequestHistory {
  /** Start of each step, epoch ms, and requests that arrived in it, fractions and all. */
  readonly steps: readonly { readonly at: number; readonly arrivals: number }[];
  readonly stepMs: number;
  readonly promptTokens: Buckets;
  readonly outputTokens: Buckets;
}

/**
 * Requests that would have left such a history: within a step they fall evenly at random (what was burstier than that is
 * lost), lengths are drawn from the span's histograms, evenly on a logarithmic scale within a bucket, prompt and answer
 * independently of each other.
 */
export function traceFromHistory(history: RequestHistory, seed: string | number): Trace {
  const random = createRandom(seed, 'history');
  const rows: TraceRow[] = [];
  let owed = 0;
  for (const { at, arrivals } of history.steps) {
    // Fractions are carried over, so that their sum is kept.
    owed += Math.max(0, arrivals);
    const count = Math.floor(owed);
    owed -= count;
    const instants = Array.from({ length: count }, () => at + Math.floor(random() * history.stepMs));
    for (const arrivedAt of instants.sort((a, b) => a - b))
      rows.push({
        arrivedAt,
        promptTokens: drawFrom(history.promptTokens, random),
        outputTokens: drawFrom(history.outputTokens, random),
        tenant: 0,
      });
  }
  return createTrace(rows, ['']);
}

function drawFrom(buckets: Buckets, random: Random): number {
  const total = buckets.at(-1)?.count ?? 0;
  const rank = random() * total;
  const index = Math.max(
    0,
    buckets.findIndex(({ count }) => count >= rank),
  );
  const low = Math.max(1, buckets[index - 1]?.le ?? 1);
  const bound = buckets[index]?.le ?? low;
  // Above the last finite bound nothing is known but that it is above.
  const high = Number.isFinite(bound) ? Math.max(low, bound) : low;
  return Math.max(1, Math.round(low * (high / low) ** random()));
}

import { createRandom } from './random.ts';
import { createTrace, type Trace, type TraceRow } from './trace.ts';

/** Copies of a request fall within this time of it, so that more volume does not mean larger lumps. */
const JITTER_MS = 300_000;

/** The same traffic from `factor` times as many people: whole copies, moved by up to some minutes, and a share of one more. */
export function scaleTrace(trace: Trace, factor: number, seed: string | number): Trace {
  if (factor === 1) return trace;
  const random = createRandom(seed, 'volume', factor);
  const first = trace.arrivedAt[0] ?? 0;
  const last = trace.arrivedAt[trace.length - 1] ?? 0;
  const rows: TraceRow[] = [];
  for (let row = 0; row < trace.length; row++) {
    const copies = Math.floor(factor) + (random() < factor % 1 ? 1 : 0);
    const arrivedAt = trace.arrivedAt[row] ?? 0;
    for (let copy = 0; copy < copies; copy++) {
      const moved = copy === 0 ? arrivedAt : arrivedAt + (random() - 0.5) * JITTER_MS;
      rows.push({
        // Whole milliseconds; at the ends what would fall out is reflected.
        arrivedAt: Math.round(reflected(moved, first, last)),
        promptTokens: trace.promptTokens[row] ?? 1,
        outputTokens: trace.outputTokens[row] ?? 1,
        tenant: trace.tenant[row] ?? 0,
      });
    }
  }
  rows.sort((a, b) => a.arrivedAt - b.arrivedAt);
  return createTrace(rows, trace.tenants);
}

function reflected(at: number, first: number, last: number): number {
  const inside = at < first ? 2 * first - at : at > last ? 2 * last - at : at;
  return Math.min(last, Math.max(first, inside));
}

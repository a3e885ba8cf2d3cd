import { arrivedBetween, type EngineCount } from '../core/conservation.ts';
import type { Known, Memory } from './memory.ts';
import { counted } from './slices.ts';
import { FIELD, type Rows, WIDTH } from './vllm-rows.ts';

const GROWN = [
  'finished',
  'rejected',
  'firstTokenSeconds',
  'firstTokenCount',
  /** Requests that came, by conservation. */
  'arrived',
  /** Milliseconds between the two scrapes, where there was a new one. */
  'arrivedOver',
] as const;

/** Numbers of an engine's growth, in the order of GROWN; NaN where there is no value before, or none now. */
export const GROWN_WIDTH = GROWN.length;
export const GREW = Object.fromEntries(GROWN.map((name, place) => [name, place])) as {
  readonly [name in (typeof GROWN)[number]]: number;
};

/** What is counted, in the order of GROWN. */
const COUNTED = [FIELD.finished, FIELD.rejected, FIELD.firstTokenSeconds, FIELD.firstTokenCount];

/** Growth of each engine's counters since the instant before, resets accounted for; null where no engine counts anything. */
export function* growth(memory: Memory, rows: Rows, known: Known): Generator<void, Float64Array | null> {
  const { values } = rows;
  const { engines, podOf } = rows.layout.roster;
  let grown: Float64Array | null = null;
  yield* counted(engines.length, (engine) => {
    if ((podOf[engine] ?? -1) < 0 || !isCounting(values, engine)) return;
    grown ??= new Float64Array(engines.length * GROWN_WIDTH).fill(Number.NaN);
    const to = engine * GROWN_WIDTH;
    if (!isCounting(known.values, engine)) {
      grown[to + GREW.arrived] = newcomers(memory, rows, known, engine);
      return;
    }
    for (const [place, field] of COUNTED.entries()) {
      const now = values[engine * WIDTH + field] ?? Number.NaN;
      const then = known.values[engine * WIDTH + field] ?? Number.NaN;
      // A counter that fell began anew at 0 with its process.
      grown[to + place] = now >= then ? now - then : Number.isNaN(then) ? Number.NaN : now;
    }
    addArrivals(grown, memory, rows, known, engine);
  });
  return grown;
}

/** Whether an engine reports any counter. */
export function isCounting(values: Float64Array, engine: number): boolean {
  for (const field of COUNTED) if (!Number.isNaN(values[engine * WIDTH + field])) return true;
  return false;
}

/**
 * What is there of a pod that was never seen came since; what it finished before its first scrape is not counted, for its
 * counter may be old. NaN where the pod may only have been out of sight: then it is not known what came.
 */
function newcomers({ interrupted }: Memory, { layout, values }: Rows, known: Known, engine: number): number {
  const lastReport = known.lastReport[layout.roster.podOf[engine] ?? -1] ?? Number.NaN;
  if (interrupted || known.nobody || !Number.isNaN(lastReport)) return Number.NaN;
  return countOf(values, engine)?.ongoing ?? Number.NaN;
}

function addArrivals(
  grown: Float64Array,
  memory: Memory,
  { layout, values, observedAt }: Rows,
  known: Known,
  engine: number,
): void {
  const [then, now] = [countOf(known.values, engine), countOf(values, engine)];
  // After instants that were not read it is not known over how long what is new came.
  if (memory.interrupted || then === undefined || now === undefined) return;
  const to = engine * GROWN_WIDTH;
  grown[to + GREW.arrived] = arrivedBetween(then, now);
  const over =
    (observedAt[engine] ?? Number.NaN) - (known.lastReport[layout.roster.podOf[engine] ?? -1] ?? Number.NaN);
  if (over > 0) grown[to + GREW.arrivedOver] = over;
}

function countOf(values: Float64Array, engine: number): EngineCount | undefined {
  const value = (field: number): number => values[engine * WIDTH + field] ?? Number.NaN;
  const [running, waiting] = [value(FIELD.running), value(FIELD.waiting)];
  const [finished, rejected] = [value(FIELD.finished), value(FIELD.rejected)];
  if (Number.isNaN(running + waiting + finished)) return undefined;
  return { finished, rejected: Number.isNaN(rejected) ? 0 : rejected, ongoing: running + waiting };
}

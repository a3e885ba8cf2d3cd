import { EMPTY_VECTOR, type Vector } from './points.ts';
import type { StoreLabels } from './queries.ts';

/** Everything that one cycle read, as it came. */
export interface Tables {
  /** The grid instant. */
  readonly at: number;
  /** The instant that the values are of: `at - settle`. */
  readonly evaluatedAt: number;
  readonly labels: StoreLabels;
  /** matchLabels keys by which the series are kept apart. */
  readonly keys: readonly string[];
  readonly gauges: Vector;
  /** Epoch seconds of the newest sample behind an engine's gauges. */
  readonly stamps: Vector;
  readonly counters: Vector;
  /** One a scraped pod, one without labels that counts all targets (none at all: the store is empty), one while the store is young. */
  readonly up: Vector;
  readonly workloads: Vector;
  readonly autoscalers: Vector;
  readonly unschedulable: Vector;
  /** Results of custom queries by their text, or why one has none. */
  readonly custom: ReadonlyMap<string, Vector | string>;
  /** What else could not be read, in sentences for explain. */
  readonly gaps: readonly string[];
}

/** Tables of an instant at which nothing is there. */
export function emptyTables(at: number, evaluatedAt: number, labels: StoreLabels): Tables {
  return {
    at,
    evaluatedAt,
    labels,
    keys: [],
    gauges: EMPTY_VECTOR,
    stamps: EMPTY_VECTOR,
    counters: EMPTY_VECTOR,
    up: EMPTY_VECTOR,
    workloads: EMPTY_VECTOR,
    autoscalers: EMPTY_VECTOR,
    unschedulable: EMPTY_VECTOR,
    custom: new Map(),
    gaps: [],
  };
}

import type { FleetId, ScaleTarget } from '../core/fleet.ts';
import type { Sample } from '../core/sample.ts';
import type { TrafficBucket } from '../core/traffic-bucket.ts';

/** What ingest needs to know of a fleet to sample it. */
export interface FleetQuery {
  /** fleetKey of `id`. */
  readonly key: string;
  readonly id: FleetId;
  readonly scaleTarget: ScaleTarget | undefined;
  /** The policy's custom query, if it has one. */
  readonly promql: string | undefined;
  /** The policy's query of a gateway's counter of requests, if it has one. */
  readonly arrivals?: string | undefined;
  /** What beside running, waiting and rejected requests its policy looks at. Default: all of it. */
  readonly needs?: Needs | undefined;
}

/** Series that are read only where some policy looks at them: they are half of what vLLM exports for us. */
export interface Needs {
  readonly kvCache: boolean;
  /** The counters of finished requests, also where none was rejected. */
  readonly finished: boolean;
  readonly firstTokens: boolean;
}

export const ALL_NEEDS: Needs = { kvCache: true, finished: true, firstTokens: true };

/** Everything read at one grid instant. Kept until the next one, so that a fleet seen later is sampled from memory. */
export interface Reading {
  readonly at: number;
  sampleOf(fleet: FleetQuery): Sample;
  /** Running requests of each pod that reports afresh, by its name; left out where nothing was read. */
  runningOf?(fleet: FleetQuery): ReadonlyMap<string, number>;
}

/** How the source is, for /readyz, metrics, logs and explain. */
export interface SourceStatus {
  readonly name: 'prometheus' | 'scrape';
  readonly up: boolean;
  /** Why it is down, in one sentence without secrets; null when up. */
  readonly error: string | null;
  /** Grid instant of the last reading that succeeded, epoch ms. */
  readonly lastSuccess: number | null;
  /** Queries or scrapes of the last cycle. */
  readonly requests: number;
}

/** The last exported answers of a fleet (`bellwether_desired_replicas`), oldest first. */
export interface ExportedTarget {
  readonly at: number;
  readonly replicas: number;
}

export interface History {
  /** One sample a grid instant, ascending, gaps left out. */
  readonly samples: readonly Sample[];
  readonly exported: readonly ExportedTarget[];
}

/** Where samples come from: Prometheus, or direct scrape. */
export interface Source {
  /**
   * Reads the grid instant `at` for all fleets. Never rejects for a source that misbehaves: samples are then absent
   * with the reason, and `status()` says so.
   */
  read(at: number, fleets: readonly FleetQuery[], signal: AbortSignal): Promise<Reading>;
  /** Past samples of `fleets` for the grid instants in [from, to], by fleet key. Empty where nothing is known; rejects only when aborted or unreachable. */
  history(
    range: HistoryRange,
    fleets: readonly FleetQuery[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, History>>;
  /**
   * Traffic of weeks, by fleet key, for policies that learn from it; nothing where no such history is kept. Heavy, and not
   * waited for by any answer. Rejects as `history` does.
   */
  traffic(
    range: TrafficRange,
    fleets: readonly FleetQuery[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly TrafficBucket[]>>;
  /** Cold starts that were measured before, by fleet key; left out where no such history is kept. Rejects as `history` does. */
  coldStarts?(
    at: number,
    fleets: readonly FleetQuery[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, PastColdStarts>>;
  status(): SourceStatus;
  close(): Promise<void>;
}

/** Counts by bucket of COLD_START_BUCKETS, one more for what is above all of them. */
export interface PastColdStarts {
  readonly totals: readonly number[];
  readonly nodeWaits: readonly number[];
}

export interface HistoryRange {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** Five-minute buckets that start in [from, until), both multiples of BUCKET_MS. */
export interface TrafficRange {
  readonly from: number;
  readonly until: number;
}

import type { ClusterFacts } from './cluster-facts.ts';

/**
 * What was measured of one fleet at one grid instant. Unknown is null, never 0 (law 4).
 * Gauges are sums over the pods that reported afresh, each pod counted once; increases are since the instant before.
 */
export interface Sample {
  /** The grid instant, epoch ms. */
  readonly at: number;
  /**
   * fresh: every number below is from samples younger than `staleAfter`; stale: the newest is older;
   * absent: no series of this fleet at all, or the source did not answer. `why` says it in words when not fresh.
   */
  readonly presence: 'fresh' | 'stale' | 'absent';
  readonly why: string | null;
  /** Epoch ms of the newest sample behind the numbers, null when absent. */
  readonly observedAt: number | null;
  readonly running: number | null;
  readonly waiting: number | null;
  /** Sum over pods of the share of KV cache in use (0..1 each): the replicas' worth of cache that is full. */
  readonly kvCacheUsage: number | null;
  /** Growth of counters since the instant before, resets accounted for; null where not counted or not yet known. */
  readonly finished: number | null;
  readonly rejected: number | null;
  readonly firstTokenSeconds: number | null;
  readonly firstTokenCount: number | null;
  /**
   * Requests that arrived since the instant before, by conservation (core/conservation.ts); null while any pod leaves it
   * open. Below 0 where gauges and counters disagree for a moment: windows sum it.
   */
  readonly arrived: number | null;
  /** Milliseconds between the two scrapes behind it, the longest of all pods; null when none was scraped anew. */
  readonly arrivedOver: number | null;
  /** A gateway's counter of requests, as it stands (`signals.arrivalRate.promql`). */
  readonly gateway: number | null;
  /** Value of the policy's custom query, if it has one. */
  readonly query: number | null;
  /** Pods that reported afresh. */
  readonly reporting: number;
  /** Pods that reported this model within 10 minutes and are scraped in vain now: the fleet is partial. */
  readonly missing: readonly string[];
  readonly replicas: ReplicaFacts;
  /** Remarks for explain: series left out and why, duplicates, which names were read. */
  readonly notes: readonly string[];
}

/** Replica counts and where they come from. `source` is shown by explain. */
export interface ReplicaFacts {
  readonly spec: number | null;
  readonly ready: number | null;
  /** Created and not ready. */
  readonly starting: number | null;
  readonly unschedulable: number | null;
  /** `Kubernetes deployment/vllm`, `kube-state-metrics deployment/vllm`, `pods that report`, `direct scrape`, … */
  readonly source: string;
  /** What only the cluster's own API tells; left out where it is not watched. */
  readonly cluster?: ClusterFacts;
}

export const UNKNOWN_REPLICAS: ReplicaFacts = {
  spec: null,
  ready: null,
  starting: null,
  unschedulable: null,
  source: 'unknown',
};

/** A sample of which nothing is known; `why` says so. */
export function absentSample(at: number, why: string, replicas: ReplicaFacts = UNKNOWN_REPLICAS): Sample {
  return {
    at,
    presence: 'absent',
    why,
    observedAt: null,
    running: null,
    waiting: null,
    kvCacheUsage: null,
    finished: null,
    rejected: null,
    firstTokenSeconds: null,
    firstTokenCount: null,
    arrived: null,
    arrivedOver: null,
    gateway: null,
    query: null,
    reporting: 0,
    missing: [],
    replicas,
    notes: [],
  };
}

/**
 * A sample of no instant at all, which stands before the first one. What it does to others of its form counts as much: where null
 * was first, V8 keeps a small integer as it is; where all have been numbers each gets a box of its own, which in the windows of
 * 10,000 fleets are megabytes. So it has to be referred to: what nobody reads is gone with what it does.
 */
export const NO_SAMPLE: Sample = absentSample(0, 'never read');

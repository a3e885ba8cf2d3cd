/** The thresholds of `wva-saturation-scaling-config`, with WVA's own defaults below. */
export interface WvaConfig {
  readonly kvCacheThreshold: number;
  readonly queueLengthThreshold: number;
  readonly scaleUpThreshold: number;
  readonly scaleDownBoundary: number;
}

export const WVA_DEFAULTS: WvaConfig = {
  kvCacheThreshold: 0.8,
  queueLengthThreshold: 5,
  scaleUpThreshold: 0.85,
  scaleDownBoundary: 0.7,
};

/** One vLLM pod as WVA collects it. */
export interface WvaReplica {
  /** Highest share of the KV cache and highest queue of the last minute. */
  readonly kvCacheUsage: number;
  readonly queueLength: number;
}

export interface WvaInput {
  readonly replicas: readonly WvaReplica[];
  /** num_gpu_blocks x block_size of one replica. */
  readonly kvTokens: number;
  /** Means of five minutes; 0 while nothing has finished. */
  readonly avgInputTokens: number;
  readonly avgOutputTokens: number;
  /** Requests in the inference scheduler's flow control, before any pod. */
  readonly schedulerQueue: number;
  readonly currentReplicas: number;
  readonly readyReplicas: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Engine arguments: max_num_batched_tokens and max_num_seqs. */
  readonly maxNumBatchedTokens: number;
  readonly maxNumSeqs: number;
}

export interface WvaResult {
  readonly desired: number;
  readonly perReplicaCapacity: number;
  readonly demand: number;
  readonly requiredCapacity: number;
  readonly spareCapacity: number;
}

/** One model's analyzer with what it remembers. */
export interface WvaAnalyzer {
  analyze(input: WvaInput): WvaResult;
}

/** Observations of k2 in a rolling average. */
const HISTORY = 10;

/**
 * WVA's saturation analyzer V2 (token based, the default since 0.9), the universal thresholds after it, and the cost-aware
 * optimizer for one variant. A replica's capacity is min(k1, k2): k1 what memory holds, k2 what it was seen to compute,
 * learned at the moments when its queue is long.
 */
export function createWvaAnalyzer(config: WvaConfig): WvaAnalyzer {
  /** By length of outputs, since k2 depends on it. */
  const history = new Map<string, number[]>();
  let learned = 0;

  function computeBound(replica: WvaReplica, inUse: number, k1: number, input: WvaInput): number {
    const bucket = outputBucket(input.avgOutputTokens);
    const known = history.get(bucket) ?? [];
    if (replica.queueLength >= Math.trunc(config.queueLengthThreshold) && inUse > 0) {
      history.set(bucket, [...known, inUse].slice(-HISTORY));
      return inUse;
    }
    if (known.length > 0) return Math.trunc(known.reduce((sum, value) => sum + value, 0) / known.length);
    return derivedBound(input) || k1;
  }

  return {
    analyze(input) {
      const k1 = Math.trunc(input.kvTokens * config.kvCacheThreshold);
      const perRequest = input.avgInputTokens + input.avgOutputTokens;
      const capacities: number[] = [];
      let demand = input.schedulerQueue * perRequest;
      for (const replica of input.replicas) {
        const inUse = Math.trunc(replica.kvCacheUsage * input.kvTokens);
        capacities.push(Math.min(k1, computeBound(replica, inUse, k1, input)));
        demand += inUse + replica.queueLength * perRequest;
      }
      if (capacities.length > 0) learned = lowerMedian(capacities);
      const capacity = learned;
      const anticipated = Math.max(input.currentReplicas, input.readyReplicas) * capacity;
      const requiredCapacity = Math.max(0, demand / config.scaleUpThreshold - anticipated);
      const spareCapacity = Math.max(0, input.readyReplicas * capacity - demand / config.scaleDownBoundary);
      return {
        desired: desiredReplicas(input, capacity, requiredCapacity, spareCapacity),
        perReplicaCapacity: capacity,
        demand,
        requiredCapacity,
        spareCapacity,
      };
    },
  };
}

function desiredReplicas(input: WvaInput, capacity: number, required: number, spare: number): number {
  const { currentReplicas, minReplicas, maxReplicas } = input;
  const floor = Math.max(1, minReplicas);
  if (capacity <= 0) return Math.max(currentReplicas, minReplicas);
  if (required > 0) return Math.min(maxReplicas, currentReplicas + Math.ceil(required / capacity));
  // The cheapest variant, here the only one, keeps one replica.
  return Math.min(
    maxReplicas,
    Math.max(Math.min(currentReplicas, floor), currentReplicas - Math.floor(spare / capacity)),
  );
}

/** k2 from the engine's arguments: the batch that its token budget sustains, at the tokens that it holds on average. */
function derivedBound(input: WvaInput): number {
  const { avgInputTokens, avgOutputTokens, maxNumBatchedTokens, maxNumSeqs } = input;
  if (avgOutputTokens <= 0) return 0;
  const sustained = (maxNumBatchedTokens * avgOutputTokens) / (avgInputTokens + avgOutputTokens);
  return Math.trunc(Math.min(sustained, maxNumSeqs) * (avgInputTokens + avgOutputTokens / 2));
}

function outputBucket(tokens: number): string {
  if (tokens < 100) return 'short';
  return tokens < 500 ? 'medium' : 'long';
}

function lowerMedian(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;
}

/**
 * One vLLM engine on one GPU as numbers:
 * step_ms = a + b x decoding sequences + c x their KV tokens + d x prompt tokens prefilled in the step.
 */
export interface ReplicaProfile {
  readonly name: string;
  /** `model_name` in the metrics. */
  readonly model: string;
  /** ms of an empty step: reading the weights once. */
  readonly a: number;
  /** ms per decoding sequence. */
  readonly b: number;
  /** ms per resident KV token of the decoding sequences. */
  readonly c: number;
  /** ms per prompt token prefilled. */
  readonly d: number;
  /** ms once per request, outside the engine: HTTP, tokenizer, detokenizer. */
  readonly apiMs: number;
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  readonly kvCapacityTokens: number;
  /** Where the numbers come from and how far to trust them. */
  readonly source: string;
}

const LLAMA3 = 'meta-llama/Meta-Llama-3-8B-Instruct';

/**
 * vLLM's API server defaults differ by card (`EngineArgs.get_batch_defaults`): 256 sequences and 2048 batched tokens on
 * A10G and A100, 1024 and 8192 on cards of 70 GiB and more that are no A100.
 */
export const PROFILES = {
  'a10g-mistral-7b': {
    name: 'a10g-mistral-7b',
    model: 'mistralai/Mistral-7B-Instruct-v0.3',
    a: 28,
    b: 0.25,
    c: 0.000_24,
    d: 0.28,
    apiMs: 15,
    maxNumSeqs: 256,
    maxNumBatchedTokens: 2048,
    kvCapacityTokens: 40_000,
    source:
      'derived: 14.5 GB of weights over 600 GB/s plus 3.5 ms; the same rule is within 4 % on Llama-2-7B (nm-vllm CI)',
  },
  'a10g-llama-3-8b': {
    name: 'a10g-llama-3-8b',
    model: LLAMA3,
    a: 30.5,
    b: 0.25,
    c: 0.000_24,
    d: 0.28,
    apiMs: 15,
    maxNumSeqs: 256,
    maxNumBatchedTokens: 2048,
    kvCapacityTokens: 28_000,
    source: 'derived: 16.06 GB of weights over 600 GB/s plus 3.5 ms, prefill at 70 % of the peak rate',
  },
  'rtx3090-llama-3-8b': {
    name: 'rtx3090-llama-3-8b',
    model: LLAMA3,
    a: 21.4,
    b: 0.25,
    c: 0.000_16,
    d: 0.22,
    apiMs: 25,
    maxNumSeqs: 256,
    maxNumBatchedTokens: 2048,
    kvCapacityTokens: 36_000,
    source: 'measured: AccelMark, vLLM 0.7.3',
  },
  'a100-llama-3-8b': {
    name: 'a100-llama-3-8b',
    model: LLAMA3,
    a: 10.6,
    b: 0.015,
    c: 0.000_065,
    d: 0.0665,
    apiMs: 6,
    maxNumSeqs: 256,
    maxNumBatchedTokens: 2048,
    kvCapacityTokens: 445_000,
    source: 'measured: AccelMark, vLLM 0.20.1, BF16; d from the A100 profile of Vidur',
  },
  'h100-llama-3.1-8b': {
    name: 'h100-llama-3.1-8b',
    model: 'meta-llama/Llama-3.1-8B-Instruct',
    a: 6.95,
    b: 0.02,
    c: 0.000_05,
    d: 0.021,
    apiMs: 9,
    maxNumSeqs: 1024,
    maxNumBatchedTokens: 8192,
    kvCapacityTokens: 445_000,
    source: 'measured (a, b): llm-d workload-variant-autoscaler tutorial; d from the H100 profile of Vidur',
  },
  'h100-llama-3-8b-vllm-0.7.3': {
    name: 'h100-llama-3-8b-vllm-0.7.3',
    model: LLAMA3,
    a: 7.7,
    b: 0.06,
    c: 0.000_05,
    d: 0.021,
    apiMs: 9,
    maxNumSeqs: 256,
    maxNumBatchedTokens: 2048,
    kvCapacityTokens: 445_000,
    source: 'measured: AccelMark, vLLM 0.7.3',
  },
} as const satisfies Record<string, ReplicaProfile>;

export type ProfileName = keyof typeof PROFILES;

export const DEFAULT_PROFILE: ReplicaProfile = PROFILES['a10g-mistral-7b'];

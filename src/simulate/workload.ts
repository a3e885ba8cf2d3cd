import { createRandom, exponential, lognormal, poisson, type Random } from './random.ts';
import type { SimRequest } from './request.ts';
import { plateau } from './reverse-j.ts';

export interface WorkloadOptions {
  readonly seed: string | number;
  /** First instant, inclusive, and last, exclusive; epoch ms. */
  readonly from: number;
  readonly to: number;
  /** The opening bell, epoch ms. */
  readonly open: number;
  /** Multiplies everything but the analysts: 1 is 10,000 questions a session (5 tenants x 2,000). */
  readonly volume: number;
  readonly analysts: Analysts;
  readonly tokens: TokenLengths;
  /** A client without a first token hangs up after this long. */
  readonly clientTimeoutMs: number;
}

/** People who sit down at the bell: each asks, reads, thinks and asks again, until they are done. */
export interface Analysts {
  readonly count: number;
  /** Everybody's first question lies within this time of the bell. */
  readonly arriveWithinMs: number;
  /** From one question to the next: median of a lognormal, and its sigma. */
  readonly thinkMedianMs: number;
  readonly thinkSigma: number;
  /** How long one stays, mean of an exponential. */
  readonly stayMeanMs: number;
}

/** Lognormal token counts by their means. */
export interface TokenLengths {
  readonly promptMean: number;
  readonly promptSigma: number;
  readonly promptMax: number;
  readonly outputMean: number;
  readonly outputSigma: number;
  readonly outputMax: number;
}

/** Means of Azure's published conversation trace of 2023 (1155 in, 211 out); the lognormal shape is an assumption. */
export const CHAT_TOKENS: TokenLengths = {
  promptMean: 1155,
  promptSigma: 0.6,
  promptMax: 6000,
  outputMean: 211,
  outputSigma: 0.6,
  outputMax: 1000,
};

/**
 * The chaos scenario's 40. One question in 20 s each is 2 a second at the bell; with the background that is 6 times the
 * session's mean, decaying with a time constant of 10 minutes: a broker's opening at 5-minute granularity (Akamai, 2016).
 */
export const FORTY_ANALYSTS: Analysts = {
  count: 40,
  arriveWithinMs: 60_000,
  thinkMedianMs: 16_700,
  thinkSigma: 0.6,
  stayMeanMs: 600_000,
};

/** 10,000 questions over 6.5 hours. */
const SESSION_MEAN_PER_SECOND = 10_000 / (6.5 * 3600);

/**
 * All requests of a trading morning, in order of arrival. Arrivals do not depend on the answers, so that two policies
 * face the very same questions: nobody asks less because the fleet is slow, and nobody retries.
 */
export function tradingMorning(options: WorkloadOptions): readonly SimRequest[] {
  const arrivals = [...background(options), ...analysts(options)].sort((a, b) => a - b);
  const random = createRandom(options.seed, 'tokens');
  return arrivals.map((arrivedAt, id) => ({
    id,
    arrivedAt,
    ...drawTokens(random, options.tokens),
    deadline: arrivedAt + options.clientTimeoutMs,
  }));
}

/** Intensity without the analysts' burst, relative to the session's mean; `minute` counts from the bell. */
export function relativeIntensity(minute: number): number {
  return plateau(minute, 390 - minute);
}

/** Poisson arrivals, minute by minute. */
function* background({ seed, from, to, open, volume }: WorkloadOptions): Generator<number> {
  const random = createRandom(seed, 'background');
  for (let start = from; start < to; start += 60_000) {
    const mean = relativeIntensity((start - open) / 60_000) * SESSION_MEAN_PER_SECOND * 60 * volume;
    for (let count = poisson(random, mean); count > 0; count--) {
      const at = start + Math.floor(random() * 60_000);
      if (at < to) yield at;
    }
  }
}

function* analysts({ seed, from, to, open, analysts }: WorkloadOptions): Generator<number> {
  for (let index = 0; index < analysts.count; index++) {
    const random = createRandom(seed, 'analyst', index);
    const leavesAt = open + analysts.arriveWithinMs + exponential(random, analysts.stayMeanMs);
    let at = open + random() * analysts.arriveWithinMs;
    for (let question = 0; question === 0 || at < leavesAt; question++) {
      if (at >= from && at < to) yield Math.floor(at);
      at += lognormal(random, analysts.thinkMedianMs, analysts.thinkSigma);
    }
  }
}

/** Prompt and output of one request. */
export function drawTokens(
  random: Random,
  lengths: TokenLengths,
): { readonly promptTokens: number; readonly outputTokens: number } {
  const { promptMean, promptSigma, promptMax, outputMean, outputSigma, outputMax } = lengths;
  return {
    promptTokens: tokens(random, promptMean, promptSigma, promptMax),
    outputTokens: tokens(random, outputMean, outputSigma, outputMax),
  };
}

/** At least one token; the mean of a lognormal is its median x exp(sigma² / 2). */
function tokens(random: Random, mean: number, sigma: number, max: number): number {
  const drawn = lognormal(random, mean / Math.exp(sigma ** 2 / 2), sigma);
  return Math.max(1, Math.min(max, Math.round(drawn)));
}

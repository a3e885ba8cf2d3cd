/** Uniform numbers in [0, 1), the same sequence for the same seed. */
export type Random = () => number;

/**
 * A generator of its own for each combination of `seed` parts, so that one more draw in one place moves nothing
 * elsewhere. sfc32 (Chris Doty-Humphrey, PractRand, public domain algorithm): 128 bits of state, passes PractRand.
 */
export function createRandom(...seed: readonly (string | number)[]): Random {
  const text = JSON.stringify(seed);
  let a = hash(text, 1);
  let b = hash(text, 2);
  let c = hash(text, 3);
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 15; round++) next();
  return next;
}

/** FNV-1a of `text`, started from another basis for each `lane`. */
function hash(text: string, lane: number): number {
  let value = (2_166_136_261 ^ Math.imul(lane, 0x9e37_79b9)) | 0;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 16_777_619);
  }
  return value;
}

/** Exponential with the given mean, in the mean's unit. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

/** Standard normal (Box and Muller's cosine half; the sine half is dropped to keep one draw one value). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

/** Lognormal by its median and the standard deviation of its logarithm. Mean: median x exp(sigma² / 2). */
export function lognormal(random: Random, median: number, sigma: number): number {
  return median * Math.exp(sigma * normal(random));
}

/** Poisson; large means are halved, since Knuth's product underflows. */
export function poisson(random: Random, mean: number): number {
  if (mean > 30) return poisson(random, mean / 2) + poisson(random, mean / 2);
  const limit = Math.exp(-mean);
  let count = -1;
  for (let product = 1; product > limit || count < 0; product *= random()) count++;
  return mean <= 0 ? 0 : count;
}

/** Gamma with mean 1 and the given variance (Marsaglia and Tsang 2000; below shape 1 by Stuart's theorem). */
export function gamma(random: Random, variance: number): number {
  if (variance <= 0) return 1;
  const shape = 1 / variance;
  return standardGamma(random, shape) / shape;
}

function standardGamma(random: Random, shape: number): number {
  if (shape < 1) return standardGamma(random, shape + 1) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

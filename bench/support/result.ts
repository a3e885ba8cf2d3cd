/** Middle value of several runs, with the quartiles as its spread. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly value: Spread;
  /** What it must reach, if anything: `>= 0.9`. */
  readonly target?: string;
  readonly reached?: boolean;
}

/** What each function `bench…` of bench/*.ts resolves to. */
export interface BenchResult {
  readonly name: string;
  readonly rows: readonly Row[];
  /** How it was measured, in a sentence. */
  readonly how: string;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

function quantile(sorted: readonly number[], q: number): number {
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export interface Paired {
  readonly ours: Spread;
  readonly theirs: Spread;
  /** Of the ratios ours / theirs within each pair, so that a machine that slows down does it to both. */
  readonly ratio: Spread;
}

/** Measures `ours` and `theirs` in turn, the order swapped in every other pair. */
export async function alternating(
  pairs: number,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
): Promise<Paired> {
  const measured: { readonly ours: number; readonly theirs: number }[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % 2 === 0) measured.push({ ours: await ours(), theirs: await theirs() });
    else {
      const first = await theirs();
      measured.push({ ours: await ours(), theirs: first });
    }
  }
  return {
    ours: spreadOf(measured.map((each) => each.ours)),
    theirs: spreadOf(measured.map((each) => each.theirs)),
    ratio: spreadOf(measured.map((each) => each.ours / each.theirs)),
  };
}

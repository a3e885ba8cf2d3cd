import type { Sample } from '../core/sample.ts';

/** Arrivals over one window that ends now. */
export interface WindowRate {
  /** Length, ms. */
  readonly window: number;
  /** Requests per second over the part of it that is known. */
  readonly rate: number;
  /** What the count proves: the rate less `confidence` standard deviations of a Poisson count, never below 0. */
  readonly low: number;
}

export type ArrivalSource = 'conservation' | 'gateway';

/**
 * The arrival rate over each of `windows` (ms, ascending), for those of which at least half is known. Windows shorter than
 * two scrapes are left out where a longer one is known: they would count one scrape's lump or none.
 */
export function arrivalRates(
  samples: readonly Sample[],
  at: number,
  windows: readonly number[],
  { confidence, source }: { readonly confidence: number; readonly source: ArrivalSource },
): readonly WindowRate[] {
  const rates: WindowRate[] = [];
  let [cursor, total, known, scrape] = [samples.length - 1, 0, 0, 0];
  for (const window of windows) {
    for (; cursor > 0; cursor--) {
      const [before, sample] = [samples[cursor - 1], samples[cursor]];
      if (before === undefined || sample === undefined || sample.at <= at - window) break;
      const arrived = source === 'gateway' ? grown(before.gateway, sample.gateway) : sample.arrived;
      if (arrived === null) continue;
      total += arrived;
      known += sample.at - before.at;
      scrape = Math.max(scrape, sample.arrivedOver ?? 0);
    }
    if (known * 2 < window || known === 0) continue;
    const seconds = known / 1000;
    const rate = Math.max(0, total) / seconds;
    const low = Math.max(0, rate - confidence * Math.sqrt(rate / seconds));
    rates.push({ window, rate, low });
  }
  const resolved = rates.filter(({ window }) => window >= 2 * scrape);
  return resolved.length > 0 ? resolved : rates.slice(-1);
}

/** Growth of a sum of counters. One that fell has lost a part; by how much it grew otherwise is not known. */
function grown(before: number | null, now: number | null): number | null {
  return before === null || now === null || now < before ? null : now - before;
}

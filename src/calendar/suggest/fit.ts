import { type DayNeeds, SLOT_MINUTES, SLOTS } from './needs.ts';

/** Quarters of an hour [from, to) of one floor. */
export interface FittedWindow {
  readonly from: number;
  readonly to: number;
  readonly floor: number;
}

export interface FitOptions {
  /** What one replica too few costs, in replicas too many for the same time. */
  readonly shortage: number;
  /** Replicas that are there anyway; no window is needed for them. */
  readonly base: number;
  readonly maxFloor: number;
}

/** A window must save so many replica-hours a day, or it is not worth a person's eyes. */
const WINDOW_HOURS = 1;
/** More windows than these nobody reviews (and a calendar has room for 32 sessions): then each must save twice as much. */
const MOST_WINDOWS = 12;

/**
 * The floors over the day that cost least over all `days`: idle replica-hours, plus `shortage` times those that were short,
 * plus one hour a day for each window. Within a window that is the newsvendor's quantile, shortage / (1 + shortage), of what
 * was needed; where windows begin and end comes of the same sum. Exact, by dynamic programming over the quarters.
 */
export function fitWindows(
  days: readonly DayNeeds[],
  { shortage, base, maxFloor }: FitOptions,
): readonly FittedWindow[] {
  const peak = Math.max(
    base,
    ...days.flatMap(({ slots }) => [...slots].filter((need) => !Number.isNaN(need))),
  );
  const levels = Math.min(maxFloor, Math.ceil(peak)) - base + 1;
  if (days.length === 0 || levels <= 1) return [];
  // cost[level][slot]: of that floor from midnight until the slot begins.
  const costs = Array.from({ length: levels }, (_, level) =>
    cumulativeCost(days, base + level, { shortage, base }),
  );
  for (let hours = WINDOW_HOURS; ; hours *= 2) {
    const windows = cheapest(costs, (hours * 60 * days.length) / SLOT_MINUTES, base);
    if (windows.length <= MOST_WINDOWS) return windows;
  }
}

function cheapest(costs: readonly Float64Array[], windowCost: number, base: number): readonly FittedWindow[] {
  const best = new Float64Array(SLOTS + 1).fill(Number.POSITIVE_INFINITY);
  best[0] = 0;
  const chosen: ({ from: number; level: number } | undefined)[] = [];
  for (let to = 1; to <= SLOTS; to++) {
    for (let from = 0; from < to; from++) {
      for (const [level, cost] of costs.entries()) {
        const within = (cost[to] ?? 0) - (cost[from] ?? 0);
        const total = (best[from] ?? 0) + within + (level > 0 ? windowCost : 0);
        if (total < (best[to] ?? 0) - 1e-9) {
          best[to] = total;
          chosen[to] = { from, level };
        }
      }
    }
  }
  return windowsOf(chosen, base);
}

/** In replica-quarters, of all days. Below `base` nothing is idle: those replicas are there anyway. */
function cumulativeCost(
  days: readonly DayNeeds[],
  floor: number,
  { shortage, base }: Pick<FitOptions, 'shortage' | 'base'>,
): Float64Array {
  const cost = new Float64Array(SLOTS + 1);
  for (let slot = 0; slot < SLOTS; slot++) {
    let sum = 0;
    for (const { slots } of days) {
      const need = slots[slot] ?? Number.NaN;
      if (Number.isNaN(need)) continue;
      const wanted = Math.max(base, Math.ceil(need));
      sum += wanted > floor ? shortage * (wanted - floor) : floor - wanted;
    }
    cost[slot + 1] = (cost[slot] ?? 0) + sum;
  }
  return cost;
}

function windowsOf(
  chosen: readonly ({ readonly from: number; readonly level: number } | undefined)[],
  base: number,
): readonly FittedWindow[] {
  const windows: FittedWindow[] = [];
  for (let to = SLOTS; to > 0; ) {
    const piece = chosen[to];
    if (piece === undefined) break;
    if (piece.level > 0) windows.unshift({ from: piece.from, to, floor: base + piece.level });
    to = piece.from;
  }
  return windows;
}

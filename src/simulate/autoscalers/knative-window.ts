import { round6 } from '../../signal/window.ts';

/** Concurrency by the second over a window, as Knative's `TimedFloat64Buckets` averages it. Whole Unix seconds throughout. */
export interface SecondsWindow {
  /** Adds `value` to the bucket of its second; writes come in order. */
  record(second: number, value: number): void;
  /** Nothing was written for longer than the window: there is no average to speak of. */
  isEmpty(second: number): boolean;
  /**
   * The mean over the buckets of (second - window, last write], seconds without a write counting 0. A young series is
   * averaged over the seconds it has; a write a whole window after the one before starts it anew. Six decimals.
   */
  average(second: number): number;
}

export function createSecondsWindow(seconds: number): SecondsWindow {
  const buckets = new Float64Array(seconds);
  let first = Number.NaN;
  let last = Number.NEGATIVE_INFINITY;
  return {
    record(second, value) {
      if (second - last >= seconds) {
        buckets.fill(0);
        first = second;
      } else {
        for (let gap = last + 1; gap <= second; gap++) buckets[gap % seconds] = 0;
      }
      last = Math.max(last, second);
      const slot = second % seconds;
      buckets[slot] = (buckets[slot] ?? 0) + value;
    },
    isEmpty: (second) => second - last > seconds,
    average(second) {
      const lag = Math.max(0, second - last);
      if (lag >= seconds) return 0;
      const counted = Math.min(last - first + 1, seconds - lag);
      let sum = 0;
      for (let back = 0; back < seconds - lag; back++) sum += buckets[(last - back) % seconds] ?? 0;
      // Go's math.Round takes halves away from zero, which for a concurrency is up, as here.
      return round6(sum / counted);
    },
  };
}

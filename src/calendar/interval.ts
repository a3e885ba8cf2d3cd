/** Half-open `[from, to)`, epoch ms. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** The intervals of something that overlap `[from, to)`, ascending and disjoint; the ends may reach beyond the range. */
export type Intervals = (from: number, to: number) => readonly Interval[];

/** Sorted, with overlapping and touching ones made one, empty ones dropped. */
export function union(intervals: readonly Interval[]): readonly Interval[] {
  const sorted = intervals.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of sorted) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

/** What disjoint ascending `intervals` leave over of `[from, to)`. */
export function complement(intervals: readonly Interval[], from: number, to: number): readonly Interval[] {
  const gaps: Interval[] = [];
  let free = from;
  for (const interval of intervals) {
    if (interval.from > free) gaps.push({ from: free, to: Math.min(interval.from, to) });
    free = Math.max(free, interval.to);
  }
  if (free < to) gaps.push({ from: free, to });
  return gaps;
}

/** Where two disjoint ascending lists first overlap at or after `after`, and otherwise where they do before it. */
export function firstOverlap(
  left: readonly Interval[],
  right: readonly Interval[],
  after: number,
): number | undefined {
  let earlier: number | undefined;
  let [l, r] = [0, 0];
  let [a, b] = [left[l], right[r]];
  while (a && b) {
    const from = Math.max(a.from, b.from);
    const to = Math.min(a.to, b.to);
    if (from < to && to > after) return Math.max(from, after);
    if (from < to) earlier ??= from;
    if (a.to <= b.to) a = left[++l];
    else b = right[++r];
  }
  return earlier;
}

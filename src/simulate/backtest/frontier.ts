/** What a policy costs and what share of its requests comes late. */
export interface Point {
  readonly cost: number;
  readonly late: number;
}

/** Those that nobody beats in one without being beaten in the other, cheapest first; equals stay together. */
export function frontierOf<T extends Point>(points: readonly T[]): readonly T[] {
  const beats = (a: Point, b: Point) =>
    a.cost <= b.cost && a.late <= b.late && (a.cost < b.cost || a.late < b.late);
  return points
    .filter((point) => !points.some((other) => beats(other, point)))
    .toSorted((a, b) => a.cost - b.cost || a.late - b.late);
}

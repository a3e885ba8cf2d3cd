import type { Metric } from './points.ts';
import { counted } from './slices.ts';

/** Where a table's values go, series by series: the place of what it is of times `width`, and which number of it; -1 for nowhere. */
export interface Places {
  readonly metrics: readonly Metric[];
  readonly cells: Int32Array;
}

/** Where each series' value goes: where it went before, or what `cellOf` says of one that is new. */
export function* placesOf(
  metrics: readonly Metric[],
  before: Places | undefined,
  cellOf: (metric: Metric) => number,
): Generator<void, Places> {
  const find = seriesFinder(before?.metrics ?? []);
  const cells = new Int32Array(metrics.length);
  yield* counted(metrics.length, (series) => {
    const metric = metrics[series] ?? {};
    const cell = before?.cells[find(metric)] ?? -1;
    // What went nowhere may be of somebody who has come since.
    cells[series] = cell >= 0 ? cell : cellOf(metric);
  });
  return { metrics, cells };
}

/** Series that are looked through for one that does not stand where it is expected. */
const AHEAD = 256;

/**
 * Finds series of one list in another that has much the same order: where the one before was found and a little further; -1 for
 * one that is not there. They are compared as objects, since a series that stays is the same one.
 */
function seriesFinder(list: readonly Metric[]): (metric: Metric) => number {
  let next = 0;
  return (metric) => {
    const end = Math.min(list.length, next + AHEAD);
    for (let place = next; place < end; place++) {
      if (list[place] !== metric) continue;
      next = place + 1;
      return place;
    }
    return -1;
  };
}

/** Those without a series that may be carried on beside each one that has some. */
const FEW_GONE = 1_000;

/** Whether of `count` that have places hardly any has a series left: what is carried on should not grow for ever. */
export function isMostlyGone(count: number, width: number, ...tables: readonly Places[]): boolean {
  if (count <= FEW_GONE) return false;
  const there = new Uint8Array(count);
  for (const { cells } of tables)
    for (const cell of cells) if (cell >= 0) there[Math.floor(cell / width)] = 1;
  const left = there.reduce((sum, one) => sum + one, 0);
  return count - left > Math.max(FEW_GONE, left);
}

/** Both maps, where those of `added` count; the old one itself where there is nothing to add. */
export function joined<V>(
  old: ReadonlyMap<string, V> = new Map(),
  added: ReadonlyMap<string, V>,
): ReadonlyMap<string, V> {
  if (added.size === 0) return old;
  const all = new Map(old);
  for (const [key, value] of added) all.set(key, value);
  return all;
}

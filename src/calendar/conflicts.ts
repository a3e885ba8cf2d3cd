import { formatInstant } from '../core/instant.ts';
import { DAY_MS, formatDate } from './civil-date.ts';
import { formatWallTime } from './hours.ts';
import { firstOverlap, type Interval } from './interval.ts';
import type { Issue, Report } from './issue.ts';
import { overriddenFields } from './overrides.ts';
import type { WindowModel } from './timeline.ts';
import type { Zone } from './wall-time.ts';

/** Two windows that must not be in force together, and what to say when they are. */
interface Pair {
  readonly left: number;
  readonly right: number;
  readonly path: Issue['path'];
  readonly rule: string;
}

/**
 * Days looked at for each window and each pair of windows, before a calendar is refused as too large to judge: about half
 * a second. Ten windows may span centuries, sixty-four that all contradict each other some years.
 */
const BUDGET = 8_000_000;
/** To find the days of a window costs as much as to compare so many pairs. */
const WINDOW_COST = 10;
/** Compared a year at a time, so that the sessions of a year are computed once for all windows. */
const BLOCK_MS = 366 * DAY_MS;

export interface ConflictContext {
  readonly report: Report;
  readonly zone: Zone;
  readonly windows: readonly (WindowModel | null)[];
  /** All time in which anything dated happens, and a year of the weekly shape after it (each change of clocks once). */
  readonly range: Interval;
  /** Conflicts from here on are named first: the start of `covers`. */
  readonly covered: number;
}

/** Reports each pair of windows that contradict each other at some instant, with the first such instant. */
export function reportConflicts(context: ConflictContext): void {
  const pairs = contradictions(context.windows);
  if (pairs.length === 0) return;
  const involved = new Set(pairs.flatMap(({ left, right }) => [left, right]));
  const days = Math.ceil((context.range.to - context.range.from) / DAY_MS);
  const most = Math.floor(BUDGET / (pairs.length + involved.size * WINDOW_COST));
  if (days > most) {
    const rule = `must span at most ${most} days with ${involved.size} windows that could contradict each other`;
    context.report.error(['windows'], `${rule}, was ${days} days from the first to the last date`);
    return;
  }
  const first = firstOverlaps(context, pairs, involved);
  for (const pair of pairs) {
    const at = first.get(pair);
    if (at !== undefined)
      context.report.error(pair.path, `${pair.rule}, first at ${shownAt(context.zone, at)}`);
  }
}

function firstOverlaps(context: ConflictContext, pairs: readonly Pair[], involved: ReadonlySet<number>) {
  const found = new Map<Pair, number>();
  const { range, covered, windows } = context;
  const open = new Set(pairs);
  for (let from = range.from; from < range.to && open.size > 0; from += BLOCK_MS) {
    const to = Math.min(range.to, from + BLOCK_MS);
    const intervals = new Map(
      [...involved].map((index) => [index, windows[index]?.intervals(from, to) ?? []]),
    );
    for (const pair of open) {
      const [left, right] = [intervals.get(pair.left) ?? [], intervals.get(pair.right) ?? []];
      const overlap = firstOverlap(left, right, covered);
      if (overlap === undefined) continue;
      if (overlap >= covered || !found.has(pair)) found.set(pair, overlap);
      if (overlap >= covered) open.delete(pair);
    }
  }
  return found;
}

/** The instant on the calendar's own clock and in UTC. */
function shownAt(zone: Zone, at: number): string {
  const { day, ms } = zone.wallClock(at);
  return `${formatDate(day)} ${formatWallTime(Math.floor(ms / 60_000))} ${zone.name} (${formatInstant(at)})`;
}

function contradictions(windows: readonly (WindowModel | null)[]): readonly Pair[] {
  return windows.flatMap((left, index) =>
    windows.flatMap((right, other) =>
      left && right && index !== other
        ? [...floorOverCeiling(left, right, index, other), ...sameField(left, right, index, other)]
        : [],
    ),
  );
}

function floorOverCeiling(
  left: WindowModel,
  right: WindowModel,
  index: number,
  other: number,
): readonly Pair[] {
  if (left.floor === null || right.ceiling === null || left.floor <= right.ceiling) return [];
  const rule = `must be at most ${right.ceiling}, the ceiling of the window ${right.name} in force at the same time, was ${left.floor}`;
  return [{ left: index, right: other, path: ['windows', index, 'floor'], rule }];
}

/** One pair for each field, reported at the later window. */
function sameField(left: WindowModel, right: WindowModel, index: number, other: number): readonly Pair[] {
  if (!left.policy || !right.policy || index < other) return [];
  const theirs = overriddenFields(right.policy);
  const shared = [...overriddenFields(left.policy)].filter(([field]) => theirs.has(field));
  const paths = new Map(shared.map(([field, path]) => [path.join('.'), { field, path }]));
  return [...paths.values()].map(({ field, path }) => ({
    left: index,
    right: other,
    path: ['windows', index, 'policy', ...path],
    rule: `must not override ${field} while the window ${right.name} does, was in force together with it`,
  }));
}

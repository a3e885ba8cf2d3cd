import type { Interval } from '../interval.ts';
import type { Asked, Side, Step } from './side.ts';

/** The windows behind a difference, by what became of them at that instant. */
export interface Responsible {
  readonly gone: readonly string[];
  readonly added: readonly string[];
  /** In force on both sides, and written differently (or, where none is, simply in force). */
  readonly changed: readonly string[];
}

/** A stretch of time over which the two sides differ in one way; `[from, to)` lies within the range compared. */
export interface Piece extends Interval {
  /** Where it really begins and ends, some days beyond the range at most; null: later than was looked. */
  readonly since: number;
  readonly until: number | null;
  readonly before: Asked;
  readonly after: Asked;
  readonly windows: Responsible;
  /** Equal for pieces that differ in the same way. */
  readonly signature: string;
}

export interface Pair {
  readonly before: Side;
  readonly after: Side;
}

interface Steps {
  readonly before: readonly Step[];
  readonly after: readonly Step[];
}

interface Found extends Interval, Pick<Piece, 'before' | 'after' | 'windows' | 'signature'> {}

/**
 * Where the two sides differ within `range`, ascending; neighbours of the same signature are one piece. The steps cover
 * `seen`, which reaches beyond the range on both ends, so that a night at its edge is the same night as all others.
 */
export function differences(
  steps: Steps,
  { range, seen }: { readonly range: Interval; readonly seen: Interval },
  sides: Pair,
): readonly Piece[] {
  const found: Found[] = [];
  for (const stretch of sweep(steps, seen.to)) {
    const [before, after] = [capacityOf(stretch.before), capacityOf(stretch.after)];
    if (before === after) continue;
    const windows = responsible(stretch.before, stretch.after, sides);
    const signature = JSON.stringify([before, after, windows]);
    const last = found.at(-1);
    if (last && last.to === stretch.from && last.signature === signature)
      found[found.length - 1] = { ...last, to: stretch.to };
    else found.push({ ...stretch, windows, signature });
  }
  return found
    .filter(({ from, to }) => to > range.from && from < range.to)
    .map(({ from, to, ...rest }) => ({
      ...rest,
      from: Math.max(from, range.from),
      to: Math.min(to, range.to),
      since: from > seen.from ? from : range.from,
      until: to < seen.to ? to : null,
    }));
}

interface Stretch extends Interval {
  readonly before: Step;
  readonly after: Step;
}

/** Both lists laid over each other: one stretch for each pair of steps that hold together. */
function* sweep({ before, after }: Steps, to: number): Generator<Stretch> {
  let [left, right] = [0, 0];
  for (;;) {
    const [b, a] = [before[left], after[right]];
    if (!b || !a) return;
    const [nextBefore, nextAfter] = [before[left + 1]?.at ?? to, after[right + 1]?.at ?? to];
    const [from, end] = [Math.max(b.at, a.at), Math.min(nextBefore, nextAfter)];
    if (from < end) yield { from, to: end, before: b, after: a };
    if (end >= to) return;
    if (nextBefore === end) left++;
    if (nextAfter === end) right++;
  }
}

/** Equal for what asks for the same, whichever windows do. */
function capacityOf({ floor, ceiling, policy }: Asked): string {
  return JSON.stringify([floor, ceiling, canonical(policy)]);
}

/** The value with the keys of its maps in order, so that formatting and order make no difference. */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
}

function responsible(before: Asked, after: Asked, sides: Pair): Responsible {
  const gone = before.windows.filter((name) => !after.windows.includes(name));
  const added = after.windows.filter((name) => !before.windows.includes(name));
  const both = after.windows.filter((name) => before.windows.includes(name));
  const rewritten = both.filter(
    (name) => sides.before.definitions.get(name) !== sides.after.definitions.get(name),
  );
  const unexplained = gone.length + added.length + rewritten.length === 0;
  return { gone, added, changed: unexplained ? both : rewritten };
}

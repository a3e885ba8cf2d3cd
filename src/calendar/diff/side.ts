import type { PolicyFields } from '../../core/policy.ts';
import type { Bounds, Calendar } from '../calendar.ts';
import type { Interval } from '../interval.ts';

/** The limits of a policy, which bound its calendar's windows as they do in a decision. */
export interface Limits {
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/** One of the two things compared: a calendar alone, a policy's limits, or both together. */
export interface Side {
  /** Null asks for nothing: the file is new or gone, or the policy follows no calendar. */
  readonly calendar: Calendar | null;
  /** What each window says, as text that is equal for equal windows; tells a changed window from a changed session. */
  readonly definitions: ReadonlyMap<string, string>;
  readonly limits: Limits | null;
}

export const NOTHING: Side = { calendar: null, definitions: new Map(), limits: null };

/** What a side asks for at one instant. */
export interface Asked {
  readonly floor: number;
  readonly ceiling: number | null;
  /** Overrides other than minReplicas and maxReplicas, which are counted in floor and ceiling. */
  readonly policy: PolicyFields;
  readonly windows: readonly string[];
}

export interface Step extends Asked {
  readonly at: number;
}

/** Transitions asked for at once: some days' worth, so that a short range does not look far ahead. */
const BATCH = 32;

/** What `side` asks for from `from` on, and at each change before `to`; never empty. */
export function stepsOf(side: Side, { from, to }: Interval, autoLeadMs: number): readonly Step[] {
  const steps: Step[] = [{ at: from, ...askedAt(side, from, autoLeadMs) }];
  let at = from;
  while (side.calendar) {
    const found = side.calendar.next(at, autoLeadMs, BATCH);
    for (const transition of found) {
      if (transition.at >= to) return steps;
      steps.push({ at: transition.at, ...askedAt(side, transition.at, autoLeadMs) });
    }
    if (found.length < BATCH) return steps;
    at = found.at(-1)?.at ?? to;
  }
  return steps;
}

function askedAt({ calendar, limits }: Side, at: number, autoLeadMs: number): Asked {
  const bounds = calendar?.boundsAt(at, autoLeadMs) ?? NO_BOUNDS;
  const { minReplicas = limits?.minReplicas, maxReplicas = limits?.maxReplicas, ...policy } = bounds.policy;
  const least = minReplicas ?? 0;
  const most = maxReplicas ?? Number.POSITIVE_INFINITY;
  const ceiling = Math.min(most, Math.max(bounds.ceiling ?? Number.POSITIVE_INFINITY, least));
  return {
    floor: Math.min(Math.max(bounds.floor, least), most),
    ceiling: Number.isFinite(ceiling) ? ceiling : null,
    policy,
    windows: bounds.windows,
  };
}

const NO_BOUNDS: Bounds = { floor: 0, ceiling: null, policy: {}, windows: [], covered: true };

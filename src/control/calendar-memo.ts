import type { Bounds, Calendar, Transition } from '../calendar/calendar.ts';

/**
 * The same calendar with its last answers kept: the fleets of one cycle ask for the same instant and few leads, and
 * the next transition stays the same until it comes.
 */
export function memoised(calendar: Calendar): Calendar {
  let instant = Number.NaN;
  const bounds = new Map<number, Bounds>();
  const upcoming = new Map<number, { readonly asked: number; readonly transitions: readonly Transition[] }>();
  return {
    ...calendar,
    boundsAt(at, autoLeadMs) {
      if (at !== instant) {
        bounds.clear();
        instant = at;
      }
      let known = bounds.get(autoLeadMs);
      if (known === undefined) {
        known = calendar.boundsAt(at, autoLeadMs);
        bounds.set(autoLeadMs, known);
      }
      return known;
    },
    maxFloor: (from, to, autoLeadMs) => calendar.maxFloor(from, to, autoLeadMs),
    next(at, autoLeadMs, count) {
      if (count !== 1) return calendar.next(at, autoLeadMs, count);
      const known = upcoming.get(autoLeadMs);
      const still = known?.transitions[0];
      if (known && at >= known.asked && still !== undefined && at < still.at) return known.transitions;
      const transitions = calendar.next(at, autoLeadMs, 1);
      upcoming.set(autoLeadMs, { asked: at, transitions });
      return transitions;
    },
    sessions: (from, to, session) => calendar.sessions(from, to, session),
  };
}

import type { Calendar } from '../calendar/calendar.ts';
import { historyWindow, type Policy } from '../core/policy.ts';
import type { Wish } from '../policy/delay.ts';
import type { Hold } from '../policy/hold.ts';
import type { Decision, Step, Timer } from './record.ts';
import type { DecisionState } from './state.ts';

/** The one sentence: the reason of the last step that set the number, or of the hold. */
export function reasonOf(steps: readonly Step[], answer: number | null, hold: Hold | null): string {
  if (answer === null) return `nothing is known yet: ${hold?.why ?? 'no sample'}`;
  const main = steps.filter(({ step }) => !NO_SETTERS.has(step));
  const setter = main.findLast((step) => step.out !== step.in && step.out === answer);
  if (hold && (setter === undefined || setter.step === 'delay')) return `held at ${answer}: ${hold.why}`;
  const demand = steps.find(({ step }) => step === 'demand');
  if (setter === undefined) return demand?.reason ?? 'no step changed it';
  return setter.step === 'gain' ? `${demand?.reason}` : setter.reason;
}

/** Steps that find out, or that tell, and set no number of replicas. */
const NO_SETTERS: ReadonlySet<Step['step']> = new Set([
  'signals',
  'arrivals',
  'season',
  'capacity',
  'demand',
  'landing',
  'buffer',
]);

export interface TimersInput {
  readonly at: number;
  readonly policy: Policy;
  readonly state: DecisionState;
  readonly due: number | null;
  readonly hold: Hold | null;
}

/** The clocks that run after this decision. */
export function timersOf({ at, policy, state, due, hold }: TimersInput): readonly Timer[] {
  const timers: Timer[] = [];
  const { wish, burstUntil, unschedulableSince, seenSince } = state;
  if (wish && due !== null && due > at) {
    const up = wish.direction === 'up';
    timers.push({
      name: up ? 'upscale' : 'downscale',
      since: wish.since,
      at: due,
      what: `${up ? 'rise' : 'fall'} to ${wish.last} if still wanted`,
    });
  }
  if (burstUntil !== null && burstUntil > at)
    timers.push({ name: 'burst', since: at, at: burstUntil, what: 'falls are allowed again' });
  if (hold?.reason === 'start' && seenSince !== null) {
    timers.push({
      name: 'start',
      since: seenSince,
      at: seenSince + historyWindow(policy),
      what: 'a whole look-back window has been seen',
    });
  }
  if (unschedulableSince !== null) {
    const until = unschedulableSince + policy.provisionTimeout;
    if (until > at)
      timers.push({
        name: 'provision',
        since: unschedulableSince,
        at: until,
        what: 'no further rise if still unschedulable',
      });
  }
  return timers;
}

export interface NextInput {
  readonly at: number;
  readonly timers: readonly Timer[];
  readonly wish: Wish | null;
  readonly calendar: Calendar | null;
  readonly lead: number;
}

/** What comes next: the earliest running clock or change of the calendar's bounds. */
export function nextOf({ at, timers, wish, calendar, lead }: NextInput): Decision['next'] {
  const change = calendar?.next(at, lead, 1)[0];
  let next: Decision['next'] = null;
  if (change) {
    const ceiling = change.ceiling === null ? '' : `, ceiling ${change.ceiling}`;
    const windows = change.windows.length === 0 ? 'no window' : change.windows.join(', ');
    next = { at: change.at, why: `the calendar's floor becomes ${change.floor}${ceiling} (${windows})` };
  }
  for (const timer of timers) {
    if (next !== null && next.at <= timer.at) continue;
    const wished =
      (timer.name === 'upscale' || timer.name === 'downscale') && wish ? { replicas: wish.last } : {};
    next = { at: timer.at, ...wished, why: timer.what };
  }
  return next;
}

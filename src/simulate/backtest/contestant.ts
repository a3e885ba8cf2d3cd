import type { Calendar } from '../../calendar/calendar.ts';
import type { PolicyFields } from '../../core/policy.ts';
import type { TrafficBucket } from '../../core/traffic-bucket.ts';
import type { Autoscaler } from '../autoscalers/autoscaler.ts';
import { createBellwether } from '../autoscalers/bellwether.ts';
import { peersFor } from '../autoscalers/catalogue.ts';
import type { KnobValues } from '../autoscalers/peer.ts';
import type { Scenario } from '../scenario.ts';

/** Who takes part, as plain data, so that a worker thread can be told. `label` is unique in a backtest. */
export type Contestant =
  | {
      readonly kind: 'policy';
      readonly label: string;
      readonly fields: PolicyFields;
      /** Whether it gets the calendar; a name: that one of `Known.calendars` in its place. */
      readonly calendar: boolean | string;
    }
  | { readonly kind: 'peer'; readonly label: string; readonly peer: string; readonly values: KnobValues }
  | { readonly kind: 'oracle'; readonly label: string };

/** What everybody may know beside the scenario. */
export interface Known {
  readonly calendar: Calendar | null;
  /** Further calendars by name, for policies that ask for one. */
  readonly calendars?: Readonly<Record<string, Calendar>>;
  /** Traffic before the run, for policies that learn; default none. */
  readonly history?: readonly TrafficBucket[];
}

/** The autoscaler of anyone but the oracle, new for each run. */
export function createContestant(
  scenario: Scenario,
  contestant: Exclude<Contestant, { kind: 'oracle' }>,
  known: Known,
): Autoscaler {
  if (contestant.kind === 'peer') {
    const peer = peersFor(known.calendar, scenario).find(({ name }) => name === contestant.peer);
    if (peer === undefined) throw new Error(`no peer ${contestant.peer}`);
    return peer.create(scenario, contestant.values);
  }
  const { label: name, fields } = contestant;
  const { history } = known;
  const calendar = calendarOf(contestant.calendar, known);
  return createBellwether(scenario, { name, fields, calendar, ...(history && { history }) });
}

function calendarOf(asked: boolean | string, { calendar, calendars }: Known): Calendar | null {
  if (typeof asked === 'boolean') return asked ? calendar : null;
  const named = calendars?.[asked];
  if (named === undefined) throw new Error(`no calendar ${asked}`);
  return named;
}

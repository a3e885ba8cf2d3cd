import type { Calendar } from '../../calendar/calendar.ts';
import type { PolicyFields } from '../../core/policy.ts';
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
      /** Whether it gets the calendar. */
      readonly calendar: boolean;
    }
  | { readonly kind: 'peer'; readonly label: string; readonly peer: string; readonly values: KnobValues }
  | { readonly kind: 'oracle'; readonly label: string };

/** The autoscaler of anyone but the oracle, new for each run. */
export function createContestant(
  scenario: Scenario,
  contestant: Exclude<Contestant, { kind: 'oracle' }>,
  calendar: Calendar | null,
): Autoscaler {
  if (contestant.kind === 'peer') {
    const peer = peersFor(calendar, scenario).find(({ name }) => name === contestant.peer);
    if (peer === undefined) throw new Error(`no peer ${contestant.peer}`);
    return peer.create(scenario, contestant.values);
  }
  return bellwether(scenario, contestant.label, contestant.fields, contestant.calendar ? calendar : null);
}

function bellwether(
  scenario: Scenario,
  name: string,
  fields: PolicyFields,
  calendar: Calendar | null,
): Autoscaler {
  return createBellwether(scenario, { name, fields, calendar });
}

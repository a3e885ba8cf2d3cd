import type { Calendar } from '../../calendar/calendar.ts';
import type { PolicyFields } from '../../core/policy.ts';
import { withPreset } from '../../core/presets.ts';
import type { Setting } from '../autoscalers/autoscaler.ts';
import { peersFor } from '../autoscalers/catalogue.ts';
import { floors, type KnobValues } from '../autoscalers/peer.ts';
import { loadTested } from '../autoscalers/sizing.ts';
import type { Contestant } from '../backtest/contestant.ts';

/** Whoever has knobs: a peer, or the preset arrival-rate of ours. */
export interface Entrant {
  readonly name: string;
  defaults(setting: Setting): KnobValues;
  /** Values to try, the knob that matters most first. */
  knobs(setting: Setting): Readonly<Record<string, readonly number[]>>;
  contestant(setting: Setting, label: string, values: KnobValues): Contestant;
}

/** What people set who have load-tested one replica with requests of these lengths. */
export interface LoadTest {
  /** Requests per second that one replica carries. */
  readonly perReplica: number;
}

/** The calendars that policies of ours are run with. */
export const CALENDARS = { days: 'days', floor: 'floor', suggested: 'suggested' } as const;

export const ARRIVAL_RATE = 'bellwether arrival-rate';
export const TUNED = ' tuned';
export const LOAD_TESTED = `${ARRIVAL_RATE}, load-tested`;
export const WITH_FLOOR = `${ARRIVAL_RATE}${TUNED}, calendar floor`;
export const WITH_SUGGESTED = `${ARRIVAL_RATE}${TUNED}, suggested calendar`;
export const RAY_RULE = 'bellwether ray';
export const STATIC_BEST = 'static, best N';
export const ORACLE = 'oracle';

/**
 * The preset arrival-rate with `perReplica` as load-tested, and what its owner would turn. `capacity` counts in shares of the
 * load test's rate.
 */
export function arrivalRateEntrant({ perReplica }: LoadTest, calendar: boolean | string): Entrant {
  return {
    name: ARRIVAL_RATE,
    defaults: ({ minReplicas }) => ({
      capacity: 1,
      headroom: 0.2,
      confidence: 1.5,
      minReplicas,
    }),
    knobs: (setting) => ({
      capacity: [0.5, 0.6, 0.7, 0.8, 0.9, 1],
      headroom: [0, 0.2, 0.5, 0.8],
      confidence: [0.75, 1.5],
      minReplicas: floors(setting),
    }),
    contestant: (setting, label, values) => ({
      kind: 'policy',
      label,
      fields: arrivalFields(setting, values, perReplica),
      calendar,
    }),
  };
}

function arrivalFields({ profile }: Setting, values: KnobValues, perReplica: number): PolicyFields {
  const { capacity = 1, headroom = 0.2, confidence = 1.5, minReplicas } = values;
  return withPreset('arrival-rate', {
    targetOngoingRequests: loadTested(profile).ongoing,
    ...(minReplicas === undefined ? {} : { minReplicas }),
    signals: { arrivalRate: { perReplica: perReplica * capacity, headroom, confidence } },
  });
}

/** A preset as it comes, with nothing but the load test's target. */
export function presetContestant(
  preset: 'ray' | 'arrival-rate',
  { profile }: Setting,
  calendar: boolean | string,
): Contestant {
  const targetOngoingRequests = loadTested(profile).ongoing;
  return {
    kind: 'policy',
    label: preset === 'ray' ? RAY_RULE : ARRIVAL_RATE,
    fields: withPreset(preset, { targetOngoingRequests }),
    calendar,
  };
}

/** The peers with knobs; a fixed count is looked for by itself. */
export function peerEntrants(
  calendar: Calendar | null,
  span: { readonly from: number; readonly to: number },
): readonly Entrant[] {
  return peersFor(calendar, span)
    .filter(({ name }) => name !== 'static')
    .map((peer) => ({
      name: peer.name,
      defaults: peer.defaults,
      knobs: peer.knobs,
      contestant: (_setting, label, values) => ({ kind: 'peer', label, peer: peer.name, values }),
    }));
}

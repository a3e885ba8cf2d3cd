import { deepStrictEqual } from 'node:assert/strict';
import { DateTime } from 'luxon';
import type { Bounds, Calendar } from '../../src/calendar/calendar.ts';
import { type Policy, type PolicyFields, resolvePolicy } from '../../src/core/policy.ts';
import { absentSample, type ReplicaFacts, type Sample } from '../../src/core/sample.ts';
import { decide, type Settled, settle } from '../../src/decision/decide.ts';
import type { Decision, Outcome } from '../../src/decision/record.ts';
import { type DecisionState, EMPTY_STATE } from '../../src/decision/state.ts';

/** An instant written as people say it: `2026-03-09 09:30 America/New_York`. */
export function at(text: string): number {
  const [date, time, zone] = text.split(' ');
  const instant = DateTime.fromISO(`${date}T${time}`, { zone: zone ?? 'UTC' });
  if (!instant.isValid) throw new Error(`not an instant: ${text}`);
  return instant.toMillis();
}

export const aPolicy = (fields: PolicyFields = {}): Policy => resolvePolicy({ maxReplicas: 100, ...fields });

export function aSample(instant: number, fields: Partial<Sample> & { ready?: number | null } = {}): Sample {
  const { ready = null, ...rest } = fields;
  const replicas: ReplicaFacts = { spec: null, ready, starting: null, unschedulable: null, source: 'test' };
  return {
    ...absentSample(instant, ''),
    presence: 'fresh',
    why: null,
    observedAt: instant,
    running: 0,
    waiting: 0,
    reporting: ready ?? 0,
    replicas,
    ...rest,
  };
}

export const aState = (fields: Partial<DecisionState> = {}): DecisionState => ({
  ...EMPTY_STATE,
  seenSince: 0,
  ...fields,
});

/** A calendar that always answers `bounds`, or what a function of the instant says. */
export function aCalendar(bounds: Partial<Bounds> | ((at: number) => Partial<Bounds>)): Calendar {
  const boundsAt = (instant: number): Bounds => ({
    floor: 0,
    ceiling: null,
    policy: {},
    windows: ['window'],
    covered: true,
    ...(typeof bounds === 'function' ? bounds(instant) : bounds),
  });
  return {
    name: 'test',
    timezone: 'UTC',
    covers: null,
    coveredUntil: null,
    sessionNames: [],
    boundsAt,
    maxFloor: (from, to) => Math.max(boundsAt(from).floor, boundsAt(to).floor),
    next: () => [],
    sessions: () => [],
    datedRows: () => [],
  };
}

export interface StoryOptions {
  readonly fields?: PolicyFields;
  readonly calendar?: Calendar | null;
  readonly state?: DecisionState;
}

/** Runs samples through decide() one after the other; windows hold all samples so far. */
export function story(
  samples: readonly Sample[],
  { fields = {}, calendar = null, state = aState() }: StoryOptions = {},
): readonly Outcome[] {
  const outcomes: Outcome[] = [];
  let current = state;
  for (const [index, sample] of samples.entries()) {
    const input = {
      at: sample.at,
      fields: { maxReplicas: 100, lookBackPeriod: 0, ...fields },
      calendar,
      samples: samples.slice(0, index + 1),
      coldStartP95: null,
      evaluationInterval: 5_000,
    };
    const outcome = decide(input, current);
    const settled = settle(input, current);
    deepStrictEqual({ ...settled, bounds: limits(settled) }, withoutSteps(outcome));
    outcomes.push(outcome);
    current = outcome.state;
  }
  return outcomes;
}

/** What settle() says of it. */
function withoutSteps({ decision, state }: Outcome) {
  const { replicas, buffer, held, demand, replicaFacts } = decision;
  return { replicas, buffer, held, demand, replicaFacts, bounds: limits(decision), state };
}

function limits({ bounds: { floor, ceiling } }: Pick<Decision, 'bounds'> | Settled) {
  return { floor, ceiling };
}

export const answers = (outcomes: readonly Outcome[]): readonly (number | null)[] =>
  outcomes.map(({ decision }) => decision.replicas);

export function decideOnce(sample: Sample, options: StoryOptions = {}): Decision {
  const [outcome] = story([sample], options);
  if (outcome === undefined) throw new Error('no outcome');
  return outcome.decision;
}

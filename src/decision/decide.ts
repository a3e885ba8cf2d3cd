import type { Bounds } from '../calendar/calendar.ts';
import { historyWindow, type Policy, resolvePolicy } from '../core/policy.ts';
import { absentSample, type ReplicaFacts, type Sample } from '../core/sample.ts';
import { boundsStep, type Limits, limitsOf } from '../policy/bounds.ts';
import { bufferStep } from '../policy/buffer.ts';
import { burstStep } from '../policy/burst.ts';
import { clampStep } from '../policy/clamp.ts';
import { coldStartWarnings } from '../policy/cold-start-warnings.ts';
import { type DelayResult, delayStep } from '../policy/delay.ts';
import { type DemandResult, demandStep, readSignals } from '../policy/demand.ts';
import { gainStep } from '../policy/gain.ts';
import { guardsStep } from '../policy/guards.ts';
import { type Hold, holdOf, isAsleep } from '../policy/hold.ts';
import { landingStep, type Standing } from '../policy/landing.ts';
import { autoLead } from '../policy/lead.ts';
import type { Reading } from '../policy/measure.ts';
import type { StepResult } from '../policy/step-result.ts';
import type { DecisionInput } from './input.ts';
import type { Decision, Outcome, Step, StepName } from './record.ts';
import type { DecisionState } from './state.ts';
import { nextOf, reasonOf, timersOf } from './story.ts';

const NO_BOUNDS: Bounds = { floor: 0, ceiling: null, policy: {}, windows: [], covered: true };

/** What every step may look at. */
interface Scene {
  readonly input: DecisionInput;
  readonly state: DecisionState;
  readonly policy: Policy;
  readonly lead: number;
  readonly bounds: Bounds;
  readonly limits: Limits;
  readonly current: Sample;
  readonly facts: ReplicaFacts;
  /** What was last asked for, or what runs when nothing was; null while neither is known. */
  readonly target: number | null;
  /** Replicas that serve. */
  readonly running: number;
}

/**
 * The whole product: how many replicas a fleet should have at `input.at`, and why. Pure; equal inputs and state give
 * equal answers (law 2). `replicas` is null only when neither an earlier answer nor any replica count is known.
 */
export function decide(input: DecisionInput, state: DecisionState): Outcome {
  const scene = sceneOf(input, state);
  const steps: Step[] = [];
  const ending = runSteps(scene, (step, before, { out, reason, inputs }) => {
    steps.push({ step, in: before, out, reason, inputs });
  });
  return { decision: tell(scene, steps, ending), state: ending.next };
}

/** What a decision comes to, without its steps. */
export interface Settled extends Pick<Decision, 'replicas' | 'buffer' | 'held' | 'demand' | 'replicaFacts'> {
  readonly bounds: Pick<Decision['bounds'], 'floor' | 'ceiling'>;
  readonly state: DecisionState;
}

/** decide() for an evaluation of 10,000 fleets, after which hardly anybody asks for the steps. */
export function settle(input: DecisionInput, state: DecisionState): Settled {
  const scene = sceneOf(input, state);
  const { answer, next, hold, demanded } = runSteps(scene, unrecorded);
  return {
    replicas: answer,
    buffer: next.buffer,
    held: hold?.reason ?? null,
    demand: demanded.out,
    replicaFacts: scene.facts,
    bounds: scene.bounds,
    state: next,
  };
}

function unrecorded(): void {}

function runSteps(scene: Scene, record: Recorder): Ending {
  const { input, state } = scene;
  const { readings, hold } = observe(scene, record);
  const demanded = asleepOr(scene, demandStep(readings));
  record('demand', scene.target, demanded);
  if (scene.target === null) return nothingKnown(scene, readings, demanded);
  const target = scene.target;
  const { out: demand, absolute } = demanded;
  const gain = gainStep(
    { demand, running: scene.running, target, absolute, starting: scene.facts.starting },
    scene.policy,
  );
  record('gain', demanded.out, gain);
  const bounded = boundsStep(gain.out, scene.limits, scene.policy, scene.bounds.windows);
  record('bounds', gain.out, bounded);
  const ongoing = readings.find(({ name }) => name === 'ongoing')?.value ?? null;
  const burst = burstStep(
    { at: input.at, wanted: bounded.out, running: scene.running, ongoing, burstUntil: state.burstUntil },
    scene.policy,
  );
  record('burst', bounded.out, burst);
  const delayed = delayStep(
    {
      at: input.at,
      wanted: burst.out,
      target,
      min: scene.limits.min,
      wish: state.wish,
      direct: burst.now || gain.direct,
      mayFall: hold === null && burst.until === null,
      noFall: hold?.why ?? burst.reason,
    },
    scene.policy,
  );
  record('delay', burst.out, delayed);
  const unschedulableSince = stuckSince(scene);
  const guarded = guardsStep(
    {
      at: input.at,
      wanted: delayed.out,
      target,
      demand: demanded.out,
      hold,
      limits: scene.limits,
      unschedulable: scene.facts.unschedulable,
      unschedulableSince,
      stuck: scene.facts.cluster?.unschedulable ?? null,
    },
    scene.policy,
  );
  record('guards', delayed.out, guarded);
  const landed = landingStep(guarded.out, standingOf(scene.facts), scene.policy);
  record('landing', guarded.out, landed);
  const clamped = clampStep(landed.out, target, scene.limits, scene.policy, scene.bounds.windows);
  record('clamp', landed.out, clamped);
  const buffer = bufferOf(scene, clamped.out);
  record('buffer', state.buffer, buffer);
  const next = sameOr(state, {
    target: clamped.out,
    wish: clamped.out < target ? null : delayed.wish,
    burstUntil: burst.until,
    unschedulableSince,
    seenSince: seenSince(scene),
    buffer: buffer.out,
  });
  return { readings, hold, demanded, delayed, answer: clamped.out, next, warning: landed.warning };
}

/** The state before where nothing changed: fleets that stand still, which most do, keep theirs. */
function sameOr(before: DecisionState, next: DecisionState): DecisionState {
  const same =
    next.target === before.target &&
    next.wish === before.wish &&
    next.burstUntil === before.burstUntil &&
    next.unschedulableSince === before.unschedulableSince &&
    next.seenSince === before.seenSince &&
    next.buffer === before.buffer;
  return same ? before : next;
}

type Recorder = (step: StepName, before: number | null, result: StepResult) => void;

function sceneOf(input: DecisionInput, state: DecisionState): Scene {
  const base = resolvePolicy(input.fields);
  const lead = autoLead(base, input.coldStartP95, input.evaluationInterval);
  const bounds = input.calendar?.boundsAt(input.at, lead) ?? NO_BOUNDS;
  const policy = Object.keys(bounds.policy).length === 0 ? base : resolvePolicy(input.fields, bounds.policy);
  const last = input.samples[input.samples.length - 1];
  const current = last?.at === input.at ? last : absentSample(input.at, 'this instant was not read');
  const facts = current.replicas;
  const target = targetOf(input, state, policy, current);
  return {
    input,
    state,
    policy,
    lead,
    bounds,
    limits: limitsOf(policy, bounds),
    current,
    facts,
    target,
    running: facts.ready ?? target ?? 0,
  };
}

/**
 * Where the fleet stands: the last answer; for a fleet without one what its scale target says, or the pods that
 * report, or the policy's initialReplicas. Until a whole look-back window has been seen never below what is there.
 */
function targetOf(
  input: DecisionInput,
  state: DecisionState,
  policy: Policy,
  current: Sample,
): number | null {
  const { spec, ready } = current.replicas;
  const there = spec ?? (current.presence === 'fresh' ? ready : null);
  if (state.target === null) {
    if (input.historyPending === true && spec === null) return null;
    const first =
      there ?? (current.presence === 'fresh' ? (policy.initialReplicas ?? policy.minReplicas) : null);
    return first === null ? null : Math.min(first, Math.max(policy.maxReplicas, 0));
  }
  const starting = state.seenSince === null || input.at - state.seenSince < historyWindow(policy);
  return starting && there !== null
    ? Math.max(state.target, Math.min(there, policy.maxReplicas))
    : state.target;
}

function observe(scene: Scene, record: Recorder): { readings: readonly Reading[]; hold: Hold | null } {
  const { input, policy, current, target } = scene;
  const ctx = {
    at: input.at,
    policy,
    samples: input.samples,
    current,
    running: scene.running,
    target,
    lead: scene.lead,
    traffic: input.traffic ?? null,
    pending: input.historyPending === true,
  };
  const readings = readSignals(ctx);
  const hold = holdOf({ at: input.at, current, readings, target, seenSince: seenSince(scene) }, policy);
  const reason = hold
    ? `on hold, ${hold.reason}: ${hold.why}`
    : isAsleep(current, target)
      ? 'asleep: at zero and without series'
      : 'all signals are fresh';
  const inputs = {
    presence: current.presence,
    observedAt: current.observedAt,
    reporting: current.reporting,
    missing: current.missing,
    replicas: scene.facts,
    notes: current.notes,
  };
  record('signals', target, { out: target, reason, inputs });
  for (const { findings } of readings)
    for (const { step, ...found } of findings) record(step, target, { out: target, ...found });
  return { readings, hold };
}

/** A gateway may count requests for a fleet that is asleep: that is a demand. */
function asleepOr({ current, target }: Scene, demand: DemandResult): DemandResult {
  return isAsleep(current, target) && demand.out === null
    ? { ...demand, out: 0, reason: 'asleep: zero replicas and no series are zero demand' }
    : demand;
}

/** First instant of the unbroken knowledge that the start hold counts from. */
function seenSince({ state, current, input }: Scene): number | null {
  return state.seenSince ?? (current.presence === 'fresh' ? input.at : null);
}

function stuckSince({ state, facts, input }: Scene): number | null {
  if (facts.unschedulable === null) return state.unschedulableSince;
  if (facts.unschedulable === 0) return null;
  // The pod itself knows since when, whatever this process has seen of it.
  return facts.cluster?.unschedulable?.since ?? state.unschedulableSince ?? input.at;
}

/** What the HPA starts from. */
function standingOf({ spec, ready, cluster }: ReplicaFacts): Standing {
  return {
    current: spec ?? ready,
    created: cluster?.created ?? null,
    autoscaler: cluster?.autoscaler ?? null,
  };
}

function bufferOf(scene: Scene, target: number | null): StepResult {
  const { input, facts, lead, state, policy } = scene;
  const { at, calendar, nodeP95 = null } = input;
  return bufferStep({ at, target, facts, calendar, lead, previous: state.buffer, nodeP95 }, policy);
}

/** Neither an answer from before nor a replica count: any number could shrink the fleet, so there is none. */
function nothingKnown(scene: Scene, readings: readonly Reading[], demanded: StepResult): Ending {
  const pending = scene.input.historyPending === true && scene.current.presence === 'fresh';
  const why = pending ? 'its history is being read back' : (scene.current.why ?? 'no replica count is known');
  const hold: Hold = { reason: 'unknown', why };
  const state: DecisionState = {
    ...scene.state,
    seenSince: seenSince(scene),
    unschedulableSince: stuckSince(scene),
  };
  return { readings, hold, demanded, delayed: null, answer: null, next: state, warning: null };
}

interface Ending {
  readonly readings: readonly Reading[];
  readonly hold: Hold | null;
  readonly demanded: StepResult;
  readonly delayed: DelayResult | null;
  readonly answer: number | null;
  readonly next: DecisionState;
  /** Why the answer will not arrive, or null. */
  readonly warning: string | null;
}

function tell(scene: Scene, steps: readonly Step[], ending: Ending): Decision {
  const { input, policy, bounds, limits, lead } = scene;
  const timers = timersOf({
    at: input.at,
    policy,
    state: ending.next,
    due: ending.delayed?.due ?? null,
    hold: ending.hold,
  });
  const { calendar, coldStartP95, nodeP95 = null } = input;
  const cooldownPeriod = scene.facts.cluster?.cooldownPeriod ?? null;
  const warnings = [
    ...(ending.warning === null ? [] : [ending.warning]),
    ...coldStartWarnings({ calendar, coldStartP95, nodeP95, cooldownPeriod }, policy),
    ...coverageWarnings(scene.facts),
  ];
  return {
    at: input.at,
    replicas: ending.answer,
    buffer: ending.next.buffer,
    held: ending.hold?.reason ?? null,
    reason: reasonOf(steps, ending.answer, ending.hold),
    steps,
    signals: ending.readings.map(({ name, kind, value, observedAt, demand, why }) => ({
      name,
      kind,
      value,
      observedAt,
      demand,
      why,
    })),
    bounds: {
      floor: bounds.floor,
      ceiling: bounds.ceiling,
      min: limits.min,
      max: limits.max,
      windows: bounds.windows,
      covered: bounds.covered,
    },
    replicaFacts: scene.facts,
    timers,
    next: nextOf({ at: input.at, timers, wish: ending.next.wish, calendar: input.calendar, lead }),
    demand: ending.demanded.out,
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** Ready replicas that nobody scrapes: their requests are missing from the demand. */
function coverageWarnings({ cluster, ready }: ReplicaFacts): readonly string[] {
  const coverage = cluster?.coverage ?? null;
  if (coverage === null || ready === null || coverage >= 1) return [];
  const reporting = Math.round(coverage * ready);
  return [`${reporting} of ${ready} ready pods report: what the others do is not in the demand`];
}

import { runOracle } from '../autoscalers/oracle.ts';
import { type Demand, measureDemand } from '../autoscalers/oracle-demand.ts';
import {
  type PodLife,
  type RunHooks,
  type RunResult,
  runScenario,
  type ScaleEvent,
} from '../run-scenario.ts';
import type { Scenario } from '../scenario.ts';
import { type Contestant, createContestant, type Known } from './contestant.ts';
import { neededReplicas, type RunScores, rowsWithin, type Span, scoreRun } from './scores.ts';

/** One thing to compute, as plain data; the trace goes beside it, once for all jobs. */
export type Job =
  | { readonly kind: 'demand'; readonly scenario: BareScenario }
  | {
      readonly kind: 'run';
      readonly scenario: BareScenario;
      readonly contestant: Contestant;
      readonly span: Span;
      /** Of the curves. */
      readonly slotMs: number;
    };

export type BareScenario = Omit<Scenario, 'trace'>;

/** Replicas that each minute's requests need. */
export interface DemandCurve {
  readonly kind: 'demand';
  readonly needed: Float64Array;
}

/** What is kept of a run. */
export interface RunOutcome {
  readonly kind: 'run';
  readonly label: string;
  readonly seed: string | number;
  readonly scores: RunScores;
  /** By slot of `slotMs`: requests that missed the objective, and the p95 of the time to first token (NaN: no request). */
  readonly late: Float64Array;
  readonly firstTokenP95: Float64Array;
  readonly pods: readonly PodLife[];
  readonly scaleEvents: readonly ScaleEvent[];
  /** Oracle only: no schedule met the share asked for. */
  readonly short?: boolean;
}

export type JobOutcome = DemandCurve | RunOutcome;

/** What jobs have in common. */
export interface Common extends Known {
  readonly trace: Scenario['trace'];
}

/** Runs one job; null when a hook ended it. */
export function runJob(job: Job, common: Common, hooks: RunHooks = {}): JobOutcome | null {
  const scenario: Scenario = { ...job.scenario, trace: common.trace };
  if (job.kind === 'demand') return { kind: 'demand', needed: neededReplicas(scenario, demandOf(scenario)) };
  const { contestant } = job;
  if (contestant.kind === 'oracle') {
    const { result, short } = runOracle(scenario, { demand: demandOf(scenario) });
    return { ...outcomeOf(scenario, job, result), short };
  }
  const result = runScenario(scenario, createContestant(scenario, contestant, common), hooks);
  return result === null ? null : outcomeOf(scenario, job, result);
}

let lastDemand: { readonly key: string; readonly trace: Scenario['trace']; readonly demand: Demand } | null =
  null;

/** Measured once for runs that differ by their seed only. */
function demandOf(scenario: Scenario): Demand {
  const { profile, objectiveMs, clientTimeoutMs, maxReplicas, from, to, router, trace } = scenario;
  const key = JSON.stringify([profile, objectiveMs, clientTimeoutMs, maxReplicas, from, to, router]);
  if (lastDemand?.key !== key || lastDemand.trace !== trace)
    lastDemand = { key, trace, demand: measureDemand(scenario) };
  return lastDemand.demand;
}

function outcomeOf(
  scenario: Scenario,
  { contestant, span, slotMs }: Extract<Job, { kind: 'run' }>,
  result: RunResult,
): RunOutcome {
  return {
    kind: 'run',
    label: contestant.label,
    seed: scenario.seed,
    scores: scoreRun(scenario, result, span),
    ...curvesOf(scenario, result, slotMs),
    pods: result.pods,
    scaleEvents: result.scaleEvents,
  };
}

function curvesOf(
  { trace, from, to, objectiveMs }: Scenario,
  { records }: RunResult,
  slotMs: number,
): Pick<RunOutcome, 'late' | 'firstTokenP95'> {
  const slots = Math.ceil((to - from) / slotMs);
  const late = new Float64Array(slots);
  const firstTokenP95 = new Float64Array(slots).fill(Number.NaN);
  for (let slot = 0; slot < slots; slot++) {
    const start = from + slot * slotMs;
    const { first, end } = rowsWithin(trace.arrivedAt, { from: start, to: start + slotMs });
    if (first === end) continue;
    const times = new Float64Array(end - first);
    for (let row = first; row < end; row++) {
      const took = (records.firstTokenAt[row] ?? Number.NaN) - (trace.arrivedAt[row] ?? 0);
      times[row - first] = Number.isNaN(took) ? Number.POSITIVE_INFINITY : took;
      if (!(took <= objectiveMs)) late[slot] = (late[slot] ?? 0) + 1;
    }
    firstTokenP95[slot] = times.sort()[Math.ceil(0.95 * times.length) - 1] ?? Number.NaN;
  }
  return { late, firstTokenP95 };
}

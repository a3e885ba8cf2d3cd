import { type RunResult, runScenario } from '../run-scenario.ts';
import { foreknowledgeOf, type Scenario } from '../scenario.ts';
import type { Autoscaler, FleetView, Foreknowledge } from './autoscaler.ts';
import { type Demand, measureDemand } from './oracle-demand.ts';
import { type OraclePlan, planOracle } from './oracle-plan.ts';
import type { OracleProblem } from './oracle-problem.ts';

export interface OracleOptions {
  /** Share of requests whose first token must come within the objective. Default 0.99. */
  readonly share?: number;
  /** Of an earlier call for the same trace, profile and objective. */
  readonly demand?: Demand;
}

export interface Oracle {
  readonly result: RunResult;
  readonly plan: OraclePlan;
  readonly demand: Demand;
  /** Share of requests in time in `result`. */
  readonly share: number;
  /** No plan met the share: this one came nearest. */
  readonly short: boolean;
}

/** Corrections of what the plan may be late by, after which the best so far stands. */
const ROUNDS = 8;
/** A run that misses so little less than it may is not improved any further. */
const CLOSE = 0.02;
const TURN_MS = 1_000;

/**
 * The cheapest way known to serve a trace within the objective, by somebody who knows the trace and every cold start. How it
 * is found: the late requests of each minute are measured for each count of replicas; planOracle() finds the cheapest
 * counts, starts included, that keep the sum of late to a budget; the schedule is run in the very world of all other
 * autoscalers; and since there a minute inherits what the minute before left, what the run shows is learned and the budget
 * corrected until the run itself is just within the share.
 */
export function runOracle(scenario: Scenario, options: OracleOptions = {}): Oracle {
  const measured = options.demand ?? measureDemand(scenario);
  const demand = learningDemand(measured);
  const knowledge = foreknowledgeOf(scenario);
  const target = options.share ?? 0.99;
  const mayMiss = Math.floor(scenario.trace.length * (1 - target) + 1e-9);
  let best: Oracle | null = null;
  let [kept, broken] = [-1, Number.POSITIVE_INFINITY];
  let budget = mayMiss;
  for (let round = 0; round < ROUNDS; round++) {
    const plan = planOracle(problemOf(knowledge, demand, budget));
    const result = runScenario(scenario, createScheduled(knowledge, measured, plan));
    if (result === null) throw new Error('a run without hooks ends by itself');
    const lateBySlot = missedBySlot(result, scenario, measured);
    const missed = lateBySlot.reduce((sum, late) => sum + late, 0);
    const share = scenario.trace.length === 0 ? 1 : 1 - missed / scenario.trace.length;
    const oracle = { result, plan, demand: measured, share, short: missed > mayMiss };
    if (best === null || isBetter(oracle, best)) best = oracle;
    const over = missed - mayMiss;
    if (over <= 0 && -over <= mayMiss * CLOSE) break;
    if (over > 0 && demand.learn(plan.schedule.replicas, lateBySlot)) continue;
    // Every budget down to what this plan comes to gives this very plan.
    const spent = over <= 0 ? budget : Math.min(budget, plan.schedule.late);
    if (over <= 0) kept = budget;
    else broken = spent;
    const corrected = nextBudget({ kept, broken, spent, over });
    if (corrected === null) break;
    budget = corrected;
  }
  if (best === null) throw new Error('at least one plan was run');
  return best;
}

function isBetter(a: Oracle, b: Oracle): boolean {
  if (a.short !== b.short) return b.short;
  return a.short ? a.share > b.share : gpuMs(a.result) < gpuMs(b.result);
}

function gpuMs({ gpuTime }: RunResult): number {
  return gpuTime.starting + gpuTime.serving + gpuTime.draining + gpuTime.buffer;
}

interface Correction {
  /** The largest budget whose run was within the share, -1 before there is one; the smallest whose run was not. */
  readonly kept: number;
  readonly broken: number;
  /** What the last plan was late by, as planned. */
  readonly spent: number;
  /** Misses of its run beyond what it may miss. */
  readonly over: number;
}

/** By as much as the run was off, between what is known to hold and what is known not to; null where nothing is left to try. */
function nextBudget({ kept, broken, spent, over }: Correction): number | null {
  if (broken - kept <= 1) return null;
  const corrected = spent - over;
  if (corrected > kept && corrected < broken) return corrected;
  return Number.isFinite(broken) ? Math.floor((kept + broken) / 2) : null;
}

function missedBySlot(
  { records }: RunResult,
  { trace, objectiveMs, from }: Scenario,
  { slotMs, slots }: Demand,
): Int32Array {
  const missed = new Int32Array(slots);
  for (let row = 0; row < trace.length; row++) {
    const arrivedAt = trace.arrivedAt[row] ?? 0;
    const inTime = (records.firstTokenAt[row] ?? Number.NaN) - arrivedAt <= objectiveMs;
    const slot = Math.min(slots - 1, Math.max(0, Math.floor((arrivedAt - from) / slotMs)));
    if (!inTime) missed[slot] = (missed[slot] ?? 0) + 1;
  }
  return missed;
}

/** Late requests of a slot in a run, beyond twice what was planned, from which the run is believed and not the plan. */
const INHERITED = 3;

interface LearningDemand extends Demand {
  /** Takes over what a run was late by where a slot inherited a queue; false where none did. */
  learn(replicas: Int32Array, lateBySlot: Int32Array): boolean;
}

/** A demand that is told what measuring each slot by itself cannot see. */
function learningDemand(demand: Demand): LearningDemand {
  const seen = new Int32Array(demand.slots);
  const seenWith = new Int32Array(demand.slots).fill(-1);
  const late = (slot: number, replicas: number) => {
    const alone = demand.late(slot, replicas);
    return replicas <= (seenWith[slot] ?? -1) ? Math.max(alone, seen[slot] ?? 0) : alone;
  };
  return {
    ...demand,
    late,
    learn(replicas, lateBySlot) {
      let learned = false;
      for (const [slot, count] of replicas.entries()) {
        const missed = lateBySlot[slot] ?? 0;
        if (missed < 2 * late(slot, count) + INHERITED) continue;
        seen[slot] = missed;
        seenWith[slot] = count;
        learned = true;
      }
      return learned;
    },
  };
}

function problemOf(knowledge: Foreknowledge, demand: Demand, allowedLate: number): OracleProblem {
  const { minReplicas, maxReplicas, initialReplicas, coldStart } = knowledge;
  const draws = new Map<number, { readonly node: number; readonly start: number }>();
  const drawOf = (ordinal: number) => {
    const known = draws.get(ordinal) ?? knowledge.startOf(initialReplicas + ordinal);
    draws.set(ordinal, known);
    return known;
  };
  // Where nodes are few any pod may have to wait for one.
  const waits = Number.isFinite(coldStart.warmNodes);
  return {
    slotMs: demand.slotMs,
    slots: demand.slots,
    minReplicas,
    maxReplicas,
    initialReplicas,
    late: demand.late,
    allowedLate,
    startMs: (ordinal) => drawOf(ordinal).start,
    leadMs: (ordinal) => drawOf(ordinal).start + (waits ? drawOf(ordinal).node : 0),
  };
}

/** Plays a schedule: each pod is created so that it is ready when its slot begins, and let go when it ends. */
export function createScheduled(
  knowledge: Foreknowledge,
  demand: Demand,
  { schedule }: OraclePlan,
): Autoscaler {
  const { from, initialReplicas } = knowledge;
  const problem = problemOf(knowledge, demand, 0);
  const changes = changesOf(problem, schedule.replicas).map(({ at, by }) => ({ at: from + at, by }));
  let next = 0;
  let wanted = initialReplicas;
  return {
    name: 'oracle',
    duties: [
      {
        name: 'oracle',
        everyMs: TURN_MS,
        phaseMs: 0,
        run({ now, specReplicas, statusReplicas, readyReplicas }: FleetView) {
          for (let due = changes[next]; due !== undefined && due.at <= now; due = changes[next]) {
            wanted += due.by;
            next++;
          }
          // A Deployment lets those go first that are not ready: it waits until all are.
          if (wanted < specReplicas && readyReplicas < statusReplicas) return null;
          return wanted === specReplicas ? null : wanted;
        },
      },
    ],
    explain: () => `${wanted}, as the trace will need`,
  };
}

interface Change {
  /** Ms from the start. */
  readonly at: number;
  readonly by: number;
}

/** Creations in the order of the draws: a pod that is slower than those after it may have to be created with them. */
function changesOf(problem: OracleProblem, replicas: Int32Array): readonly Change[] {
  const changes: Change[] = [];
  const needed: number[] = [];
  let before = problem.initialReplicas;
  for (const [slot, count] of replicas.entries()) {
    const at = slot * problem.slotMs;
    for (let rise = before; rise < count; rise++) needed.push(at);
    if (count < before) changes.push({ at, by: count - before });
    before = count;
  }
  let latest = Number.POSITIVE_INFINITY;
  for (let ordinal = needed.length - 1; ordinal >= 0; ordinal--) {
    latest = Math.min(latest, (needed[ordinal] ?? 0) - problem.leadMs(ordinal));
    // One turn earlier, since creations lie on whole turns.
    changes.push({ at: Math.max(0, Math.floor(latest / TURN_MS) * TURN_MS), by: 1 });
  }
  return changes.sort((a, b) => a.at - b.at);
}

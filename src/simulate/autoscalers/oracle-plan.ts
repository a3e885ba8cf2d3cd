import { type LagrangianPlan, planByPrice } from './oracle-lagrangian.ts';
import {
  canStart,
  compareCost,
  type OracleProblem,
  type OracleSchedule,
  scheduleOf,
} from './oracle-problem.ts';

export interface OraclePlan {
  readonly schedule: OracleSchedule;
  /** No schedule of the problem is cheaper: every one was looked at or ruled out. */
  readonly proven: boolean;
  /** A lower bound of the cost; the schedule's own where `proven`. */
  readonly boundMs: number;
}

/** A way through the slots so far. */
interface Label {
  readonly replicas: number;
  readonly starts: number;
  readonly late: number;
  readonly costMs: number;
  readonly before: Label | null;
}

/** Labels in all beyond which the search is given up and the priced schedule stands. */
const MOST_LABELS = 3_000;

/**
 * The cheapest schedule that keeps to `allowedLate`. First by price (oracle-lagrangian.ts), which gives a schedule that is
 * cheap and often the cheapest; then by search through all that is not worse in everything (cost, late) than another way to
 * the same count with as many starts, nor already dearer than what is known. The search ends with proof on small problems;
 * on a week it is given up, and `boundMs` says how much could be left.
 */
export function planOracle(problem: OracleProblem, mostLabels = MOST_LABELS): OraclePlan {
  const priced = planByPrice(problem);
  const found = search(problem, priced, mostLabels);
  if (found === 'gave up')
    return {
      schedule: priced.schedule,
      proven: false,
      // The bound counts every start alike; the draws of those that were made may add up to a little less.
      boundMs: Math.min(priced.boundMs, priced.schedule.costMs),
    };
  const schedule = found ?? priced.schedule;
  return { schedule, proven: true, boundMs: schedule.costMs };
}

function search(
  problem: OracleProblem,
  { schedule: known }: LagrangianPlan,
  mostLabels: number,
): OracleSchedule | null | 'gave up' {
  const { slots, minReplicas, maxReplicas, initialReplicas } = problem;
  const fewestLater = fewestLateFrom(problem);
  // Where even the most replicas are late too often, only those with the fewest late are of interest.
  const allowed = Math.max(problem.allowedLate, known.late);
  const start: Label = { replicas: initialReplicas, starts: 0, late: 0, costMs: 0, before: null };
  let labels: Label[] = [start];
  let expanded = 0;
  for (let slot = 0; slot < slots; slot++) {
    const kept = new Map<number, Label[]>();
    const remaining = (slots - slot - 1) * minReplicas * problem.slotMs;
    for (const before of labels) {
      for (let replicas = minReplicas; replicas <= maxReplicas; replicas++) {
        const label = step(problem, slot, before, replicas);
        if (label === null) continue;
        if (label.late + (fewestLater[slot + 1] ?? 0) > allowed) continue;
        if (known.late <= problem.allowedLate && label.costMs + remaining > known.costMs) continue;
        keep(kept, label, maxReplicas);
      }
    }
    labels = [...kept.values()].flat();
    expanded += labels.length;
    if (expanded > mostLabels) return 'gave up';
  }
  const best = bestOf(labels, problem.allowedLate);
  return best === null ? null : scheduleOf(problem, countsOf(best, slots));
}

function step(problem: OracleProblem, slot: number, before: Label, replicas: number): Label | null {
  const rise = Math.max(0, replicas - before.replicas);
  if (rise > 0 && !canStart(problem, slot, before.starts, rise)) return null;
  let costMs = before.costMs + replicas * problem.slotMs;
  for (let ordinal = before.starts; ordinal < before.starts + rise; ordinal++)
    costMs += problem.startMs(ordinal);
  return {
    replicas,
    starts: before.starts + rise,
    late: before.late + problem.late(slot, replicas),
    costMs,
    before,
  };
}

/** Adds a label unless another of the same count and as many starts is at least as good, and drops those it beats. */
function keep(kept: Map<number, Label[]>, label: Label, maxReplicas: number): void {
  const key = label.starts * (maxReplicas + 1) + label.replicas;
  const others = kept.get(key) ?? [];
  if (others.some((other) => other.costMs <= label.costMs && other.late <= label.late)) return;
  kept.set(key, [...others.filter((other) => other.costMs < label.costMs || other.late < label.late), label]);
}

function fewestLateFrom(problem: OracleProblem): readonly number[] {
  const fewest = new Array<number>(problem.slots + 1).fill(0);
  for (let slot = problem.slots - 1; slot >= 0; slot--)
    fewest[slot] = (fewest[slot + 1] ?? 0) + problem.late(slot, problem.maxReplicas);
  return fewest;
}

/** The cheapest that keeps to what is allowed; where none does, the one with the fewest late. */
function bestOf(labels: readonly Label[], allowedLate: number): Label | null {
  return labels.reduce<Label | null>(
    (best, label) => (best === null || compareCost(label, best, allowedLate) < 0 ? label : best),
    null,
  );
}

function countsOf(last: Label, slots: number): Int32Array {
  const replicas = new Int32Array(slots);
  let label: Label | null = last;
  for (let slot = slots - 1; slot >= 0 && label !== null; slot--) {
    replicas[slot] = label.replicas;
    label = label.before;
  }
  return replicas;
}

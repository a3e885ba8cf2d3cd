import {
  canStart,
  compareCost,
  type OracleProblem,
  type OracleSchedule,
  scheduleOf,
} from './oracle-problem.ts';

/** A schedule and how far below it the cheapest one can lie. */
export interface LagrangianPlan {
  /** The cheapest schedule found that keeps to `allowedLate`; where none can, the one with the fewest late. */
  readonly schedule: OracleSchedule;
  /** GPU milliseconds that no schedule with as many late requests falls below; only meant where starts all cost `startMs`. */
  readonly boundMs: number;
}

/** Milliseconds of GPU for a late request: more than any schedule costs, so that none is bought off. */
const NO_PRICE = 1e12;
const BISECTIONS = 32;

/**
 * Prices a late request and finds the cheapest schedule at that price, which is a shortest path through (slot, replicas);
 * then searches the price at which just so many are late as may be. Every start is priced alike, at the mean of the starts
 * that the schedule makes, and those are counted again until they agree.
 */
export function planByPrice(problem: OracleProblem): LagrangianPlan {
  const late = lateTable(problem);
  let startMs = meanStart(problem, problem.maxReplicas);
  let plan = searchPrice(problem, late, startMs);
  for (let round = 0; round < 3; round++) {
    const mean = meanStart(problem, plan.schedule.starts);
    if (Math.abs(mean - startMs) < 1) break;
    startMs = mean;
    const next = searchPrice(problem, late, startMs);
    if (compareCost(next.schedule, plan.schedule, problem.allowedLate) < 0) plan = next;
  }
  return plan;
}

function meanStart(problem: OracleProblem, count: number): number {
  const counted = Math.max(1, count);
  let sum = 0;
  for (let ordinal = 0; ordinal < counted; ordinal++) sum += problem.startMs(ordinal);
  return sum / counted;
}

/** Row by slot, from minReplicas up: asked for some hundred times. */
function lateTable({ slots, minReplicas, maxReplicas, late }: OracleProblem): Float64Array {
  const width = maxReplicas - minReplicas + 1;
  return Float64Array.from({ length: slots * width }, (_, index) =>
    late(Math.floor(index / width), minReplicas + (index % width)),
  );
}

function searchPrice(problem: OracleProblem, late: Float64Array, startMs: number): LagrangianPlan {
  const at = (price: number) => shortest(problem, late, startMs, price);
  const strictest = at(NO_PRICE);
  if (strictest.schedule.late > problem.allowedLate)
    return { schedule: strictest.schedule, boundMs: strictest.valueMs };
  const free = at(0);
  if (free.schedule.late <= problem.allowedLate) return { schedule: free.schedule, boundMs: free.valueMs };
  let [low, high] = [0, problem.slotMs];
  while (high < NO_PRICE && at(high).schedule.late > problem.allowedLate) [low, high] = [high, high * 8];
  let best = strictest.schedule;
  let tooLate = free.schedule;
  let boundMs = free.valueMs;
  for (let step = 0; step < BISECTIONS && high - low > 1e-3; step++) {
    const price = (low + high) / 2;
    const { schedule, valueMs } = at(price);
    boundMs = Math.max(boundMs, valueMs - price * problem.allowedLate);
    if (schedule.late <= problem.allowedLate) {
      if (schedule.costMs < best.costMs) best = schedule;
      high = price;
    } else {
      tooLate = schedule;
      low = price;
    }
  }
  return { schedule: crossed(problem, best, tooLate), boundMs };
}

/** Slots at which the two schedules around the price are cut and joined. */
const CUTS = 64;

/**
 * Around the right price one schedule is a little dear and the next a little late. One of them up to some slot and the other
 * from there on may be neither.
 */
function crossed(problem: OracleProblem, kept: OracleSchedule, tooLate: OracleSchedule): OracleSchedule {
  let best = kept;
  const step = Math.max(1, Math.ceil(problem.slots / CUTS));
  for (let cut = step; cut < problem.slots; cut += step) {
    for (const [first, then] of [
      [kept, tooLate],
      [tooLate, kept],
    ] as const) {
      const replicas = then.replicas.slice();
      replicas.set(first.replicas.subarray(0, cut));
      const joined = scheduleOf(problem, replicas);
      if (joined !== null && compareCost(joined, best, problem.allowedLate) < 0) best = joined;
    }
  }
  return best;
}

/** The cheapest path at a price, and its value: GPU milliseconds plus priced late requests. */
function shortest(problem: OracleProblem, late: Float64Array, startMs: number, price: number) {
  const { slots, slotMs, minReplicas, maxReplicas, initialReplicas } = problem;
  const width = maxReplicas - minReplicas + 1;
  const from = new Int16Array(slots * width);
  let value = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  let next = new Float64Array(width);
  for (let slot = 0; slot < slots; slot++) {
    const row = slot * width;
    const rises = slot > 0 && slot * slotMs >= startMs;
    // From above: nothing to pay for, so the cheapest of all that had at least as many.
    let cheapest = Number.POSITIVE_INFINITY;
    let origin = 0;
    for (let index = width - 1; index >= 0; index--) {
      const known =
        slot === 0 ? (minReplicas + index <= initialReplicas ? 0 : Number.POSITIVE_INFINITY) : value[index];
      if ((known ?? 0) < cheapest) {
        cheapest = known ?? 0;
        origin = index;
      }
      next[index] = cheapest;
      from[row + index] = origin;
    }
    // From below: one start a replica.
    let climbed = Number.POSITIVE_INFINITY;
    let base = 0;
    for (let index = 0; index < width && rises; index++) {
      climbed += startMs;
      if (climbed < (next[index] ?? 0)) {
        next[index] = climbed;
        from[row + index] = base;
      }
      if ((value[index] ?? 0) < climbed) {
        climbed = value[index] ?? 0;
        base = index;
      }
    }
    for (let index = 0; index < width; index++) {
      const count = minReplicas + index;
      next[index] = (next[index] ?? 0) + count * slotMs + price * (late[row + index] ?? 0);
    }
    [value, next] = [next, value];
  }
  let end = 0;
  for (let index = 1; index < width; index++) if ((value[index] ?? 0) < (value[end] ?? 0)) end = index;
  const replicas = new Int32Array(slots);
  for (let slot = slots - 1, index = end; slot >= 0; slot--) {
    replicas[slot] = minReplicas + index;
    index = from[slot * width + index] ?? 0;
  }
  return { schedule: realised(problem, replicas), valueMs: value[end] ?? 0 };
}

/** The counts as the pods' own draws allow them: a rise that would need a pod before the run waits. */
function realised(problem: OracleProblem, planned: Int32Array): OracleSchedule {
  const replicas = planned.slice();
  let before = problem.initialReplicas;
  let starts = 0;
  for (let slot = 0; slot < replicas.length; slot++) {
    let count = replicas[slot] ?? 0;
    while (count > before && !canStart(problem, slot, starts, count - before)) count--;
    replicas[slot] = count;
    starts += Math.max(0, count - before);
    before = count;
  }
  const schedule = scheduleOf(problem, replicas);
  if (schedule === null) throw new Error('a realised schedule starts no pod before the run');
  return schedule;
}

import { describe, expect, it } from 'vitest';
import { planByPrice } from '../../../src/simulate/autoscalers/oracle-lagrangian.ts';
import { planOracle } from '../../../src/simulate/autoscalers/oracle-plan.ts';
import {
  compareCost,
  type OracleProblem,
  type OracleSchedule,
  scheduleOf,
} from '../../../src/simulate/autoscalers/oracle-problem.ts';
import { createRandom } from '../../../src/simulate/random.ts';

const INSTANCES = 300;
const SLOT_MS = 60_000;

/** A small world: demand by the slot, lateness that falls with replicas, and cold starts from 5 s to 2 min. */
function smallProblem(seed: number, uniform = false): OracleProblem {
  const random = createRandom('oracle', seed);
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const maxReplicas = whole(1, 3);
  const minReplicas = random() < 0.6 ? 0 : whole(0, maxReplicas);
  const slots = whole(1, maxReplicas === 3 ? 6 : 7);
  const table = Array.from({ length: slots }, () => {
    const requests = whole(0, 20);
    const late = [requests];
    for (let replicas = 1; replicas <= maxReplicas; replicas++)
      late.push(Math.floor((late[replicas - 1] ?? 0) * random() * (random() < 0.4 ? 0 : 1)));
    return late;
  });
  const starts = Array.from({ length: slots * maxReplicas }, () => (uniform ? 90_000 : whole(5, 120) * 1000));
  const leads = starts.map((start) => start + (uniform ? 0 : whole(0, 1) * 30_000));
  const requests = table.reduce((sum, late) => sum + (late[0] ?? 0), 0);
  return {
    slotMs: SLOT_MS,
    slots,
    minReplicas,
    maxReplicas,
    initialReplicas: whole(minReplicas, maxReplicas),
    late: (slot, replicas) => table[slot]?.[replicas] ?? 0,
    allowedLate: Math.floor(requests * random() * 0.4),
    startMs: (ordinal) => starts[ordinal] ?? 0,
    leadMs: (ordinal) => leads[ordinal] ?? 0,
  };
}

/** Every count in every slot, priced one by one. */
function bruteForce(problem: OracleProblem): OracleSchedule {
  const { slots, minReplicas, maxReplicas, allowedLate } = problem;
  const replicas = new Int32Array(slots).fill(minReplicas);
  let best: OracleSchedule | null = null;
  for (;;) {
    const schedule = scheduleOf(problem, replicas.slice());
    if (schedule !== null && (best === null || compareCost(schedule, best, allowedLate) < 0)) best = schedule;
    let slot = 0;
    while (slot < slots && replicas[slot] === maxReplicas) replicas[slot++] = minReplicas;
    if (slot === slots) break;
    replicas[slot] = (replicas[slot] ?? 0) + 1;
  }
  if (best === null) throw new Error('staying at the minimum is always possible');
  return best;
}

describe('the oracle', () => {
  it(`finds what brute force finds on ${INSTANCES} small problems, and proves it`, () => {
    let [met, startsMade, hopeless] = [0, 0, 0];
    for (let seed = 0; seed < INSTANCES; seed++) {
      const problem = smallProblem(seed);
      const best = bruteForce(problem);
      const { schedule, proven, boundMs } = planOracle(problem);
      expect({
        seed,
        late: schedule.late > problem.allowedLate && schedule.late,
        costMs: schedule.costMs,
      }).toEqual({ seed, late: best.late > problem.allowedLate && best.late, costMs: best.costMs });
      expect(proven).toBe(true);
      expect(boundMs).toBe(best.costMs);
      if (best.late > problem.allowedLate) hopeless++;
      else met++;
      startsMade += best.starts;
    }
    // The problems are no formality: most can be met, some cannot, and pods are started in them.
    expect(met).toBeGreaterThan(INSTANCES / 2);
    expect(hopeless).toBeGreaterThan(5);
    expect(startsMade).toBeGreaterThan(INSTANCES / 4);
  });

  it('by price alone is never cheaper than brute force, and its bound never dearer', () => {
    let exact = 0;
    for (let seed = 0; seed < INSTANCES; seed++) {
      const problem = smallProblem(seed, true);
      const best = bruteForce(problem);
      const { schedule, boundMs } = planByPrice(problem);
      if (best.late > problem.allowedLate) {
        expect(schedule.late).toBe(best.late);
        continue;
      }
      expect(schedule.late).toBeLessThanOrEqual(problem.allowedLate);
      expect(schedule.costMs).toBeGreaterThanOrEqual(best.costMs);
      expect(boundMs).toBeLessThanOrEqual(best.costMs + 1e-3);
      if (schedule.costMs === best.costMs) exact++;
    }
    expect(exact).toBeGreaterThan(INSTANCES / 3);
  });

  const valley = (slots: number): OracleProblem => ({
    slotMs: SLOT_MS,
    slots,
    minReplicas: 1,
    maxReplicas: 3,
    initialReplicas: 3,
    late: (slot, replicas) => (slot === 0 || slot === slots - 1 ? Math.max(0, 3 - replicas) : 0),
    allowedLate: 0,
    startMs: () => 150_000,
    leadMs: () => 150_000,
  });

  it('keeps replicas through a valley that is shorter than a start', () => {
    expect([...planOracle(valley(4)).schedule.replicas]).toEqual([3, 3, 3, 3]);
  });

  it('stops them in a longer one, and pays for the starts', () => {
    const { schedule } = planOracle(valley(6));
    expect([...schedule.replicas]).toEqual([3, 1, 1, 1, 1, 3]);
    expect(schedule.costMs).toBe(10 * SLOT_MS + 2 * 150_000);
  });

  it('buys off the dearest lateness first when some may be late', () => {
    const peak: OracleProblem = {
      ...valley(6),
      initialReplicas: 1,
      late: (slot, replicas) => (slot === 3 && replicas < 2 ? 5 : slot === 5 && replicas < 2 ? 9 : 0),
      allowedLate: 5,
    };
    expect([...planOracle(peak).schedule.replicas]).toEqual([1, 1, 1, 1, 1, 2]);
  });

  it('says that it is not proven where it gave the search up, and how much could be left', () => {
    const problem = smallProblem(7);
    const plan = planOracle({ ...problem, allowedLate: 3 }, 0);
    expect(plan.proven).toBe(false);
    expect(plan.boundMs).toBeLessThanOrEqual(plan.schedule.costMs);
  });
});

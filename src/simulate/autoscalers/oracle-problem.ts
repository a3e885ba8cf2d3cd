/**
 * What an oracle plans against. Time is cut into slots; within one the count of ready replicas stays the same. Ordinal 0
 * here is the first pod that is created during the run.
 */
export interface OracleProblem {
  readonly slotMs: number;
  readonly slots: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Ready when the first slot begins. */
  readonly initialReplicas: number;
  /** Requests of the slot whose first token comes too late (or never) with `replicas` ready. Never rises with replicas. */
  late(slot: number, replicas: number): number;
  /** Requests that may be late over all slots. */
  readonly allowedLate: number;
  /** From bound to ready, which is paid for, of the n-th pod started; ms. */
  startMs(ordinal: number): number;
  /** From created to ready of the n-th pod started, a wait for a node included; ms. */
  leadMs(ordinal: number): number;
}

/** A count of ready replicas for each slot, with what it comes to. */
export interface OracleSchedule {
  readonly replicas: Int32Array;
  /** Pods started. */
  readonly starts: number;
  readonly late: number;
  /** GPU milliseconds: ready replicas, and the starts. */
  readonly costMs: number;
}

/** Below 0 where `a` is the better: nearer to what may be late, then cheaper. */
export function compareCost(
  a: Pick<OracleSchedule, 'late' | 'costMs'>,
  b: Pick<OracleSchedule, 'late' | 'costMs'>,
  allowedLate: number,
): number {
  const over = Math.max(a.late, allowedLate) - Math.max(b.late, allowedLate);
  return over === 0 ? a.costMs - b.costMs : over;
}

/** The sum of the first `count` starts. All that a schedule pays for them: which pod served when does not matter. */
export function startsMs(problem: OracleProblem, count: number): number {
  let sum = 0;
  for (let ordinal = 0; ordinal < count; ordinal++) sum += problem.startMs(ordinal);
  return sum;
}

/** Whether the pods `from` to `from + count - 1` can be ready when `slot` begins: none is created before the run. */
export function canStart(problem: OracleProblem, slot: number, from: number, count: number): boolean {
  for (let ordinal = from; ordinal < from + count; ordinal++)
    if (problem.leadMs(ordinal) > slot * problem.slotMs) return false;
  return true;
}

/** What these counts come to; null where a pod would have to be created before the run. */
export function scheduleOf(problem: OracleProblem, replicas: Int32Array): OracleSchedule | null {
  let before = problem.initialReplicas;
  let [starts, late, readyMs] = [0, 0, 0];
  for (let slot = 0; slot < problem.slots; slot++) {
    const count = replicas[slot] ?? 0;
    if (count > before) {
      if (!canStart(problem, slot, starts, count - before)) return null;
      starts += count - before;
    }
    late += problem.late(slot, count);
    readyMs += count * problem.slotMs;
    before = count;
  }
  return { replicas, starts, late, costMs: readyMs + startsMs(problem, starts) };
}

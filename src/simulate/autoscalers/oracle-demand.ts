import { Fleet, type Router } from '../fleet.ts';
import type { ColdStart } from '../pod.ts';
import type { ReplicaProfile } from '../profiles.ts';
import type { SimRequest } from '../request.ts';
import type { Trace } from '../trace.ts';

export interface DemandOptions {
  readonly trace: Trace;
  readonly from: number;
  readonly to: number;
  readonly profile: ReplicaProfile;
  readonly router: Router;
  readonly objectiveMs: number;
  readonly clientTimeoutMs: number;
  readonly maxReplicas: number;
}

/** How many requests of each slot come too late with how many replicas. */
export interface Demand {
  readonly slotMs: number;
  readonly slots: number;
  readonly requests: number;
  late(slot: number, replicas: number): number;
}

/** Replicas come and go by the minute at most: a start takes longer than that. */
const SLOT_MS = 60_000;
/** Before a slot its replicas serve what came just before it, so that it does not begin with an empty batch. */
const WARM_UP_MS = 60_000;
/** Between two slots of one bench: whatever was under way has ended or given up. */
const REST_MS = 3_600_000;
/** Below a count at which more than this share is late nothing is measured: all of the slot counts as late. */
const HOPELESS_SHARE = 0.5;

const INSTANT: ColdStart = {
  start: { medianSeconds: 0, sigma: 0 },
  imagePull: null,
  node: { medianSeconds: 0, sigma: 0 },
  warmNodes: Number.POSITIVE_INFINITY,
};

/** The late of one slot from `first` replicas on; beyond the list it is the last of it, below `first` all of them. */
interface Row {
  readonly requests: number;
  readonly first: number;
  readonly late: readonly number[];
}

/**
 * Measures it in the fleet's own model: the requests of each slot, and of the minute before it, at a fleet that had
 * nothing to do. Around the count of the slot before, upward until nobody is late or more replicas help nobody, downward
 * until half of them are. What an overloaded slot leaves to the next one is not seen: the run that follows shows it.
 */
export function measureDemand(options: DemandOptions): Demand {
  const { trace, from, to } = options;
  const slots = Math.ceil((to - from) / SLOT_MS);
  const benches = new Map<number, Bench>();
  const bench = (replicas: number) => {
    const known = benches.get(replicas) ?? createBench(options, replicas);
    benches.set(replicas, known);
    return known;
  };
  const rows: Row[] = [];
  let next = 0;
  let guess = 1;
  for (let slot = 0; slot < slots; slot++) {
    const end = from + (slot + 1) * SLOT_MS;
    const first = next;
    while (next < trace.length && (trace.arrivedAt[next] ?? end) < end) next++;
    const row =
      first === next
        ? { requests: 0, first: 0, late: [0] }
        : measureSlot({ first, end: next, guess, most: options.maxReplicas, bench });
    if (row.requests > 0) guess = row.first + Math.max(0, row.late.length - 1);
    rows.push(row);
  }
  return {
    slotMs: SLOT_MS,
    slots,
    requests: next,
    late(slot, replicas) {
      const row = rows[slot];
      if (row === undefined || row.requests === 0) return 0;
      if (replicas < row.first) return row.requests;
      return row.late[Math.min(replicas - row.first, row.late.length - 1)] ?? 0;
    },
  };
}

interface SlotOptions {
  /** Rows of the trace, half-open. */
  readonly first: number;
  readonly end: number;
  readonly guess: number;
  readonly most: number;
  readonly bench: (replicas: number) => Bench;
}

function measureSlot({ first, end, guess, most, bench }: SlotOptions): Row {
  const requests = end - first;
  const lateWith = (replicas: number) => bench(replicas).late(first, end);
  const middle = Math.min(Math.max(1, guess), most);
  const late = [lateWith(middle)];
  let lowest = middle;
  while (lowest > 1 && (late[0] ?? 0) <= requests * HOPELESS_SHARE) {
    lowest--;
    late.unshift(Math.max(lateWith(lowest), late[0] ?? 0));
  }
  let helpless = 0;
  for (let replicas = middle + 1; replicas <= most && helpless < 2; replicas++) {
    const before = late[late.length - 1] ?? 0;
    if (before === 0) break;
    const now = Math.min(lateWith(replicas), before);
    helpless = now === before ? helpless + 1 : 0;
    late.push(now);
  }
  while (late.length > 1 && late[late.length - 1] === late[late.length - 2]) late.pop();
  return { requests, first: lowest, late };
}

/** A warm fleet of a fixed size, used for one slot after another, each at a time of its own. */
interface Bench {
  /** Of the rows [first, end), those whose first token comes after the objective. */
  late(first: number, end: number): number;
}

function createBench(options: DemandOptions, replicas: number): Bench {
  const { trace, profile, router, objectiveMs, clientTimeoutMs } = options;
  let [counted, inTime] = [0, 0];
  const fleet = new Fleet(0, {
    seed: 'bench',
    profile,
    router,
    coldStart: INSTANT,
    gracePeriodMs: 0,
    listener: {
      firstToken({ id, arrivedAt }, at) {
        if (id >= counted && at - arrivedAt <= objectiveMs) inTime++;
      },
      finished: () => undefined,
      failed: () => undefined,
    },
  });
  fleet.startWarm(replicas);
  let now = 0;
  return {
    late(first, end) {
      const begin = Math.floor(trace.arrivedAt[first] ?? 0) - WARM_UP_MS;
      let row = first;
      while (row > 0 && (trace.arrivedAt[row - 1] ?? 0) >= begin) row--;
      const shift = now + REST_MS - begin;
      [counted, inTime] = [first, 0];
      for (; row < end; row++) {
        const arrivedAt = (trace.arrivedAt[row] ?? 0) + shift;
        const request: SimRequest = {
          id: row,
          arrivedAt,
          promptTokens: trace.promptTokens[row] ?? 0,
          outputTokens: trace.outputTokens[row] ?? 0,
          deadline: arrivedAt + clientTimeoutMs,
        };
        fleet.submit(request, arrivedAt);
        now = arrivedAt;
      }
      now += objectiveMs;
      fleet.advance(now);
      const missed = end - first - inTime;
      // What is left is nobody's business any more; its first tokens must not count for the next slot.
      counted = Number.POSITIVE_INFINITY;
      return missed;
    },
  };
}

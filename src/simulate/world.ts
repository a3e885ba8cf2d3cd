import { Fleet } from './fleet.ts';
import { type ColdStart, DEFAULT_COLD_START } from './pod.ts';
import { DEFAULT_PROFILE, type ReplicaProfile } from './profiles.ts';
import type { RequestListener, SimRequest } from './request.ts';
import { type FirstTokenStats, firstTokenStats, type RequestRecord } from './stats.ts';

export interface WorldOptions {
  readonly seed: string | number;
  /** First instant, epoch ms. */
  readonly start: number;
  /** In order of arrival, none before `start`. */
  readonly requests: readonly SimRequest[];
  /** Replicas that run, warm, at `start`. */
  readonly initialReplicas: number;
  readonly profile?: ReplicaProfile;
  readonly coldStart?: ColdStart;
  readonly gracePeriodMs?: number;
  readonly gpusPerReplica?: number;
  /** First tokens later than this are late. */
  readonly objectiveMs?: number;
}

export interface ScaleEvent {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export interface WorldStats {
  readonly at: number;
  readonly all: FirstTokenStats;
  readonly gpuHours: number;
  readonly scaleEvents: readonly ScaleEvent[];
}

/** A fleet, its clients, and what came of it, in virtual time. */
export interface World {
  readonly fleet: Fleet;
  readonly profile: ReplicaProfile;
  readonly now: number;
  /** Runs everything that happens up to `to`, inclusive. */
  advance(to: number): void;
  /** Sets spec.replicas now. */
  scale(replicas: number): void;
  /** Of all requests so far. */
  stats(): WorldStats;
  /** Of the requests that arrived in [from, to). */
  statsBetween(from: number, to: number): FirstTokenStats;
}

export function createWorld(options: WorldOptions): World {
  const { requests, objectiveMs = 2_000, gpusPerReplica = 1 } = options;
  const profile = options.profile ?? DEFAULT_PROFILE;
  const records: RequestRecord[] = [];
  const byId = new Map<number, RequestRecord>();
  const scaleEvents: ScaleEvent[] = [];
  const fleet = new Fleet(options.start, {
    seed: options.seed,
    profile,
    coldStart: options.coldStart ?? DEFAULT_COLD_START,
    gracePeriodMs: options.gracePeriodMs ?? 30_000,
    listener: recorder(byId),
  });
  fleet.startWarm(options.initialReplicas);
  let now = options.start;
  let next = 0;

  function arrive(request: SimRequest): void {
    const record = { request, firstTokenAt: null, finishedAt: null, failed: null };
    records.push(record);
    byId.set(request.id, record);
    fleet.submit(request, request.arrivedAt);
  }

  return {
    fleet,
    profile,
    get now() {
      return now;
    },
    advance(to) {
      for (let request = requests[next]; request && request.arrivedAt <= to; request = requests[++next]) {
        arrive(request);
      }
      fleet.advance(to);
      now = to;
    },
    scale(replicas) {
      const from = fleet.specReplicas;
      if (replicas === from) return;
      scaleEvents.push({ at: now, from, to: replicas });
      fleet.scale(replicas);
    },
    stats: () => ({
      at: now,
      all: firstTokenStats(records, objectiveMs),
      gpuHours: (fleet.gpuMs * gpusPerReplica) / 3_600_000,
      scaleEvents,
    }),
    statsBetween: (from, to) =>
      firstTokenStats(
        records.filter(({ request }) => request.arrivedAt >= from && request.arrivedAt < to),
        objectiveMs,
      ),
  };
}

/** Writes what replicas and gateway report into the requests' records. */
function recorder(byId: ReadonlyMap<number, RequestRecord>): RequestListener {
  const note = (request: SimRequest, change: (record: RequestRecord) => void) => {
    const record = byId.get(request.id);
    if (record) change(record);
  };
  return {
    firstToken: (request, at) =>
      note(request, (record) => {
        record.firstTokenAt = at;
      }),
    finished: (request, at) =>
      note(request, (record) => {
        record.finishedAt = at;
      }),
    failed: (request, _at, reason) =>
      note(request, (record) => {
        record.failed = reason;
      }),
  };
}

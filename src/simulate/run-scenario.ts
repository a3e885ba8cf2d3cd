import type { Autoscaler, Duty, FleetView } from './autoscalers/autoscaler.ts';
import { Fleet } from './fleet.ts';
import type { GpuTime, Pod } from './pod.ts';
import { createRandom } from './random.ts';
import { createRecorder, type Records } from './records.ts';
import type { Scenario } from './scenario.ts';
import { SimulatedPrometheus } from './simulated-prometheus.ts';

/** How far back the simulated Prometheus answers. */
const RETENTION_MS = 3_600_000;
/** After the last instant nobody scales; requests still under way may end within this time. */
const AFTERMATH_MS = 900_000;
/** Events between two calls of `onProgress`. */
const PROGRESS_EVERY = 20_000;

export interface ScaleEvent {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

/** When one pod was what, epoch ms; null: never. */
export interface PodLife {
  readonly createdAt: number;
  readonly boundAt: number;
  readonly readyAt: number | null;
  readonly deletedAt: number | null;
  readonly goneAt: number | null;
}

/** What came of one scenario under one autoscaler. */
export interface RunResult {
  readonly autoscaler: string;
  readonly records: Records;
  /** GPU milliseconds of one GPU a replica, up to the scenario's end. */
  readonly gpuTime: GpuTime;
  readonly scaleEvents: readonly ScaleEvent[];
  readonly pods: readonly PodLife[];
}

export interface RunHooks {
  /** Called now and then with the share of the time that has passed, 0..1; false ends the run with null. */
  readonly onProgress?: (share: number) => boolean;
}

/** Runs a scenario from end to end. Equal scenarios and autoscalers give equal results. */
export function runScenario(
  scenario: Scenario,
  autoscaler: Autoscaler,
  hooks: RunHooks = {},
): RunResult | null {
  const { trace, from, to, seed } = scenario;
  const recorder = createRecorder(trace, scenario.clientTimeoutMs);
  const fleet = new Fleet(from, { ...scenario, listener: recorder.listener });
  fleet.startWarm(scenario.initialReplicas);
  const prometheus = new SimulatedPrometheus(fleet, { seed, start: from, retentionMs: RETENTION_MS });
  const view = viewOf(fleet, prometheus, recorder);
  const timetable = timetableOf(autoscaler.duties, scenario);
  const scaleEvents: ScaleEvent[] = [];
  let next = 0;
  for (let events = 0; ; events++) {
    if (events % PROGRESS_EVERY === 0 && hooks.onProgress?.(shareOf(scenario, view.now)) === false)
      return null;
    const arrival = next < trace.length ? (trace.arrivedAt[next] ?? Number.NaN) : Number.POSITIVE_INFINITY;
    const at = Math.min(arrival, timetable.nextAt, prometheus.nextAt);
    if (at > to) break;
    if (arrival === at) {
      fleet.submit(recorder.arrive(next++), at);
      continue;
    }
    fleet.advance(at);
    if (prometheus.nextAt === at) {
      prometheus.turn(at);
      continue;
    }
    view.now = at;
    prometheus.at(at);
    const replicas = timetable.turn(view);
    if (replicas === null || replicas === fleet.specReplicas) continue;
    const before = fleet.specReplicas;
    fleet.scale(replicas);
    scaleEvents.push({ at, from: before, to: replicas, why: autoscaler.explain?.() ?? '' });
  }
  fleet.advance(to);
  const { gpuTime } = fleet;
  const pods = fleet.pods.map(lifeOf);
  fleet.advance(to + AFTERMATH_MS);
  return { autoscaler: autoscaler.name, records: recorder.records, gpuTime, scaleEvents, pods };
}

function shareOf({ from, to }: Scenario, now: number): number {
  return Math.min(1, Math.max(0, (now - from) / (to - from)));
}

interface MutableView extends FleetView {
  now: number;
}

function viewOf(fleet: Fleet, prometheus: SimulatedPrometheus, recorder: ReturnType<typeof createRecorder>) {
  const view: MutableView = {
    now: Number.NEGATIVE_INFINITY,
    prometheus,
    get specReplicas() {
      return fleet.specReplicas;
    },
    get statusReplicas() {
      return fleet.statusReplicas;
    },
    get readyReplicas() {
      return fleet.readyReplicas;
    },
    get unschedulableReplicas() {
      return fleet.pendingReplicas;
    },
    get ongoing() {
      return recorder.ongoing;
    },
    get atGateway() {
      return fleet.gatewayDepth;
    },
    get ongoingMs() {
      return recorder.ongoingMsAt(view.now);
    },
    get arrivals() {
      return recorder.arrivals;
    },
  };
  return view;
}

interface Timetable {
  readonly nextAt: number;
  /** Runs the duty that is next; its answer. */
  turn(view: FleetView): number | null;
}

function timetableOf(duties: readonly Duty[], { from, seed }: Scenario): Timetable {
  const rows = duties.map((duty) => {
    const phase = duty.phaseMs ?? Math.floor(createRandom(seed, 'phase', duty.name)() * duty.everyMs);
    return { duty, nextAt: from + phase };
  });
  const first = () => rows.reduce((best, row) => (row.nextAt < best.nextAt ? row : best));
  let due = rows.length === 0 ? null : first();
  return {
    get nextAt() {
      return due?.nextAt ?? Number.POSITIVE_INFINITY;
    },
    turn(view) {
      if (due === null) return null;
      const answer = due.duty.run(view);
      due.nextAt += due.duty.everyMs;
      due = first();
      return answer;
    },
  };
}

function lifeOf({ createdAt, boundAt, readyAt, replica, deletedAt, goneAt }: Pod): PodLife {
  return { createdAt, boundAt, readyAt: replica === null ? null : readyAt, deletedAt, goneAt };
}

import type { Calendar } from '../../calendar/calendar.ts';
import type { KnobValues } from '../autoscalers/peer.ts';
import type { Contestant } from '../backtest/contestant.ts';
import type { BareScenario, Job, JobOutcome, RunOutcome } from '../backtest/job.ts';
import { peakReplicas } from '../backtest/peak.ts';
import { meanReady } from '../backtest/scores.ts';
import { PROFILES } from '../profiles.ts';
import { type Trace, traceBetween } from '../trace.ts';
import {
  ARRIVAL_RATE,
  arrivalRateEntrant,
  CALENDARS,
  type Entrant,
  LOAD_TESTED,
  ORACLE,
  peerEntrants,
  presetContestant,
  STATIC_BEST,
  TUNED,
  WITH_FLOOR,
  WITH_SUGGESTED,
} from './field.ts';
import type { LoadedWorkload } from './load-workload.ts';
import { GROWN, type Run } from './results.ts';
import { transferred } from './transfer.ts';
import { type ColdStartSeconds, ORACLE_COLD_STARTS, type Volume, type Workload } from './workloads.ts';

/** Runs jobs over a workload's requests, wherever; rejects when it was interrupted. */
export type RunAll = (jobs: readonly Job[]) => Promise<readonly JobOutcome[]>;

/** A workload at a volume, ready to be run. */
export interface Scene {
  readonly workload: Workload;
  readonly volume: Volume;
  readonly loaded: LoadedWorkload;
  /** The market's, for cron triggers and floors; null where none makes sense. */
  readonly calendar: Calendar | null;
  /** What a load test with the lengths of its traffic gives: requests per second and replica. */
  readonly perReplica: number;
}

/** The sweeps' results by entrant, and the fleet that they were found on. */
export interface Tuned {
  readonly setting: BareScenario;
  readonly values: Readonly<Record<string, KnobValues>>;
}

const SIGMA = 0.35;
const LIMIT_OVER_PEAK = 1.5;
const LEAST_MAX = 4;
const FIRST_MINUTES_MS = 300_000;
const CURVE_SLOT_MS = 300_000;

export function scenarioOf(scene: Scene, coldStart: ColdStartSeconds): BareScenario {
  const { workload, volume, loaded } = scene;
  const { from, to, trace } = loaded;
  const profile = PROFILES[workload.profile[volume]];
  const { limitOverPeak = LIMIT_OVER_PEAK } = workload;
  const maxReplicas = Math.max(LEAST_MAX, Math.ceil(limitOverPeak * busiestOf(scene, trace)));
  return {
    from,
    to,
    minReplicas: 1,
    maxReplicas,
    // A fleet that has run before: what the first minutes need is there, for everybody.
    initialReplicas: busiestOf(scene, traceBetween(trace, from, from + FIRST_MINUTES_MS)),
    profile,
    coldStart: {
      start: { medianSeconds: coldStart, sigma: SIGMA },
      imagePull: null,
      node: { medianSeconds: 150, sigma: 0.4 },
      warmNodes: Number.POSITIVE_INFINITY,
    },
    objectiveMs: workload.objectiveMs,
    clientTimeoutMs: 30_000,
    gracePeriodMs: 30_000,
    router: 'least-loaded',
    gpusPerReplica: 1,
    seed: 1,
  };
}

/** Replicas for the busiest five minutes: of a day or more by a rough count, of an hour, which its first fleet decides, by load test. */
function busiestOf({ workload, volume, perReplica }: Scene, trace: Trace): number {
  if (workload.season) return peakReplicas(trace, PROFILES[workload.profile[volume]]);
  let most = 0;
  for (let row = 0, first = 0; row < trace.length; row++) {
    while ((trace.arrivedAt[first] ?? 0) <= (trace.arrivedAt[row] ?? 0) - FIRST_MINUTES_MS) first++;
    most = Math.max(most, row - first + 1);
  }
  return Math.max(1, Math.ceil((most * 1000) / FIRST_MINUTES_MS / perReplica));
}

export function entrantsOf({ loaded, calendar, perReplica }: Scene): readonly Entrant[] {
  return [
    arrivalRateEntrant({ perReplica }, calendar === null ? false : CALENDARS.days),
    ...peerEntrants(calendar, loaded),
  ];
}

/** Everybody but the oracle and the fixed count. */
export function contestantsOf(scene: Scene, scenario: BareScenario, tuned: Tuned): readonly Contestant[] {
  const setting = scenario;
  const { calendar, workload } = scene;
  const entrants = entrantsOf(scene);
  const settings = (entrant: Entrant): readonly KnobValues[] => {
    const values = tuned.values[entrant.name];
    return values === undefined ? [] : transferred(entrant, values, { from: tuned.setting, to: setting });
  };
  const swept = (entrant: Entrant, name = `${entrant.name}${TUNED}`): readonly Contestant[] =>
    settings(entrant).map((values, index) =>
      entrant.contestant(setting, index === 0 ? name : `${name}${GROWN}`, values),
    );
  const [ours, ...peers] = entrants;
  if (ours === undefined) return [];
  const with_ = (label: string, calendarName: string): readonly Contestant[] =>
    swept(ours, label).flatMap((contestant) =>
      contestant.kind === 'policy' ? [{ ...contestant, calendar: calendarName }] : [],
    );
  return [
    presetContestant('ray', setting, calendar === null ? false : CALENDARS.floor),
    presetContestant('arrival-rate', setting, calendar === null ? false : CALENDARS.days),
    ours.contestant(setting, LOAD_TESTED, ours.defaults(setting)),
    ...swept(ours),
    ...(calendar === null ? [] : with_(WITH_FLOOR, CALENDARS.floor)),
    ...(workload.season ? with_(WITH_SUGGESTED, CALENDARS.suggested) : []),
    ...peers.map((entrant) => entrant.contestant(setting, entrant.name, entrant.defaults(setting))),
    ...peers.flatMap((entrant) => swept(entrant)),
  ];
}

/** What depends on our own sweep, what depends on our load test only, and all else: each can be made again by itself. */
export const PARTS = ['the rest', 'ours tuned', 'ours load-tested'] as const;
export type Part = (typeof PARTS)[number];

function partOf({ label }: Contestant): Part {
  if (label === LOAD_TESTED) return 'ours load-tested';
  return label.startsWith(`${ARRIVAL_RATE}${TUNED}`) ? 'ours tuned' : 'the rest';
}

export interface EvaluateOptions {
  readonly tuned: Tuned;
  /** Of the cold starts and loop phases, from 1. */
  readonly seed: number;
  readonly part: Part;
  readonly coldStarts: readonly ColdStartSeconds[];
  readonly run: RunAll;
  /** Whether replicas over time are kept for a figure. */
  readonly curves: boolean;
}

/** All runs of a workload at a volume with one seed; those that need no more are made with the first. */
export async function evaluateWorkload(scene: Scene, options: EvaluateOptions): Promise<readonly Run[]> {
  const { coldStarts, run, seed, part } = options;
  const [first = 95] = coldStarts;
  const fixed = seed === 1 && part === 'the rest' ? await bestStatic(scenarioOf(scene, first), run) : null;
  const jobs = coldStarts.flatMap((coldStart) => {
    const scenario = { ...scenarioOf(scene, coldStart), seed };
    const contestants = contestantsOf(scene, scenario, options.tuned).filter(
      (contestant) => partOf(contestant) === part,
    );
    const oracle = fixed !== null && ORACLE_COLD_STARTS[scene.volume].includes(coldStart);
    return [...(oracle ? [ORACLE_ROW] : []), ...contestants].map((contestant) => ({
      coldStart,
      job: jobOf(scenario, contestant),
    }));
  });
  // What takes long leads, so that no thread is left with it at the end.
  const isOracle = ({ job }: (typeof jobs)[number]) => job.kind === 'run' && job.contestant.kind === 'oracle';
  const ordered = [...jobs.filter(isOracle), ...jobs.filter((each) => !isOracle(each))];
  const outcomes = await run(ordered.map(({ job }) => job));
  return [
    ...outcomes.flatMap((outcome, index) => {
      const coldStart = ordered[index]?.coldStart;
      if (outcome.kind !== 'run' || coldStart === undefined) return [];
      const curves = options.curves && coldStart === 95 && seed === 1;
      return [runOf(scene, coldStart, outcome, curves)];
    }),
    ...(fixed === null
      ? []
      : coldStarts.map((coldStart) => ({ ...runOf(scene, coldStart, fixed, false), label: STATIC_BEST }))),
  ];
}

const ORACLE_ROW: Contestant = { kind: 'oracle', label: ORACLE };

export function jobOf(scenario: BareScenario, contestant: Contestant): Job {
  const span = { from: scenario.from, to: scenario.to };
  return { kind: 'run', scenario, contestant, span, slotMs: 3_600_000 };
}

function runOf(
  { workload, volume, loaded }: Scene,
  coldStart: ColdStartSeconds,
  { label, seed, scores, pods }: RunOutcome,
  curves: boolean,
): Run {
  const ready = curves ? [...meanReady(pods, loaded, CURVE_SLOT_MS)] : null;
  return {
    workload: workload.name,
    volume,
    coldStart,
    label,
    seed: Number(seed),
    within: scores.within,
    gpuHours: scores.gpuHours.total,
    starting: scores.gpuHours.starting,
    firstTokenP95: scores.firstToken.p95,
    starts: scores.starts,
    ...(ready && { ready: ready.map((count) => Math.round(count * 100) / 100) }),
  };
}

/** A fixed count starts nothing: cold starts and seeds are all one to it. */
async function bestStatic(scenario: BareScenario, run: RunAll): Promise<RunOutcome> {
  const known = new Map<number, RunOutcome>();
  const tryAll = async (counts: readonly number[]) => {
    const fresh = [...new Set(counts)].filter((count) => !known.has(count));
    const outcomes = await run(fresh.map((count) => staticJob(scenario, count)));
    for (const [index, count] of fresh.entries()) {
      const outcome = outcomes[index];
      if (outcome?.kind === 'run') known.set(count, outcome);
    }
  };
  const holds = (count: number) => (known.get(count)?.scores.within ?? 0) >= 0.99;
  // The fewest that hold lie in (low, high], or all of them are too few.
  let [low, high] = [scenario.minReplicas - 1, scenario.maxReplicas];
  while (high - low > 1) {
    const third = (high - low) / 3;
    const probes = [Math.max(low + 1, Math.floor(low + third)), Math.min(high - 1, Math.ceil(high - third))];
    await tryAll(probes);
    const [lower = low, upper = high] = probes;
    if (holds(lower)) high = lower;
    else if (holds(upper)) [low, high] = [lower, upper];
    else low = upper;
  }
  await tryAll([high]);
  const best = known.get(high);
  if (best === undefined) throw new Error('the fixed count was not run');
  return best;
}

function staticJob(scenario: BareScenario, replicas: number): Job {
  const contestant = {
    kind: 'peer',
    label: STATIC_BEST,
    peer: 'static',
    values: { replicas },
  } as const;
  return jobOf({ ...scenario, initialReplicas: replicas }, contestant);
}

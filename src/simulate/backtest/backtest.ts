import type { Trace } from '../trace.ts';
import type { Contestant } from './contestant.ts';
import { difference, type Estimate, estimate } from './estimate.ts';
import type { BareScenario, Job, JobOutcome, RunOutcome } from './job.ts';
import { type Scores, type Span, shortMinutes } from './scores.ts';

/** What is to be compared with what. */
export interface BacktestPlan {
  /** All but the seed, which each run has of its own. */
  readonly scenario: Omit<BareScenario, 'seed'>;
  readonly seeds: readonly number[];
  readonly contestants: readonly Contestant[];
  /** Requests and GPU time of this span count; what is before it is there to learn from. */
  readonly span: Span;
}

/** One contestant's runs over all seeds. */
export interface Row {
  readonly contestant: Contestant;
  /** By seed, in the plan's order. */
  readonly scores: readonly Scores[];
  readonly within: Estimate;
  readonly gpuHours: Estimate;
  /** GPU-hours less those of the first contestant, paired by seed; null for itself. */
  readonly gpuHoursMore: Estimate | null;
  /** The first seed's run, for curves and reasons. */
  readonly shown: RunOutcome;
}

export interface BacktestResult {
  readonly plan: BacktestPlan;
  readonly slotMs: number;
  /** Replicas needed in each minute from the scenario's start. */
  readonly needed: Float64Array;
  readonly rows: readonly Row[];
}

export const NEED_SLOT_MS = 60_000;
/** Points of a curve that a page can show. */
const MAX_POINTS = 2_100;
const MINUTES = [1, 5, 10, 15, 30, 60, 120, 360];

/** The width of a curve's slots: as fine as a page can show. */
export function slotFor({ from, to }: Span): number {
  const fits = MINUTES.find((minutes) => (to - from) / (minutes * 60_000) <= MAX_POINTS);
  return (fits ?? 1_440) * 60_000;
}

/** Every run, and the demand. What takes long (oracles, then our own) leads, so that no thread is left with it at the end. */
export function jobsOf({ scenario, seeds, contestants, span }: BacktestPlan): readonly Job[] {
  const [seed = 1] = seeds;
  const slotMs = slotFor(scenario);
  const runs = contestants.flatMap((contestant) =>
    seeds.map(
      (each): Job => ({ kind: 'run', scenario: { ...scenario, seed: each }, contestant, span, slotMs }),
    ),
  );
  const isOracle = (job: Job) => job.kind === 'run' && job.contestant.kind === 'oracle';
  return [
    ...runs.filter(isOracle),
    ...runs.filter((job) => !isOracle(job)),
    { kind: 'demand', scenario: { ...scenario, seed } },
  ];
}

/** Puts the outcomes of `jobsOf(plan)` together. */
export function resultOf(plan: BacktestPlan, outcomes: readonly JobOutcome[]): BacktestResult {
  const needed = outcomes.find((outcome) => outcome.kind === 'demand')?.needed ?? new Float64Array();
  const runs = outcomes.filter((outcome) => outcome.kind === 'run');
  const whole = { from: plan.scenario.from, to: plan.scenario.to };
  const bySeed = (label: string) =>
    plan.seeds.flatMap((seed) => runs.find((run) => run.label === label && run.seed === seed) ?? []);
  const first = bySeed(plan.contestants[0]?.label ?? '').map(({ scores }) => scores.gpuHours.total);
  const rows = plan.contestants.flatMap((contestant, index): Row[] => {
    const mine = bySeed(contestant.label);
    const [shown] = mine;
    if (shown === undefined) return [];
    const scores = mine.map((run) => ({
      ...run.scores,
      shortMinutes: shortMinutes(needed, NEED_SLOT_MS, { lives: run.pods, whole, span: plan.span }),
    }));
    const hours = scores.map(({ gpuHours }) => gpuHours.total);
    return [
      {
        contestant,
        scores,
        within: estimate(scores.map(({ within }) => within)),
        gpuHours: estimate(hours),
        gpuHoursMore: index === 0 ? null : difference(hours, first),
        shown,
      },
    ];
  });
  return { plan, slotMs: slotFor(plan.scenario), needed, rows };
}

/** The trace's columns in memory that threads share instead of copying. */
export function shareTrace(trace: Trace): Trace {
  const shared = <T extends Float64Array | Int32Array | Uint16Array>(
    column: T,
    make: (buffer: SharedArrayBuffer) => T,
  ): T => {
    const copy = make(new SharedArrayBuffer(column.byteLength));
    copy.set(column);
    return copy;
  };
  return {
    ...trace,
    arrivedAt: shared(trace.arrivedAt, (buffer) => new Float64Array(buffer)),
    promptTokens: shared(trace.promptTokens, (buffer) => new Int32Array(buffer)),
    outputTokens: shared(trace.outputTokens, (buffer) => new Int32Array(buffer)),
    tenant: shared(trace.tenant, (buffer) => new Uint16Array(buffer)),
  };
}

import type { Calendar } from '../calendar/calendar.ts';
import { ScalerError } from '../core/scaler-error.ts';
import type { BacktestPlan } from '../simulate/backtest/backtest.ts';
import { peakReplicas } from '../simulate/backtest/peak.ts';
import { DEFAULT_COLD_START, type Draw } from '../simulate/pod.ts';
import type { ReplicaProfile } from '../simulate/profiles.ts';
import { chooseContestants } from './backtest-contestants.ts';
import type { Source } from './backtest-source.ts';
import type { Io } from './io.ts';

export interface BacktestFlags {
  readonly trace?: string;
  readonly start?: number;
  readonly workload?: string;
  readonly prometheus?: string;
  readonly fleet?: string;
  readonly from?: number;
  readonly to?: number;
  readonly days?: number;
  readonly date: string;
  readonly volume: number;
  readonly volatile: number;
  readonly calendar?: string;
  readonly policy?: readonly string[];
  readonly peers?: readonly string[];
  readonly sweep?: readonly string[];
  readonly profile: ReplicaProfile;
  readonly coldStart?: Draw;
  readonly weights?: Draw;
  readonly imagePull?: Draw;
  readonly node?: Draw;
  readonly warmNodes?: number;
  readonly slo: number;
  readonly clientTimeout: number;
  readonly router: 'least-loaded' | 'round-robin';
  readonly minReplicas: number;
  readonly maxReplicas?: number;
  readonly gpusPerReplica: number;
  readonly learn?: number;
  readonly seed: number;
  readonly seeds: number;
  readonly threads?: number;
  readonly out?: string;
  readonly json: boolean;
}

/** What the options' own words cannot say: which go together. Throws ScalerError `invalid`. */
export function checkFlags({ trace, workload, prometheus, start }: BacktestFlags): void {
  if ([trace, workload, prometheus].filter((source) => source !== undefined).length !== 1)
    throw new ScalerError(
      'invalid',
      'name the requests: --trace FILE, --workload finsight or --prometheus URL, one of them',
    );
  if (workload !== undefined && workload !== 'finsight')
    throw new ScalerError('invalid', `--workload: must be finsight, was "${workload}"`);
  if (trace === undefined && start !== undefined)
    throw new ScalerError('invalid', '--start goes with --trace');
}

/** Who runs through what; null after a policy's errors were told. */
export async function planOf(
  io: Io,
  flags: BacktestFlags,
  { trace, from, to }: Source,
  calendar: Calendar | null,
): Promise<BacktestPlan | null> {
  const coldStart = {
    ...DEFAULT_COLD_START,
    ...(flags.coldStart && { start: flags.coldStart }),
    ...(flags.weights && { weights: flags.weights }),
    ...(flags.imagePull && { imagePull: flags.imagePull }),
    ...(flags.node && { node: flags.node }),
    ...(flags.warmNodes === undefined ? {} : { warmNodes: flags.warmNodes }),
  };
  const maxReplicas =
    flags.maxReplicas ?? Math.max(flags.minReplicas, 4, Math.ceil(1.5 * peakReplicas(trace, flags.profile)));
  if (maxReplicas < flags.minReplicas)
    throw new ScalerError('invalid', `--max-replicas must be at least --min-replicas, was ${maxReplicas}`);
  const scenario = {
    from,
    to,
    minReplicas: flags.minReplicas,
    maxReplicas,
    initialReplicas: Math.max(1, flags.minReplicas),
    profile: flags.profile,
    coldStart,
    objectiveMs: flags.slo,
    clientTimeoutMs: flags.clientTimeout,
    gracePeriodMs: 30_000,
    router: flags.router,
    gpusPerReplica: flags.gpusPerReplica,
  };
  const scoredFrom = from + (flags.learn ?? 0);
  if (scoredFrom >= to) throw new ScalerError('invalid', '--learn must leave something to score');
  const contestants = await chooseContestants(io, flags, {
    scenario: { ...scenario, trace, seed: 0 },
    calendar,
  });
  return (
    contestants && {
      scenario,
      contestants,
      seeds: Array.from({ length: flags.seeds }, (_, index) => flags.seed + index),
      span: { from: scoredFrom, to },
    }
  );
}

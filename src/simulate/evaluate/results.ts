import { type Estimate, estimate } from '../backtest/estimate.ts';
import { ORACLE, STATIC_BEST, TUNED } from './field.ts';
import type { ColdStartSeconds, Volume } from './workloads.ts';

/** Share of requests that must have their first token within the objective. */
export const SHARE = 0.99;

/** One run. */
export interface Run {
  readonly workload: string;
  readonly volume: Volume;
  readonly coldStart: ColdStartSeconds;
  readonly label: string;
  readonly seed: number;
  readonly within: number;
  readonly gpuHours: number;
  readonly starting: number;
  /** ms; null: never came. */
  readonly firstTokenP95: number | null;
  readonly starts: number;
  /** Ready replicas by slot of five minutes, where a figure shows them. */
  readonly ready?: readonly number[];
}

/** One row: who, over all its seeds. */
export interface Row {
  /** Without the mark of how a tuned setting was carried over. */
  readonly label: string;
  readonly within: Estimate;
  readonly gpuHours: Estimate;
  /** Over the oracle's of the same seeds. */
  readonly overOracle: number | null;
  readonly holds: boolean;
  readonly starts: number;
  readonly runs: readonly Run[];
}

/** One workload at one volume and one cold start. */
export interface Cell {
  readonly workload: string;
  readonly volume: Volume;
  readonly coldStart: ColdStartSeconds;
  readonly rows: readonly Row[];
  readonly oracle: Row | null;
  /** The cheapest of the others that is within the objective. */
  readonly cheapestPeer: Row | null;
}

/** The second way in which a tuned setting was carried over; of the two the better stands. */
export const GROWN = ' (floors grown)';

/** By workload and volume as they were run, and there by cold start. */
export function cellsOf(runs: readonly Run[]): readonly Cell[] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const key = `${run.workload} ${run.volume} ${run.coldStart}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const cells = [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [cellOf(first, group)];
  });
  const scenes = [...new Set(runs.map(sceneOf))];
  const place = (cell: Cell) => scenes.indexOf(sceneOf(cell));
  return cells.toSorted((a, b) => place(a) - place(b) || a.coldStart - b.coldStart);
}

function sceneOf({ workload, volume }: Pick<Run, 'workload' | 'volume'>): string {
  return `${workload} ${volume}`;
}

function cellOf({ workload, volume, coldStart }: Run, runs: readonly Run[]): Cell {
  const byLabel = new Map<string, Run[]>();
  for (const run of runs) byLabel.set(run.label, [...(byLabel.get(run.label) ?? []), run]);
  const oracleRuns = byLabel.get(ORACLE) ?? [];
  const variants = [...byLabel].map(([label, own]) => rowOf(label, own, oracleRuns));
  const labels = [...new Set(variants.map(({ label }) => label))];
  const rows = labels.flatMap((label) => {
    const own = variants.filter((row) => row.label === label);
    const [best] = own.toSorted((a, b) => (rowBeats(a, b) ? -1 : rowBeats(b, a) ? 1 : 0));
    return best === undefined ? [] : [best];
  });
  const peers = rows.filter(({ label, holds }) => isPeer(label) && holds);
  return {
    workload,
    volume,
    coldStart,
    rows,
    oracle: rows.find(({ label }) => label === ORACLE) ?? null,
    cheapestPeer: peers.toSorted((a, b) => a.gpuHours.mean - b.gpuHours.mean)[0] ?? null,
  };
}

function rowBeats(a: Row, b: Row): boolean {
  if (a.holds !== b.holds) return a.holds;
  return a.holds ? a.gpuHours.mean < b.gpuHours.mean : a.within.mean > b.within.mean;
}

function rowOf(label: string, runs: readonly Run[], oracle: readonly Run[]): Row {
  const within = estimate(runs.map((run) => run.within));
  const paired = oracle.flatMap((other) => {
    const own = runs.find(({ seed }) => seed === other.seed);
    return own === undefined ? [] : [{ own: own.gpuHours, oracle: other.gpuHours }];
  });
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    label: label.replace(GROWN, ''),
    within,
    gpuHours: estimate(runs.map((run) => run.gpuHours)),
    overOracle:
      paired.length === 0 ? null : sum(paired.map(({ own }) => own)) / sum(paired.map((pair) => pair.oracle)),
    holds: within.mean >= SHARE,
    starts: sum(runs.map((run) => run.starts)) / runs.length,
    runs,
  };
}

export function isOurs(label: string): boolean {
  return label.startsWith('bellwether');
}

export function isPeer(label: string): boolean {
  return !isOurs(label) && label !== ORACLE;
}

/** Whether a row's setting came out of a sweep, or (the fixed count) out of hindsight. */
export function isTuned(label: string): boolean {
  return label.includes(TUNED) || label === STATIC_BEST;
}

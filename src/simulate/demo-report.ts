import { DateTime } from 'luxon';
import { formatInstant } from '../core/instant.ts';
import type { DemoResult } from './demo.ts';
import { DEMO_ZONE, type MorningResult, type Stage } from './morning.ts';
import type { FirstTokenStats } from './stats.ts';

/** Wall time in New York, `09:30:05`. */
export function marketTime(at: number, zone: string = DEMO_ZONE): string {
  return DateTime.fromMillis(at, { zone }).toFormat('HH:mm:ss');
}

interface StageFacts {
  readonly asked: number;
  readonly ready: number;
  readonly starting: number;
  readonly running: number;
  readonly waiting: number;
  readonly late: number;
  readonly failed: number;
}

function factsOf({ world }: Stage): StageFacts {
  const { fleet } = world;
  const replicas = fleet.pods.flatMap(({ replica }) => replica ?? []);
  const { late, failed } = world.stats().all;
  return {
    asked: fleet.specReplicas,
    ready: fleet.readyReplicas,
    starting: fleet.startingReplicas,
    running: replicas.reduce((sum, { running }) => sum + running, 0),
    waiting: replicas.reduce((sum, { waiting }) => sum + waiting, fleet.gatewayDepth),
    late,
    failed,
  };
}

/** One line of one fleet at one instant, each number with its name. */
export function stageLine(at: number, stage: Stage, zone?: string): string {
  const { asked, ready, starting, running, waiting, late, failed } = factsOf(stage);
  const pods = `asked ${asked}  ready ${ready}  starting ${starting}`;
  const load = `running ${String(running).padStart(3)}  waiting ${String(waiting).padStart(3)}`;
  const misses = `late ${String(late).padStart(4)}  failed ${String(failed).padStart(4)}`;
  return `${marketTime(at, zone)}  ${stage.label.padEnd(16)}  ${pods}  ${load}  ${misses}`;
}

const COLUMNS = ['asked', 'ready', 'starting', 'running', 'waiting', 'late', 'failed'] as const;

/** All fleets at one instant as a table that fits 80 columns. */
export function statusTable(at: number, stages: readonly Stage[], zone?: string): readonly string[] {
  const row = (name: string, cells: readonly (string | number)[]) =>
    name.padEnd(16) + cells.map((cell) => String(cell).padStart(9)).join('');
  return [
    row(marketTime(at, zone), COLUMNS),
    ...stages.map((stage) => {
      const facts = factsOf(stage);
      return row(
        stage.label,
        COLUMNS.map((column) => facts[column]),
      );
    }),
  ];
}

/** The result as `--json` prints it: instants in ISO 8601, milliseconds whole. */
export function resultJson(result: DemoResult): object {
  const quantiles = (stats: FirstTokenStats) => ({
    ...stats,
    p50: whole(stats.p50),
    p95: whole(stats.p95),
    p99: whole(stats.p99),
  });
  return {
    ...result,
    times: Object.fromEntries(Object.entries(result.times).map(([name, at]) => [name, formatInstant(at)])),
    mornings: result.mornings.map((morning) => ({
      ...morning,
      opening: quantiles(morning.opening),
      all: quantiles(morning.all),
      scaleEvents: morning.scaleEvents.map((event) => ({ ...event, at: formatInstant(event.at) })),
    })),
  };
}

function whole(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}

/** The ending: both mornings side by side. */
export function comparison({ mornings, seed, profile, complete }: DemoResult): string {
  const rows: [string, (morning: MorningResult) => string][] = [
    ['replicas ready at the bell', ({ readyAtOpen }) => String(readyAtOpen)],
    ['most replicas asked for', ({ peakReplicas }) => String(peakReplicas)],
    ['first 10 minutes: questions', ({ opening }) => String(opening.requests)],
    ...firstTokenRows('  ', ({ opening }) => opening),
    ['whole morning: questions', ({ all }) => String(all.requests)],
    ...firstTokenRows('  ', ({ all }) => all),
    ['GPU-hours', ({ gpuHours }) => gpuHours.toFixed(2)],
  ];
  const table = rows.map(([name, cell]) =>
    [name.padEnd(36), ...mornings.map((morning) => cell(morning).padStart(17))].join(' '),
  );
  const header = ['', ...mornings.map(({ label }) => label)];
  return [
    complete ? 'The same morning, with and without the calendar' : 'The morning was stopped early; so far:',
    `(seed ${seed}, replica profile ${profile}, simulated; a client without a first token hangs up after 30 s)`,
    '',
    header.map((cell, index) => (index === 0 ? cell.padEnd(36) : cell.padStart(17))).join(' '),
    ...table,
  ].join('\n');
}

function firstTokenRows(
  indent: string,
  of: (morning: MorningResult) => FirstTokenStats,
): [string, (morning: MorningResult) => string][] {
  return [
    [`${indent}time to first token p50`, (morning) => shownTime(of(morning), 'p50')],
    [`${indent}time to first token p95`, (morning) => shownTime(of(morning), 'p95')],
    [`${indent}time to first token p99`, (morning) => shownTime(of(morning), 'p99')],
    [`${indent}later than 2 s, failures included`, (morning) => String(of(morning).late)],
    [`${indent}failed (timed out)`, (morning) => String(of(morning).failed)],
  ];
}

function shownTime(stats: FirstTokenStats, quantile: 'p50' | 'p95' | 'p99'): string {
  const ms = stats[quantile];
  if (ms === null) return stats.failed === 0 ? 'none yet' : 'timed out';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

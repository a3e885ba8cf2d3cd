import type { BacktestResult, Row } from './backtest.ts';
import type { Estimate } from './estimate.ts';
import { frontierOf } from './frontier.ts';
import type { Scores } from './scores.ts';

/** The result as a table for a terminal: a line a contestant, the first seed's quantiles, means over the seeds. */
export function resultTable(result: BacktestResult): string {
  const oracle = result.rows.find(({ contestant }) => contestant.kind === 'oracle');
  const all: readonly (readonly [string, (row: Row) => string])[] = [
    ['', ({ contestant }) => contestant.label],
    ['in time', ({ within }) => shown(within, (value) => `${(100 * value).toFixed(2)} %`, 100)],
    ['TTFT p50', ({ scores }) => duration(scores[0]?.firstToken.p50)],
    ['p95', ({ scores }) => duration(scores[0]?.firstToken.p95)],
    ['p99', ({ scores }) => duration(scores[0]?.firstToken.p99)],
    ['per token', ({ scores }) => duration(scores[0]?.perToken.p50)],
    ['failed', ({ scores }) => String(failures(scores[0]))],
    ['GPU-hours', ({ gpuHours }) => shown(gpuHours, (value) => value.toFixed(1))],
    ['starting', ({ scores }) => (scores[0]?.gpuHours.starting ?? 0).toFixed(1)],
    ['draining', ({ scores }) => (scores[0]?.gpuHours.draining ?? 0).toFixed(1)],
    ['/ oracle', ({ gpuHours }) => (oracle ? `${(gpuHours.mean / oracle.gpuHours.mean).toFixed(2)} x` : '')],
    ['scalings', ({ scores }) => String(scores[0]?.scaleEvents ?? 0)],
    ['short', ({ scores }) => `${(scores[0]?.shortMinutes ?? 0).toFixed(0)} min`],
  ];
  const columns = all.filter(([title]) => title !== '/ oracle' || oracle !== undefined);
  const rows = [
    columns.map(([title]) => title),
    ...result.rows.map((row) => columns.map(([, cell]) => cell(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => (row[index] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function failures(scores: Scores | undefined): number {
  const { timeout, tooLong, podGone, unfinished } = scores?.failed ?? {
    timeout: 0,
    tooLong: 0,
    podGone: 0,
    unfinished: 0,
  };
  return timeout + tooLong + podGone + unfinished;
}

/** A time in ms as people read it; what never came, or was never asked for, is a dash. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '-';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function shown({ mean, plusMinus }: Estimate, text: (value: number) => string, scale = 1): string {
  return plusMinus === null
    ? text(mean)
    : `${text(mean)} ± ${(plusMinus * scale).toFixed(scale > 1 ? 2 : 1)}`;
}

/** Share of requests in time from which a setting counts as good enough. */
const SOUND = 0.99;

/** Which of the settings nobody beats, and the cheapest of them that is good enough. */
export function sweepVerdict({ rows }: BacktestResult): string {
  const points = rows
    .filter(({ contestant }) => contestant.kind === 'policy')
    .map(({ contestant, within, gpuHours }) => ({
      label: contestant.label,
      cost: gpuHours.mean,
      late: 1 - within.mean,
    }));
  const frontier = frontierOf(points);
  const sound = frontier.find(({ late }) => late <= 1 - SOUND);
  const line = ({ label, cost, late }: (typeof points)[number]) =>
    `  ${label}: ${cost.toFixed(1)} GPU-hours, ${(100 * (1 - late)).toFixed(2)} % in time`;
  return [
    `${frontier.length} of ${points.length} settings are beaten by no other in both cost and lateness:`,
    ...frontier.map(line),
    sound ? `The cheapest with 99 % in time: ${sound.label}` : 'None of them has 99 % in time.',
  ].join('\n');
}

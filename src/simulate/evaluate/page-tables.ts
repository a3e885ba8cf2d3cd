import { ORACLE } from './field.ts';
import { hours, markdownTable, percent, ratio } from './page-text.ts';
import type { Cell, Row } from './results.ts';
import type { Workload } from './workloads.ts';

/** Everybody in every cell: a table for a workload at a volume, cold starts beside each other. */
export function tablesSection(cells: readonly Cell[], workloads: readonly Workload[]): string {
  const sections = workloads.flatMap((workload) => {
    const own = cells.filter((cell) => cell.workload === workload.name);
    return [...new Set(own.map(({ volume }) => volume))].flatMap((volume) => [
      `### ${workload.name}, ${volume}x${workload.tuning ? ' (what the sweeps saw)' : ''}`,
      '',
      table(own.filter((cell) => cell.volume === volume)),
      '',
    ]);
  });
  return [
    '## Everybody',
    '',
    'Per cold start: share in time, GPU-hours ± 95 % confidence over the seeds, GPU-hours over the oracle. ~~Struck out~~: less than 99 % in time.',
    '',
    ...sections,
  ]
    .join('\n')
    .trimEnd();
}

function table(cells: readonly Cell[]): string {
  const labels = [...new Set([ORACLE, ...cells.flatMap(({ rows }) => rows.map(({ label }) => label))])];
  return markdownTable([
    ['', ...cells.flatMap(({ coldStart }) => [`${coldStart} s: in time`, 'GPU-hours', '/ oracle'])],
    ...labels.map((label) => [
      label,
      ...cells.flatMap(({ rows }) => rowCells(rows.find((row) => row.label === label))),
    ]),
  ]);
}

function rowCells(row: Row | undefined): readonly string[] {
  if (row === undefined) return ['–', '–', '–'];
  const { mean, plusMinus } = row.gpuHours;
  const cost = plusMinus === null ? hours(mean) : `${hours(mean)} ± ${hours(plusMinus)}`;
  return [percent(row.within.mean), row.holds ? cost : `~~${cost}~~`, ratio(row.overOracle)];
}

import { formatDuration } from '../core/duration.ts';
import { duration } from './backtest/table.ts';
import type { CascadeOptions, CascadeRow } from './cascade.ts';
import type { FirstTokenStats } from './stats.ts';

/** What the ADR reports: seconds, and failures of 40. The third row is not the ADR's. */
const REPORTED: Readonly<Record<CascadeRow['name'], readonly [string, string, string, string] | null>> = {
  zero: ['92 s', '134 s', '168 s', '12 of 40'],
  floor: ['198 ms', '412 ms', '875 ms', '0 of 40'],
  lead: null,
};

/** Both sides of every case, and then why they differ. */
export function cascadeReport(rows: readonly CascadeRow[], options: CascadeOptions): string {
  const cells = [
    ['', 'ready', 'p50', 'p95', 'p99', `failed at ${formatDuration(options.clientTimeoutMs)}`],
    ...rows.flatMap(({ name, title, readyAtBell, readyAfter, patient, impatient }) => [
      ...(REPORTED[name] === null ? [] : [[`${title}: the ADR`, '', ...REPORTED[name]]]),
      [`${title}: simulated`, `${readyAtBell} to ${readyAfter}`, ...timesOf(patient), failedOf(impatient)],
    ]),
  ];
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length))) ?? [];
  const table = cells.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return [
    `${options.requests} requests in the same instant, at the bell. Time to first token of clients that wait as long as it takes;`,
    `failures of clients that hang up. Profile ${options.profile.name}, seed ${options.seed}.`,
    '',
    ...table,
    '',
    ...differences(rows, options),
  ].join('\n');
}

function timesOf({ p50, p95, p99 }: FirstTokenStats): readonly string[] {
  return [p50, p95, p99].map(duration);
}

function failedOf({ failed, requests }: FirstTokenStats): string {
  return `${failed} of ${requests}`;
}

/** What in the model makes the numbers differ. */
export function differences(
  rows: readonly CascadeRow[],
  { profile, tokens, requests, start }: CascadeOptions,
): readonly string[] {
  const each = Math.ceil(requests / 2);
  const prefillMs = profile.a + profile.d * tokens.promptMean;
  const floor = rows.find(({ name }) => name === 'floor');
  return [
    'Why they differ:',
    '- The ADR’s first row cannot be one run: 28 of 40 got an answer before the client’s timeout of 30 s, so that the p50 is below',
    '  30 s, not 92 s. Times and failures must come from different clients; here they are measured apart, on purpose.',
    `- Everybody asks in the same instant and finds nobody, so everybody waits for the same start (drawn here: a median of ${start.medianSeconds} s,`,
    '  plus up to 30 s until KEDA polls). No client that hangs up after 30 s gets anything; the ADR’s 28 must have found a replica.',
    `- In the second row a prompt of ${Math.round(tokens.promptMean)} tokens alone takes ${duration(prefillMs)} of prefill on ${profile.name}, and ${each} of them stand in line at each of 2 replicas:`,
    `  ${duration(each * profile.d * tokens.promptMean)} until the last has its first token${floor?.patient.p99 ? ` (simulated ${duration(floor.patient.p99)})` : ''}. The ADR’s 198 ms needs prompts of some tens of tokens, or a prefix`,
    '  cache that holds nearly all of each prompt, which is not modelled.',
  ];
}

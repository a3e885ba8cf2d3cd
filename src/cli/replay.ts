import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import type { Calendar } from '../calendar/calendar.ts';
import { loadCalendarFile } from '../config/load-calendar.ts';
import { loadPolicyFile } from '../config/load-policy.ts';
import type { PolicyFields } from '../core/policy.ts';
import { formatProblem, hasErrors, type Problem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { type ReplayedRow, replay, replayJson } from '../decision/replay.ts';
import { parseSamples } from '../decision/samples-csv.ts';
import type { Io } from './io.ts';

interface Flags {
  readonly policy: string;
  readonly name?: string;
  readonly calendar?: string;
  readonly start?: number;
  readonly json: boolean;
}

/** `bellwether replay`: decide() over recorded samples, no network. */
export function replayCommand(io: Io): Command {
  return new Command('replay')
    .description('run decide() over recorded samples: what this policy would have answered, and why')
    .argument(
      '<samples.csv>',
      'header with time and any of running,waiting,ready,starting,spec,unschedulable,kv_cache_usage,arrived',
    )
    .requiredOption('--policy <file>', 'policy YAML')
    .option('--name <policy>', 'which policy, where the file holds several')
    .option('--calendar <file>', 'calendar YAML')
    .option(
      '--start <n>',
      'replicas asked for before the first row (default: initialReplicas or minReplicas)',
      wholeNumber,
    )
    .option('--json', 'one JSON object a row', false)
    .addHelpText(
      'after',
      '\nExample:\n  $ bellwether replay --policy deploy/examples/policies/default.yaml --calendar calendars/us-equities.yaml samples.csv',
    )
    .action((samples: string, flags: Flags) => run(io, samples, flags));
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('must be a whole number from 0.');
  return Number(text);
}

async function run(io: Io, file: string, flags: Flags): Promise<void> {
  try {
    const policy = await loadPolicyFile(flags.policy, flags.name);
    const calendar = flags.calendar === undefined ? null : await loadCalendarFile(flags.calendar);
    const { rows, problems } = parseSamples(await read(file), file);
    const all: Problem[] = [...policy.problems, ...problemsOf(calendar), ...problems];
    for (const problem of all) io.err(formatProblem(problem));
    if (hasErrors(all) || policy.fields === null) return io.setExitCode(1);
    const input = { rows, fields: policy.fields, calendar: calendarOf(calendar), start: flags.start };
    if (flags.json) for (const row of replay(input)) io.out(JSON.stringify(replayJson(row)));
    else printChanges(io, input);
  } catch (reason) {
    if (!(reason instanceof ScalerError)) throw reason;
    io.err(reason.message);
    io.setExitCode(2);
  }
}

type Loaded = Awaited<ReturnType<typeof loadCalendarFile>> | null;

function problemsOf(loaded: Loaded): readonly Problem[] {
  if (loaded === null) return [];
  return 'problems' in loaded ? loaded.problems : loaded.warnings;
}

function calendarOf(loaded: Loaded): Calendar | null {
  return loaded === null || 'problems' in loaded ? null : loaded.calendar;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (reason) {
    throw new ScalerError(
      'not-found',
      `${file}: cannot be read (${(reason as NodeJS.ErrnoException).code ?? 'unknown'})`,
      { cause: reason },
    );
  }
}

interface ReplayTable {
  readonly rows: Parameters<typeof replay>[0]['rows'];
  readonly fields: PolicyFields;
  readonly calendar: Calendar | null;
  readonly start: number | undefined;
}

/** The first row and every row at which the answer or the hold changes. */
function printChanges(io: Io, input: ReplayTable): void {
  let previous: ReplayedRow | null = null;
  let changes = 0;
  let count = 0;
  io.out(`${'time'.padEnd(26)}replicas  held     reason`);
  for (const row of replay(input)) {
    count++;
    const { replicas, held, reason } = row.decision;
    const same = previous?.decision.replicas === replicas && previous.decision.held === held;
    previous = row;
    if (same) continue;
    changes++;
    io.out(
      `${String(row.time).padEnd(26)}${String(replicas ?? '?').padStart(8)}  ${(held ?? '').padEnd(7)}  ${reason}`,
    );
  }
  io.out(`${count} rows, ${changes} shown: the first and every change`);
}

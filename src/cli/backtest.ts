import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import type { Calendar } from '../calendar/calendar.ts';
import { loadCalendarFile } from '../config/load-calendar.ts';
import { formatProblem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import {
  type BacktestPlan,
  type BacktestResult,
  jobsOf,
  resultOf,
  shareTrace,
} from '../simulate/backtest/backtest.ts';
import { reportDocument } from '../simulate/backtest/report-document.ts';
import { reportPage } from '../simulate/backtest/report-page.ts';
import { runJobs } from '../simulate/backtest/run-jobs.ts';
import { resultTable, sweepVerdict } from '../simulate/backtest/table.ts';
import { DEFAULT_PROFILE } from '../simulate/profiles.ts';
import { durationArgument, instantArgument, wholeArgument } from './arguments.ts';
import { coldStartArgument, factorArgument, peersArgument, profileArgument } from './backtest-arguments.ts';
import { type BacktestFlags, checkFlags, planOf } from './backtest-plan.ts';
import { MissingSeries } from './backtest-prometheus.ts';
import { loadSource, type Source } from './backtest-source.ts';
import { dateArgument } from './calendar-arguments.ts';
import type { Io } from './io.ts';
import { createProgressLine } from './progress-line.ts';
import { checkFolder, writeFolder } from './write-folder.ts';

const REPORT_FILES = ['report.json', 'report.html'] as const;

/** `bellwether backtest`: recorded or generated requests through policies and peers, in a simulated fleet. */
export function backtestCommand(io: Io): Command {
  return new Command('backtest')
    .description(
      'what would this policy have done, and what would the others: requests through a simulated fleet',
    )
    .option('--trace <file>', 'requests: CSV or CSV.gz with arrival_s,prompt_tokens,output_tokens[,tenant]')
    .option('--start <time>', "when the trace's second 0 was; needed for a calendar to fit", instantArgument)
    .option('--prometheus <url>', "requests rebuilt from vLLM's own metrics; with --fleet, --from and --to")
    .option('--fleet <ns/name>', 'whose: namespace and name of the Deployment')
    .option('--from <time>', 'first instant', instantArgument)
    .option('--to <time>', 'last instant', instantArgument)
    .option('--workload <name>', 'generated requests: finsight')
    .option('--days <n>', 'days of the workload (default: 12)', wholeArgument(1, 400))
    .option('--date <date>', 'first day of the workload', dateArgument, '2026-11-16')
    .option('--volatile <factor>', 'how much more a volatile day of the workload brings', factorArgument, 3)
    .option('--volume <factor>', 'so many times the traffic', factorArgument, 1)
    .option('--calendar <file>', 'calendar YAML (default with --workload: us-equities)')
    .option('--policy <file...>', 'policy YAML, each a row (default: the two presets)')
    .option(
      '--peers <names>',
      'all, none, or some of keda,ray,knative,wva,static,oracle (default: all; with --sweep none)',
      peersArgument,
    )
    .option(
      '--sweep <field=values...>',
      'every combination over the policy: targetOngoingRequests=4..16 upscaleDelay=0s,30s',
    )
    .option('--profile <name>', 'GPU and model (docs/simulator.md)', profileArgument, DEFAULT_PROFILE)
    .option('--cold-start <time>', '95s, or lognormal(95s,0.35), which is the default', coldStartArgument)
    .option(
      '--weights <time>',
      'loading the weights, beside --cold-start (default: part of it)',
      coldStartArgument,
    )
    .option('--image-pull <time>', 'pulling the image (default: cached)', coldStartArgument)
    .option('--node <time>', 'a new node (default: lognormal(150s,0.4))', coldStartArgument)
    .option(
      '--warm-nodes <n>',
      'nodes that are always there; a pod beyond them waits for one (default: enough)',
      wholeArgument(0, 100_000),
    )
    .option('--slo <time>', 'objective for the time to first token', durationArgument, 2_000)
    .option('--client-timeout <time>', 'a client without a first token hangs up', durationArgument, 30_000)
    .option('--router <name>', 'least-loaded or round-robin', routerArgument, 'least-loaded' as const)
    .option('--min-replicas <n>', 'for everybody', wholeArgument(0, 10_000), 1)
    .option(
      '--max-replicas <n>',
      'for everybody (default: 1.5 times what the busiest minutes need)',
      wholeArgument(1, 10_000),
    )
    .option('--gpus-per-replica <n>', 'for the GPU-hours', wholeArgument(1, 64), 1)
    .option('--learn <time>', 'so much from the start is run but not scored', durationArgument)
    .option('--seed <n>', 'first seed', wholeArgument(0, 1_000_000), 1)
    .option('--seeds <n>', 'runs with other cold starts, for confidence intervals', wholeArgument(1, 100), 1)
    .option('--threads <n>', 'worker threads (default: one a core)', wholeArgument(0, 256))
    .option('--out <dir>', 'write report.json and report.html there')
    .option('--json', 'print report.json and nothing else', false)
    .addHelpText(
      'after',
      '\nExamples:\n  $ bellwether backtest --workload finsight --days 12 --out report\n  $ bellwether backtest --trace week.csv.gz --start 2024-05-10T00:00:00Z --calendar calendars/office-hours-us.yaml --slo 4s',
    )
    .action((flags: BacktestFlags) => backtest(io, flags));
}

function routerArgument(text: string): 'least-loaded' | 'round-robin' {
  if (text === 'least-loaded' || text === 'round-robin') return text;
  throw new InvalidArgumentError('It must be least-loaded or round-robin.');
}

async function backtest(io: Io, flags: BacktestFlags): Promise<void> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    await run(io, flags, interrupted.signal);
  } catch (reason) {
    if (!(reason instanceof ScalerError)) throw reason;
    if (interrupted.signal.aborted) {
      io.err('stopped; nothing was written');
      io.setExitCode(130);
    } else {
      io.err(`error: ${reason.message}`);
      // Read, and wrong: a Prometheus that answers and has not got it.
      io.setExitCode(reason instanceof MissingSeries ? 1 : 2);
    }
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

async function run(io: Io, flags: BacktestFlags, signal: AbortSignal): Promise<void> {
  checkFlags(flags);
  if (flags.out !== undefined) await checkFolder(flags.out, REPORT_FILES);
  const calendarFile = calendarFileOf(flags);
  const calendar = calendarFile === null ? null : await loadCalendar(io, calendarFile);
  if (calendarFile !== null && calendar === null) return io.setExitCode(1);
  const source = await loadSource(io, flags, { calendar, signal });
  if (source === null) return io.setExitCode(1);
  const plan = await planOf(io, flags, source, calendar);
  if (plan === null) return io.setExitCode(1);
  const result = await execute(plan, { source, calendar, calendarFile, flags, signal });
  if (result === null) {
    io.err('stopped; nothing was written');
    return io.setExitCode(130);
  }
  await tell(io, flags, result, { source, calendar });
}

function calendarFileOf({ calendar, workload }: BacktestFlags): string | null {
  if (calendar !== undefined) return calendar;
  if (workload === undefined) return null;
  return fileURLToPath(new URL('../../calendars/us-equities.yaml', import.meta.url));
}

async function loadCalendar(io: Io, file: string): Promise<Calendar | null> {
  const loaded = await loadCalendarFile(file);
  for (const problem of 'problems' in loaded ? loaded.problems : loaded.warnings)
    io.err(formatProblem(problem));
  return 'problems' in loaded ? null : loaded.calendar;
}

interface Execution {
  readonly source: Source;
  readonly calendar: Calendar | null;
  readonly calendarFile: string | null;
  readonly flags: BacktestFlags;
  readonly signal: AbortSignal;
}

async function execute(
  plan: BacktestPlan,
  { source, calendar, calendarFile, flags, signal }: Execution,
): Promise<BacktestResult | null> {
  const line = flags.json ? null : createProgressLine(process.stderr);
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const outcomes = await runJobs(jobsOf(plan), {
    common: { trace: shareTrace(source.trace), calendar },
    threads: flags.threads ?? availableParallelism(),
    worker: {
      script: new URL(`../backtest-worker.${extension}`, import.meta.url),
      data: { calendarFile },
    },
    onProgress: ({ share, done, jobs }) => line?.show(share, `${done} of ${jobs} runs`),
    signal,
  });
  line?.clear();
  return outcomes && resultOf(plan, outcomes);
}

async function tell(
  io: Io,
  flags: BacktestFlags,
  result: BacktestResult,
  { source, calendar }: Pick<Execution, 'source' | 'calendar'>,
): Promise<void> {
  const report = reportDocument(result, {
    source: source.note,
    trace: source.trace,
    calendar: calendar && { name: calendar.name, timezone: calendar.timezone },
  });
  const json = `${JSON.stringify(report)}\n`;
  if (flags.out !== undefined)
    await writeFolder(flags.out, { 'report.json': json, 'report.html': await reportPage(json) });
  if (flags.json) return io.out(json.trimEnd());
  const { requests } = report.scenario.scored;
  io.out(
    `${source.note.name}: ${requests} requests, ${result.plan.scenario.profile.name}, objective ${flags.slo / 1000} s`,
  );
  for (const note of source.note.notes) io.out(note);
  io.out(`\n${resultTable(result)}`);
  if (flags.sweep !== undefined) io.out(`\n${sweepVerdict(result)}`);
  if (flags.out !== undefined) io.out(`\n${flags.out}/report.html shows it over time.`);
}

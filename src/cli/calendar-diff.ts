import { Command, InvalidArgumentError, Option } from 'commander';
import { formatDate, parseDate } from '../calendar/civil-date.ts';
import { diffJson } from '../calendar/diff/json.ts';
import { diffMarkdown } from '../calendar/diff/markdown.ts';
import { type DiffReport, type DocumentDiff, isAlone, tellsAnything } from '../calendar/diff/report.ts';
import { diffText } from '../calendar/diff/text.ts';
import { type DiffRequest, diffFiles, diffGit } from '../config/diff-sources.ts';
import { formatProblem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { dateArgument, example, leadArgument, reported } from './calendar-arguments.ts';
import type { Io } from './io.ts';

interface DiffFlags {
  readonly git?: string;
  readonly from?: string;
  readonly to?: string;
  readonly gpusPerReplica: number;
  readonly lead: number;
  readonly format: 'text' | 'markdown' | 'json';
}

/** `bellwether calendar diff OLD NEW` and `--git BASE...HEAD [PATH…]`: what changes when, in replicas and GPU-hours. */
export function diffCommand(io: Io): Command {
  return new Command('diff')
    .description('what changes between two calendars or policies: when, in floors, ceilings and GPU-hours')
    .argument('[path...]', 'OLD and NEW file; with --git paths to look at (default all)')
    .option('--git <range>', 'compare two revisions, BASE...HEAD: every calendar and policy that differs')
    .option('--from <date>', 'first date (default today)', dateArgument)
    .option('--to <date>', 'last date (default the end of coverage, at most 400 days)', dateArgument)
    .option('--gpus-per-replica <n>', 'GPUs that one replica takes', gpusArgument, 1)
    .option('--lead <duration>', 'what `lead: auto` stands for', leadArgument, 0)
    .addOption(
      new Option('--format <format>', 'how to print it')
        .choices(['text', 'markdown', 'json'])
        .default('text'),
    )
    .addHelpText('after', `${example('diff --git origin/main...HEAD --gpus-per-replica 8')}\n${HELP}`)
    .action((paths: readonly string[], flags: DiffFlags) =>
      reported(io, async () => {
        print(io, await compare(paths, flags), flags);
      }),
    );
}

const HELP = `
Floors are counted in replica-hours; a fleet whose minReplicas is above a floor saves less than the floor's fall.
Nothing is printed where only comments, order or formatting moved.
Exit codes: 0 compared, whatever differs; 1 a file is wrong (of two revisions: the new one); 2 usage, missing file, git.`;

async function compare(paths: readonly string[], flags: DiffFlags): Promise<DiffReport> {
  const request = requestOf(flags);
  const { gpusPerReplica, git } = flags;
  if (git !== undefined) {
    const [before = '', after = ''] = git.split(/\.{2,3}/);
    const documents = await diffGit(git, paths, request);
    return { before, after: after || 'HEAD', gpusPerReplica, documents };
  }
  const [before, after, third] = paths;
  if (before === undefined || after === undefined || third !== undefined)
    throw new ScalerError(
      'invalid',
      `needs OLD and NEW, or --git BASE...HEAD, was ${paths.length} file${paths.length === 1 ? '' : 's'}`,
    );
  return { before, after, gpusPerReplica, documents: await diffFiles(before, after, request) };
}

/** Ten years: more than any coverage, and still compared in seconds. */
const MAX_DAYS = 3_660;

function requestOf({ from, to, lead }: DiffFlags): DiffRequest {
  const now = Date.now();
  const first = from === undefined ? null : (parseDate(from) ?? null);
  const last = to === undefined ? null : (parseDate(to) ?? null);
  const begin = first ?? Math.floor(now / 86_400_000);
  if (last !== null && last < begin - (first === null ? 1 : 0))
    throw new ScalerError('invalid', `--to must not be before ${from ?? 'today'}, was ${to}`);
  if (last !== null && last - begin >= MAX_DAYS)
    throw new ScalerError(
      'invalid',
      `--to must be within ${MAX_DAYS} days of ${formatDate(begin)}, was ${to}`,
    );
  return { from: first, to: last, now, autoLeadMs: lead };
}

function print(io: Io, report: DiffReport, { format, git }: DiffFlags): void {
  const isGit = git !== undefined;
  const { documents, before, after } = report;
  if (format === 'json') io.out(JSON.stringify(diffJson(report), null, 2));
  const text = format === 'text' ? diffText(report) : format === 'markdown' ? diffMarkdown(report) : '';
  if (text !== '') io.out(text);
  if (format === 'text' && !documents.some(tellsAnything))
    io.err(`nothing changes between ${before} and ${after}: ${documents.length} compared`);
  for (const document of documents) {
    for (const problem of [...document.afterProblems, ...document.beforeProblems])
      io.err(formatProblem(problem));
    if (isAlone(document)) io.err(`${document.path}: ${before} is broken there, so only ${after} is shown`);
  }
  // A broken base may be what a pull request repairs; a broken head, or a broken file that was named, is wrong.
  const isWrong = ({ afterProblems, beforeProblems }: DocumentDiff): boolean =>
    afterProblems.length > 0 || (!isGit && beforeProblems.length > 0);
  if (documents.some(isWrong)) io.setExitCode(1);
}

function gpusArgument(text: string): number {
  const count = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && count > 0 && count <= 1_000) return count;
  throw new InvalidArgumentError('It must be a number above 0 and at most 1000.');
}

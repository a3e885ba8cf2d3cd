import { Command, Option } from 'commander';
import { type CheckReport, checkFiles } from '../config/check.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import { annotation } from './github-annotations.ts';
import type { Io } from './io.ts';

const FORMATS = ['text', 'json', 'github'] as const;
type Format = (typeof FORMATS)[number];

/**
 * `bellwether check FILE…`: exit 0 when nothing is wrong (warnings allowed), 1 on errors, 2 when a file is not there.
 * `now` decides what has expired or ends soon.
 */
export function checkCommand(io: Io, now: () => number = Date.now): Command {
  return new Command('check')
    .description(
      'validates configuration, policies, calendars and ScaledObjects, told apart by their content',
    )
    .argument('<file...>', 'files, or directories to walk (*.yaml, *.yml)')
    .addOption(
      new Option('--format <format>', 'github prints annotations for a workflow')
        .choices(FORMATS)
        .default('text'),
    )
    .option('--json', 'print one JSON document: files, problems, errors, warnings, skipped')
    .addHelpText(
      'after',
      '\nWith a bellwether.yaml among the files the names in policies and triggers are checked too.\n\nExample:\n  $ bellwether check deploy/examples calendars',
    )
    .action(async (paths: readonly string[], flags: { readonly json?: boolean; readonly format: Format }) => {
      const report = await checkFiles(paths, now());
      const errors = count(report.problems, 'error');
      PRINT[flags.json === true ? 'json' : flags.format](io, report);
      io.setExitCode(report.missing ? 2 : errors > 0 ? 1 : 0);
    });
}

const PRINT: Readonly<Record<Format, (io: Io, report: CheckReport) => void>> = {
  text: printText,
  json: printJson,
  github: printAnnotations,
};

function count(problems: readonly Problem[], severity: Problem['severity']): number {
  return problems.filter((problem) => problem.severity === severity).length;
}

function printJson(io: Io, { files, problems, skipped }: CheckReport): void {
  const [errors, warnings] = [count(problems, 'error'), count(problems, 'warning')];
  io.out(JSON.stringify({ files, problems, errors, warnings, skipped }, null, 2));
}

function printText(io: Io, report: CheckReport): void {
  for (const problem of report.problems) {
    io.err(formatProblem(problem));
    for (const line of repairLines(problem)) io.err(`    ${line}`);
  }
  for (const { file, line, what } of report.skipped) io.out(`${file}:${line} skipped: ${what}`);
  io.out(summary(report));
}

/** The lines to change, as a patch shows them. */
function repairLines({ repair }: Problem): readonly string[] {
  if (repair === undefined) return [];
  return [...repair.removed.map((line) => `- ${line}`), ...repair.added.map((line) => `+ ${line}`)];
}

/** On stdout, where a runner looks for workflow commands; what it does not know as one is a line of the log. */
function printAnnotations(io: Io, report: CheckReport): void {
  for (const problem of report.problems) io.out(annotation(problem));
  io.out(summary(report));
}

function summary({ files, problems }: CheckReport): string {
  const [errors, warnings] = [count(problems, 'error'), count(problems, 'warning')];
  return `${amount(files.length, 'file')}, ${amount(errors, 'error')}, ${amount(warnings, 'warning')}`;
}

function amount(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

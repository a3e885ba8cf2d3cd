import { Command } from 'commander';
import { type CheckReport, checkFiles } from '../config/check.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import type { Io } from './io.ts';

/** `bellwether check FILE…`: exit 0 when nothing is wrong (warnings allowed), 1 on errors, 2 when a file is not there. */
export function checkCommand(io: Io): Command {
  return new Command('check')
    .description(
      'validates configuration, policies, calendars and ScaledObjects, told apart by their content',
    )
    .argument('<file...>', 'files, or directories to walk (*.yaml, *.yml)')
    .option('--json', 'print one JSON document: files, problems, errors, warnings, skipped')
    .addHelpText(
      'after',
      '\nWith a bellwether.yaml among the files the names in policies and triggers are checked too.\n\nExample:\n  $ bellwether check deploy/examples calendars',
    )
    .action(async (paths: readonly string[], { json }: { readonly json?: boolean }) => {
      const report = await checkFiles(paths, Date.now());
      const errors = count(report.problems, 'error');
      if (json === true) printJson(io, report);
      else printText(io, report);
      io.setExitCode(report.missing ? 2 : errors > 0 ? 1 : 0);
    });
}

function count(problems: readonly Problem[], severity: Problem['severity']): number {
  return problems.filter((problem) => problem.severity === severity).length;
}

function printJson(io: Io, { files, problems, skipped }: CheckReport): void {
  const [errors, warnings] = [count(problems, 'error'), count(problems, 'warning')];
  io.out(JSON.stringify({ files, problems, errors, warnings, skipped }, null, 2));
}

function printText(io: Io, { files, problems, skipped }: CheckReport): void {
  for (const problem of problems) io.err(formatProblem(problem));
  for (const { file, line, what } of skipped) io.out(`${file}:${line} skipped: ${what}`);
  const [errors, warnings] = [count(problems, 'error'), count(problems, 'warning')];
  io.out(`${amount(files.length, 'file')}, ${amount(errors, 'error')}, ${amount(warnings, 'warning')}`);
}

function amount(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

import { Command } from 'commander';
import { runTestFile, type TestFileReport } from '../config/calendar-tests.ts';
import { findYaml } from '../config/find-yaml.ts';
import { unreadableFile } from '../config/read-file.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import { example } from './calendar-arguments.ts';
import type { Io } from './io.ts';

/** `bellwether calendar test FILE…`: what calendars must answer, row by row. */
export function testCommand(io: Io): Command {
  return new Command('test')
    .description('runs *.test.yaml files: what a calendar must answer at instants and for sessions')
    .argument('<file...>', 'test files, or directories to walk (*.test.yaml, *.test.yml)')
    .option('--json', 'one JSON document: files, expectations, failures, problems')
    .addHelpText('after', `${example('test calendars')}\n${HELP}`)
    .action(async (paths: readonly string[], { json }: { readonly json?: true }) => {
      const { files, missing } = await findYaml(paths);
      const wanted = files.filter(({ path, named }) => named || /\.test\.ya?ml$/.test(path));
      const now = Date.now();
      const reports: TestFileReport[] = [];
      for (const { path } of wanted) reports.push(await runTestFile(path, now));
      const absent = missing.map((path) => unreadableFile(path, 'was missing'));
      const summary = summaryOf(reports, absent);
      if (json) io.out(JSON.stringify(summary, null, 2));
      else printText(io, reports, absent);
      const isWrong = summary.failed > 0 || summary.problems.length > absent.length;
      io.setExitCode(absent.length > 0 ? 2 : isWrong ? 1 : 0);
    });
}

const HELP = `
Exit codes: 0 every expectation is met; 1 one is not, or a file is wrong; 2 usage, missing file.`;

function summaryOf(reports: readonly TestFileReport[], absent: readonly Problem[]) {
  const expectations = reports.reduce((sum, report) => sum + report.expectations, 0);
  const failures = reports.flatMap((report) => report.failures);
  return {
    files: reports.map(({ file }) => file),
    expectations,
    failed: failedRows(reports),
    failures: failures.map(({ problem, expected, got, of, why }) => {
      const { file, line, column, path } = problem;
      return { file, line, column, path, expected, got, of, why };
    }),
    problems: [...absent, ...reports.flatMap((report) => report.problems)],
  };
}

/** A row that fails in two fields is one failed row. */
function failedRows(reports: readonly TestFileReport[]): number {
  const rows = reports.flatMap(({ file, failures }) =>
    failures.map(({ problem }) => `${file}:${problem.path.split('.').slice(0, 2).join('.')}`),
  );
  return new Set(rows).size;
}

function printText(io: Io, reports: readonly TestFileReport[], absent: readonly Problem[]): void {
  const problems = [...absent, ...reports.flatMap((report) => report.problems)];
  for (const problem of problems) io.err(formatProblem(problem));
  for (const { problem } of reports.flatMap((report) => report.failures)) io.err(formatProblem(problem));
  const { expectations, failed } = summaryOf(reports, absent);
  const wrong = problems.length === 0 ? '' : `, ${amount(problems.length, 'error')}`;
  io.out(
    `${amount(reports.length, 'file')}, ${amount(expectations, 'expectation')}, ${failed} not met${wrong}`,
  );
}

function amount(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

import { Command, Option } from 'commander';
import { type CheckReport, checkFiles, inOrder } from '../config/check.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import type { Inventory } from '../ingest/kubernetes/inventory.ts';
import { annotation } from './github-annotations.ts';
import type { Io } from './io.ts';

const FORMATS = ['text', 'json', 'github'] as const;
type Format = (typeof FORMATS)[number];

interface Flags {
  readonly json?: boolean;
  readonly format: Format;
  readonly cluster?: boolean;
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly kubernetesVersion?: string;
  readonly kedaVersion?: string;
}

/** What is printed: of files, of a cluster, or of both. */
type Report = Pick<CheckReport, 'files' | 'problems' | 'skipped'> & { readonly inventory?: Inventory };

/**
 * `bellwether check FILE…`: exit 0 when nothing is wrong (warnings allowed), 1 on errors, 2 when a file is not there or
 * a cluster cannot be asked. `now` decides what has expired or ends soon.
 */
export function checkCommand(io: Io, now: () => number = Date.now): Command {
  return new Command('check')
    .description(
      'validates configuration, policies, calendars and ScaledObjects, told apart by their content',
    )
    .argument('[file...]', 'files, or directories to walk (*.yaml, *.yml)')
    .addOption(
      new Option('--format <format>', 'github prints annotations for a workflow')
        .choices(FORMATS)
        .default('text'),
    )
    .option('--json', 'print one JSON document: files, problems, errors, warnings, skipped')
    .option('--cluster', 'also check the live ScaledObjects, their HPAs and targets')
    .option('--kubeconfig <file>', 'with --cluster; default: as kubectl finds it')
    .option('-n, --namespace <name>', 'with --cluster: this namespace alone')
    .option('--kubernetes-version <version>', 'what files are meant for, such as 1.34: tells what it drops')
    .option('--keda-version <version>', 'the same of KEDA, such as 2.20')
    .addHelpText(
      'after',
      `
With a bellwether.yaml among the files the names in policies and triggers are checked too. Lines that would repair a
ScaledObject stand below each problem, as in a patch; in a cluster they are those of kubectl get -o yaml.

Example:
  $ bellwether check deploy/examples calendars
  $ bellwether check --cluster bellwether.yaml`,
    )
    .action(async (paths: readonly string[], flags: Flags) => check(io, paths, { flags, now: now() }));
}

async function check(
  io: Io,
  paths: readonly string[],
  { flags, now }: { readonly flags: Flags; readonly now: number },
): Promise<void> {
  if (paths.length === 0 && flags.cluster !== true) {
    io.err('must be given files to check, or --cluster');
    io.setExitCode(2);
    return;
  }
  const versions = { kubernetes: flags.kubernetesVersion, keda: flags.kedaVersion };
  const offline = await checkFiles(paths, now, versions);
  const live = flags.cluster === true ? await liveReport(flags, offline.known) : undefined;
  const fault = live !== undefined && 'fault' in live ? live.fault : undefined;
  const report: Report =
    live === undefined || 'fault' in live
      ? offline
      : { ...offline, problems: inOrder([...offline.problems, ...live.problems]), inventory: live.inventory };
  PRINT[flags.json === true ? 'json' : flags.format](io, report);
  if (fault !== undefined) io.err(fault);
  const isIncomplete = offline.missing || fault !== undefined;
  io.setExitCode(isIncomplete ? 2 : count(report.problems, 'error') > 0 ? 1 : 0);
}

/** Loaded only when asked for: the client is large. */
async function liveReport(flags: Flags, known: CheckReport['known']) {
  const { checkCluster } = await import('./check-cluster.ts');
  return checkCluster(flags, known);
}

const PRINT: Readonly<Record<Format, (io: Io, report: Report) => void>> = {
  text: printText,
  json: printJson,
  github: printAnnotations,
};

function count(problems: readonly Problem[], severity: Problem['severity']): number {
  return problems.filter((problem) => problem.severity === severity).length;
}

function printJson(io: Io, { files, problems, skipped, inventory }: Report): void {
  const [errors, warnings] = [count(problems, 'error'), count(problems, 'warning')];
  const cluster = inventory && clusterOf(inventory);
  io.out(
    JSON.stringify({ files, problems, errors, warnings, skipped, ...(cluster && { cluster }) }, null, 2),
  );
}

function printText(io: Io, report: Report): void {
  for (const problem of report.problems) {
    io.err(formatProblem(problem));
    for (const line of repairLines(problem)) io.err(`    ${line}`);
  }
  for (const lack of report.inventory?.lacks ?? []) io.err(`not checked: the API server ${lack}`);
  for (const { file, line, what } of report.skipped) io.out(`${file}:${line} skipped: ${what}`);
  io.out(summary(report));
}

/** The lines to change, as a patch shows them. */
function repairLines({ repair }: Problem): readonly string[] {
  if (repair === undefined) return [];
  return [...repair.removed.map((line) => `- ${line}`), ...repair.added.map((line) => `+ ${line}`)];
}

/** On stdout, where a runner looks for workflow commands; what it does not know as one is a line of the log. */
function printAnnotations(io: Io, report: Report): void {
  for (const problem of report.problems) io.out(annotation(problem));
  io.out(summary(report));
}

function summary({ files, problems, inventory }: Report): string {
  const [errors, warnings] = [count(problems, 'error'), count(problems, 'warning')];
  const cluster = inventory && clusterOf(inventory);
  const live = cluster
    ? [
        amount(cluster.scaledObjects, 'live ScaledObject'),
        `Kubernetes ${cluster.kubernetes}`,
        `KEDA ${cluster.keda}`,
      ]
    : [];
  const counts = [
    amount(files.length, 'file'),
    ...live,
    amount(errors, 'error'),
    amount(warnings, 'warning'),
  ];
  return counts.join(', ');
}

/** What was asked, for people and JSON alike; a version that is not known says so. */
function clusterOf({ objects, kubernetes, keda, lacks }: Inventory) {
  const scaledObjects = objects.filter((object) => object.kind === 'ScaledObject').length;
  return { scaledObjects, kubernetes: kubernetes ?? 'unknown', keda: keda ?? 'unknown', lacks };
}

function amount(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createProgressLine } from '../src/cli/progress-line.ts';
import { ScalerError } from '../src/core/scaler-error.ts';
import { shareTrace } from '../src/simulate/backtest/backtest.ts';
import { openThreads, runJobs } from '../src/simulate/backtest/run-jobs.ts';
import { ARRIVAL_RATE } from '../src/simulate/evaluate/field.ts';
import { loadTest } from '../src/simulate/evaluate/load-test.ts';
import { loadWorkload } from '../src/simulate/evaluate/load-workload.ts';
import { type Evaluation, evaluationPage } from '../src/simulate/evaluate/page.ts';
import type { Run } from '../src/simulate/evaluate/results.ts';
import {
  entrantsOf,
  evaluateWorkload,
  PARTS,
  type RunAll,
  type Scene,
  scenarioOf,
  type Tuned,
} from '../src/simulate/evaluate/run-workload.ts';
import { type Sweep, sweep, TUNING_COLD_START } from '../src/simulate/evaluate/tune-workload.ts';
import { type Volume, WORKLOADS, type Workload } from '../src/simulate/evaluate/workloads.ts';
import { PROFILES } from '../src/simulate/profiles.ts';
import { loadCalendar, loadCalendars, marketFile, writeCalendars } from './evaluate-calendars.ts';
import { type Options, optionsOf, USAGE } from './evaluate-options.ts';
import type { WorkerInput } from './evaluate-worker.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

try {
  await main(process.argv.slice(2));
} catch (reason) {
  if (interrupted.signal.aborted) {
    console.error('stopped; no page was written');
    process.exitCode = 130;
  } else if (reason instanceof ScalerError) {
    console.error(`error: ${reason.message}`);
    process.exitCode = reason.code === 'not-found' ? 2 : 1;
  } else throw reason;
}

async function main(args: readonly string[]): Promise<void> {
  const options = optionsOf(args);
  if (options === null) return console.log(USAGE);
  const began = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-evaluate-'));
  try {
    const evaluation = await evaluate(options, folder);
    if (options.json) return console.log(JSON.stringify(evaluation));
    await writePage(options.out, evaluation);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  console.error(`took ${((performance.now() - began) / 60_000).toFixed(1)} min`);
}

async function evaluate(options: Options, folder: string): Promise<Evaluation> {
  const { workloads, volumes, seeds, coldStarts, measured } = options;
  const kept = await openResults(options.resume);
  const { tuned, sweeps } = await tuning(options, folder, kept);
  const runs: Run[] = [];
  const rounds = roundsOf(options);
  for (const [index, { workload, volume, seed }] of rounds.entries()) {
    const here = coldStarts[volume].filter((seconds) => workload.coldStarts.includes(seconds));
    const what = `${workload.name} x ${volume}, seed ${seed}: ${index + 1} of ${rounds.length}`;
    const { [ARRIVAL_RATE]: own, ...others } = tuned.values;
    for (const part of PARTS) {
      const settings = { 'the rest': others, 'ours tuned': own, 'ours load-tested': 'as load-tested' }[part];
      const key = JSON.stringify([workload.name, volume, seed, here, part, settings]);
      const compute = () =>
        withScene(options, folder, { workload, volume, what }, (scene, run) =>
          evaluateWorkload(scene, {
            tuned,
            seed,
            part,
            coldStarts: here,
            run,
            curves: workload.name === 'finsight' && volume === 20,
          }),
        );
      runs.push(...(await kept.get(key, compute)));
    }
  }
  const recorded = options.data !== null;
  return { workloads, volumes, seeds, coldStarts, sweeps, runs, recorded, measured };
}

/** First every workload and volume with one seed, then with further ones: what is interrupted is whole, with fewer seeds. */
function roundsOf({ workloads, volumes, seeds }: Options) {
  const most = Math.max(...volumes.map((volume) => seeds[volume]));
  return Array.from({ length: most }, (_, index) => index + 1).flatMap((seed) =>
    volumes
      .filter((volume) => seed <= seeds[volume])
      .flatMap((volume) =>
        workloads
          .filter(({ tuning }) => volume === 1 || tuning !== true)
          .map((workload) => ({ workload, volume, seed })),
      ),
  );
}

/** The sweeps: on the tuning workload, whatever is evaluated. */
async function tuning(
  options: Options,
  folder: string,
  kept: Results,
): Promise<{ readonly tuned: Tuned; readonly sweeps: readonly Sweep[] }> {
  const workload = WORKLOADS.find((each) => each.tuning);
  if (workload === undefined) throw new Error('no workload is there to tune on');
  return withScene(options, folder, { workload, volume: 1, what: 'sweeps' }, async (scene, run) => {
    const sweeps: Sweep[] = [];
    for (const entrant of entrantsOf(scene))
      sweeps.push(await kept.get(`sweep of ${entrant.name}`, () => sweep(scene, entrant, run)));
    const values = Object.fromEntries(sweeps.map(({ name, best }) => [name, best.values]));
    return { tuned: { setting: scenarioOf(scene, TUNING_COLD_START), values }, sweeps };
  });
}

/** Loads a workload and keeps threads for it while `use` runs. */
async function withScene<T>(
  { data, threads }: Options,
  folder: string,
  { workload, volume, what }: { readonly workload: Workload; readonly volume: Volume; readonly what: string },
  use: (scene: Scene, run: RunAll) => Promise<T>,
): Promise<T> {
  const market = marketFile(workload);
  const calendar = market === null ? null : await loadCalendar(market);
  const loaded = await loadWorkload(workload, volume, { data, calendar });
  const profile = PROFILES[workload.profile[volume]];
  const { objectiveMs } = workload;
  const perReplica = loadTest({ lengths: loaded.before, profile, objectiveMs });
  const calendars = await writeCalendars(folder, workload, volume, { loaded, perReplica, calendar });
  const input: WorkerInput = { market, calendars, history: loaded.history };
  const common = {
    trace: shareTrace(loaded.trace),
    calendar,
    calendars: await loadCalendars(calendars),
    history: loaded.history,
  };
  const { signal } = interrupted;
  const worker = { script: new URL('./evaluate-worker.ts', import.meta.url), data: input };
  const pool = threads === 0 ? null : openThreads({ common, threads, worker, signal });
  const line = createProgressLine(process.stderr);
  const run: RunAll = async (jobs) => {
    const done = new Float64Array(jobs.length);
    const told = (index: number, share: number) => {
      done[index] = share;
      line?.show(done.reduce((sum, each) => sum + each, 0) / jobs.length, what);
    };
    const outcomes = pool
      ? await pool.run(jobs, told)
      : await runJobs(jobs, { common, threads, worker, signal });
    if (outcomes === null) throw new Error('interrupted');
    return outcomes;
  };
  try {
    return await use({ workload, volume, loaded, calendar, perReplica }, run);
  } finally {
    line?.clear();
    await pool?.close();
  }
}

/** Results that survive an interruption, where a file is named for them: a line each. */
interface Results {
  get<T>(key: string, compute: () => Promise<T>): Promise<T>;
}

async function openResults(file: string | null): Promise<Results> {
  const text = file === null ? '' : await readFile(file, 'utf8').catch(() => '');
  const known = new Map<string, unknown>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const { key, value } = JSON.parse(line) as { key: string; value: unknown };
    known.set(key, value);
  }
  return {
    async get<T>(key: string, compute: () => Promise<T>) {
      if (known.has(key)) return known.get(key) as T;
      const value = await compute();
      if (file !== null) await appendFile(file, `${JSON.stringify({ key, value })}\n`);
      return value;
    },
  };
}

/** The generated block of the page, in the page as it stands, and its figures in a folder beside it. */
async function writePage(out: string | null, evaluation: Evaluation): Promise<void> {
  if (out === null) return console.log(evaluationPage(evaluation, 'evaluation', null).text);
  const before = await readFile(out, 'utf8').catch(() => null);
  const folder = basename(out, '.md');
  const { text, figures } = evaluationPage(evaluation, folder, before);
  await mkdir(join(dirname(out), folder), { recursive: true });
  for (const { name, svg } of figures) await writeFile(join(dirname(out), name), svg);
  await writeFile(out, text);
}

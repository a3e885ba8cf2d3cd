import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createRandom, exponential } from '../src/simulate/random.ts';
import { type BenchResult, spreadOf } from './support/result.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RUNS = 3;
const MOST_SECONDS = 7;
const MOST_MB = 500;
const WEEK_SECONDS = 604_800;
const REQUESTS = 168_397;
const POLL_MS = 50;

/**
 * A week of requests through six policies, with the built program and a thread a core: the trace that
 * `BELLWETHER_BENCH_TRACE` names, else one of as many requests whose office hours are four times its nights.
 */
export async function benchBacktest(): Promise<BenchResult> {
  const build = spawnSync('npm', ['run', '-s', 'build'], { cwd: ROOT, encoding: 'utf8' });
  if (build.status !== 0) throw new Error(`npm run build: ${build.stdout}${build.stderr}`);
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-bench-'));
  try {
    const given = process.env.BELLWETHER_BENCH_TRACE;
    const trace = given ?? (await writeWeek(folder));
    const runs = [];
    for (let run = 0; run < RUNS; run++) runs.push(await backtest(trace));
    const seconds = spreadOf(runs.map((each) => each.seconds));
    const rss = spreadOf(runs.map((each) => each.peakMb));
    return {
      name: 'backtest',
      how: `${given ? 'the trace given' : 'a generated week'} through two policies of ours and four peers, ${RUNS} runs from exec to exit`,
      rows: [
        {
          what: 'a week through six policies',
          unit: 's',
          value: seconds,
          target: `<= ${MOST_SECONDS}`,
          reached: seconds.median <= MOST_SECONDS,
        },
        {
          what: 'resident memory, peak',
          unit: 'MB',
          value: rss,
          target: `<= ${MOST_MB}`,
          reached: rss.high <= MOST_MB,
        },
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeWeek(folder: string): Promise<string> {
  const random = createRandom('bench week');
  const rows = ['arrival_s,prompt_tokens,output_tokens'];
  const mean = REQUESTS / WEEK_SECONDS;
  for (let at = 0; rows.length <= REQUESTS && at < WEEK_SECONDS; ) {
    const hour = (at / 3_600) % 24;
    at += exponential(random, 1 / (mean * (hour >= 9 && hour < 17 ? 2 : 0.5)));
    rows.push(`${at.toFixed(3)},${200 + Math.floor(random() * 3_600)},${5 + Math.floor(random() * 46)}`);
  }
  const file = join(folder, 'week.csv.gz');
  await writeFile(file, gzipSync(rows.join('\n')));
  return file;
}

async function backtest(trace: string): Promise<{ readonly seconds: number; readonly peakMb: number }> {
  const start = performance.now();
  const child = spawn(
    process.execPath,
    [
      join(ROOT, 'dist/cli.js'),
      'backtest',
      '--trace',
      trace,
      '--slo',
      '4s',
      '--max-replicas',
      '8',
      '--peers',
      'keda-average,ray-serve,knative,wva',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  let peakMb = 0;
  const watch = setInterval(async () => {
    const status = `/proc/${child.pid}/status`;
    if (!existsSync(status)) return;
    const text = await readFile(status, 'utf8').catch(() => '');
    peakMb = Math.max(peakMb, Number(/^VmHWM:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1_024);
  }, POLL_MS);
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  if (code !== 0) throw new Error(`backtest ended with ${code}`);
  return { seconds: (performance.now() - start) / 1000, peakMb };
}

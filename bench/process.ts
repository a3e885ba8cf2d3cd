import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asInImage } from './support/image.ts';
import { type BenchResult, spreadOf } from './support/result.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RUNS = 9;
/** When memory is read: V8 gives what start-up needed back within some seconds. */
const IDLE_MS = 15_000;
const MOST_START_MS = 1_000;
const MOST_IDLE_MB = 100;

const CONFIG = `prometheus: {url: "http://127.0.0.1:9"}
listen: {grpc: "127.0.0.1:0", http: "127.0.0.1:0"}
policies: [policy.yaml]
calendars: ["${ROOT}calendars/us-equities.yaml"]
defaults: {policy: default}
`;
const POLICY = 'policy: default\nmaxReplicas: 4\ncalendar: us-equities\n';

/** The built program: exec to the log line that says it serves, and its memory when nothing happens. */
export async function benchProcess(): Promise<BenchResult> {
  const build = spawnSync('npm', ['run', '-s', 'build'], { cwd: ROOT, encoding: 'utf8' });
  if (build.status !== 0) throw new Error(`npm run build: ${build.stdout}${build.stderr}`);
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-bench-'));
  await writeFile(join(folder, 'bellwether.yaml'), CONFIG);
  await writeFile(join(folder, 'policy.yaml'), POLICY);
  try {
    const bare: number[] = [];
    const starts: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      bare.push(await bareNode());
      const serving = await startServing(folder);
      starts.push(serving.ms);
      await serving.stop();
    }
    const idle = await startServing(folder);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const rss = await residentMb(idle.pid);
    await idle.stop();
    const start = spreadOf(starts);
    return {
      name: 'process',
      how: `the built program as the image starts it, with one policy and one calendar, Prometheus refusing; ${RUNS} starts, memory ${IDLE_MS / 1000} s after one`,
      rows: [
        { what: 'node -e 0, for comparison', unit: 'ms', value: spreadOf(bare) },
        {
          what: 'start to serving',
          unit: 'ms',
          value: start,
          target: `<= ${MOST_START_MS}`,
          reached: start.median <= MOST_START_MS,
        },
        {
          what: 'resident memory, idle',
          unit: 'MB',
          value: spreadOf([rss]),
          target: `<= ${MOST_IDLE_MB}`,
          reached: rss <= MOST_IDLE_MB,
        },
      ],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function bareNode(): Promise<number> {
  const started = performance.now();
  await once(spawn(process.execPath, ['-e', '0']), 'close');
  return performance.now() - started;
}

async function startServing(folder: string): Promise<{ ms: number; pid: number; stop(): Promise<void> }> {
  const { flags, env } = await asInImage();
  const args = [join(ROOT, 'dist/cli.js'), 'serve', '--config', join(folder, 'bellwether.yaml')];
  const started = performance.now();
  const child = spawn(process.execPath, [...flags, ...args], { env: { ...process.env, ...env } });
  const closed = once(child, 'close');
  const ms = await new Promise<number>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      if (chunk.includes('"serving"')) resolve(performance.now() - started);
    });
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}`)));
  });
  return {
    ms,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

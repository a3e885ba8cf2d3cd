import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from './support/child.ts';
import { asInImage } from './support/image.ts';
import { type BenchResult, type Row, spreadOf } from './support/result.ts';
import type { Call, Polled } from './support/scale-client.ts';
import { SCALE, scaleFiles } from './support/scale-world.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STEP = 5_000;
const CYCLES = 20;
const WARM_UP = 3 * STEP;
const STREAMS = 1_000;
/** To a server that does nothing else: what a call takes on these cores while the program works on them. */
const ECHOES_PER_SECOND = 100;
/** KEDA polls each of 10,000 triggers about every 30 s. */
const CALLS_PER_SECOND = 350;

const MOST = { cpuMs: 500, rssMb: 300, queries: 10, callMs: 20 };

/** `bellwether serve` as built, in a process of its own, on 10,000 fleets, while KEDA polls and holds streams open. */
export async function benchScale(): Promise<BenchResult> {
  const build = spawnSync('npm', ['run', '-s', 'build'], { cwd: ROOT, encoding: 'utf8' });
  if (build.status !== 0) throw new Error(`npm run build: ${build.stdout}${build.stderr}`);
  // The newest first, which is the order they are stopped in, also when the next one does not start.
  const started: Stoppable[] = [];
  const kept = <T extends Stoppable>(one: T): T => {
    started.unshift(one);
    return one;
  };
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-scale-'));
  try {
    const prometheus = kept(await startChild('./scale-prometheus.ts'));
    const calendar = await readFile(join(ROOT, 'calendars/us-equities.yaml'), 'utf8');
    for (const [name, text] of Object.entries(scaleFiles(prometheus.address, calendar)))
      await writeFile(join(folder, name), text);
    const serve = kept(await startServing(folder));
    const keda = kept(await startCalls(serve.grpc, CALLS_PER_SECOND));
    kept(await startClient('scale-streams.ts', serve.grpc, String(STREAMS)));
    const echo = kept(await startChild('./grpc-server.ts', 'echo'));
    const beside = kept(await startCalls(echo.address, ECHOES_PER_SECOND));
    // The longest look-back fills, V8 settles.
    await sleep(75_000);
    return report(await measure(serve, keda, beside));
  } finally {
    for (const one of started) await one.stop();
    await rm(folder, { recursive: true });
  }
}

interface Stoppable {
  stop(): Promise<void>;
}

interface Measured {
  /** Of 5 s without calls, ms. */
  readonly alone: readonly number[];
  /** The same with calls. */
  readonly cpu: readonly number[];
  readonly rss: readonly number[];
  readonly blocked: readonly number[];
  readonly blockedP99: readonly number[];
  readonly calls: readonly number[];
  readonly duringCycle: readonly number[];
  readonly echoes: readonly number[];
  readonly clientBlocked: number;
  readonly cycleMs: number;
  readonly cycles: number;
  readonly queries: number;
  readonly skipped: number;
  readonly heapMb: number;
}

/** CPU of all threads in each of CYCLES times 5 s, ms; `then` is called after each. */
async function spentIn(serve: Serving, then: () => Promise<void>): Promise<readonly number[]> {
  const spent: number[] = [];
  let before = await serve.cpuMs();
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    await sleep(STEP);
    const now = await serve.cpuMs();
    spent.push(now - before);
    before = now;
    await then();
  }
  return spent;
}

async function measure(serve: Serving, keda: Calls, beside: Calls): Promise<Measured> {
  await sleep(STEP - (Date.now() % STEP) + STEP - 500);
  const alone = await spentIn(serve, async () => {});
  keda.poll();
  beside.poll();
  // What a call runs through is compiled while it is called.
  await sleep(WARM_UP);
  const before = await counts(serve);
  await serve.loop();
  const began = Date.now();
  const rss: number[] = [];
  const blocked: number[] = [];
  const blockedP99: number[] = [];
  let heapMb = 0;
  const cpu = await spentIn(serve, async () => {
    const loop = await serve.loop();
    blocked.push(loop.max);
    blockedP99.push(loop.p99);
    rss.push(loop.memory.rss / 2 ** 20);
    heapMb = loop.memory.heapUsed / 2 ** 20;
  });
  const { calls, blocked: clientBlocked } = await keda.polled(began);
  const echoes = await beside.polled(began);
  const after = await counts(serve);
  const cycles = after.cycles - before.cycles;
  const cycleMs = ((after.seconds - before.seconds) / cycles) * 1000;
  return {
    alone,
    cpu,
    rss,
    blocked,
    blockedP99,
    calls: calls.map(({ ms }) => ms),
    duringCycle: during(calls, cycleMs),
    echoes: during(echoes.calls, cycleMs),
    clientBlocked,
    cycleMs,
    cycles,
    queries: after.queries,
    skipped: after.skipped - before.skipped,
    heapMb,
  };
}

function report(measured: Measured): BenchResult {
  const { alone, cpu, rss, blocked, queries } = measured;
  const rows: Row[] = [
    bounded('CPU of a cycle, collection included', 'ms', spreadOf(alone), MOST.cpuMs),
    { what: 'the same and 1,750 calls', unit: 'ms', value: spreadOf(cpu) },
    bounded('resident memory', 'MB', spreadOf(rss), MOST.rssMb),
    bounded('queries of a cycle', '', spreadOf([queries]), MOST.queries),
    bounded('GetMetrics during a cycle, p99', 'ms', at(quantile(measured.duringCycle, 0.99)), MOST.callMs),
    { what: 'GetMetrics during a cycle, median', unit: 'ms', value: at(quantile(measured.duringCycle, 0.5)) },
    {
      what: 'the same of a bare echo server beside it, p99',
      unit: 'ms',
      value: at(quantile(measured.echoes, 0.99)),
    },
    {
      what: 'the same of a bare echo server beside it, median',
      unit: 'ms',
      value: at(quantile(measured.echoes, 0.5)),
    },
    { what: 'GetMetrics at any time, p99', unit: 'ms', value: at(quantile(measured.calls, 0.99)) },
    { what: 'the client itself blocked, longest', unit: 'ms', value: at(measured.clientBlocked) },
    { what: 'event loop blocked, p99 of 5 s', unit: 'ms', value: spreadOf(measured.blockedP99) },
    bounded('event loop blocked, longest of 5 s', 'ms', spreadOf(blocked), MOST.callMs),
    { what: 'cycle by wall clock, mean', unit: 'ms', value: at(measured.cycleMs) },
    { what: 'heap in use', unit: 'MB', value: at(measured.heapMb) },
    {
      what: 'cycles skipped',
      unit: '',
      value: at(measured.skipped),
      target: '0',
      reached: measured.skipped === 0,
    },
  ];
  const { fleets, podsPerFleet, policies, lookBacks, tenants, calendars } = SCALE;
  return {
    name: 'scale',
    how: `the built program as the image starts it, ${fleets} fleets of ${podsPerFleet} pods over HTTP, ${policies} policies, ${lookBacks.length} look-backs, ${tenants} matchLabels, ${calendars} calendars, ${STREAMS} open streams, ${CALLS_PER_SECOND} GetMetrics a second; ${measured.cycles} cycles of ${STEP / 1000} s`,
    rows,
  };
}

function bounded(what: string, unit: string, value: Row['value'], most: number): Row {
  return { what, unit, value, target: `<= ${most}`, reached: value.median <= most };
}

function during(calls: readonly Call[], cycleMs: number): readonly number[] {
  return calls.filter((call) => call.at % STEP < cycleMs).map(({ ms }) => ms);
}

const at = (value: number): Row['value'] => ({ median: value, low: value, high: value });

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

interface Client extends Stoppable {
  send(message: string): void;
  message(): Promise<unknown>;
}

/** A client in a process of its own that is ready. */
async function startClient(file: string, ...args: readonly string[]): Promise<Client> {
  const path = fileURLToPath(new URL(`./support/${file}`, import.meta.url));
  // Collected by one thread, which is as quick with so little and waits for no other one.
  const flags = ['--no-parallel-scavenge', '--import', 'tsx'];
  const child = spawn(process.execPath, [...flags, path, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const message = async (): Promise<unknown> => {
    const first = await Promise.race([once(child, 'message'), ended]);
    if (first === undefined) throw new Error('the client ended');
    return first[0];
  };
  await message();
  return {
    send: (text) => void child.send(text),
    message,
    stop: () => {
      child.kill();
      return ended;
    },
  };
}

interface Calls extends Stoppable {
  poll(): void;
  /** Ends it: the calls that were sent from that instant on. */
  polled(from: number): Promise<Polled>;
}

/** Calls, with all fleets registered. */
async function startCalls(address: string, callsPerSecond: number): Promise<Calls> {
  const client = await startClient('scale-client.ts', address, String(callsPerSecond));
  return {
    poll: () => client.send('poll'),
    async polled(from) {
      client.send('stop');
      const { calls, blocked } = (await client.message()) as Polled;
      return { calls: calls.filter(({ at }) => at >= from), blocked };
    },
    stop: client.stop,
  };
}

interface Loop {
  readonly p99: number;
  readonly max: number;
  readonly memory: NodeJS.MemoryUsage;
}

interface Serving {
  readonly grpc: string;
  readonly http: string;
  /** CPU time of all threads so far. */
  cpuMs(): Promise<number>;
  /** What the event loop was since the last call. */
  loop(): Promise<Loop>;
  stop(): Promise<void>;
}

async function startServing(folder: string): Promise<Serving> {
  const watch = fileURLToPath(new URL('./support/watch-loop.mjs', import.meta.url));
  const { flags, env } = await asInImage();
  const args = [join(ROOT, 'dist/cli.js'), 'serve', '--config', join(folder, 'bellwether.yaml')];
  const child = spawn(process.execPath, [...flags, '--import', watch, ...args], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
  });
  const { grpc, http } = await serving(child);
  return {
    grpc,
    http,
    cpuMs: () => cpuOf(child.pid ?? 0),
    async loop() {
      child.send('loop');
      const [answer] = (await once(child, 'message')) as [Loop];
      return answer;
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

function serving(child: ChildProcess): Promise<{ grpc: string; http: string }> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      if (text === 'done') return;
      text += chunk.toString();
      const line = text.split('\n').find((one) => one.includes('"msg":"serving"'));
      if (line === undefined) return;
      text = 'done';
      resolve(JSON.parse(line) as { grpc: string; http: string });
    });
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${text}`)));
  });
}

/** Nanoseconds on a CPU of each thread, as Linux counts them. */
async function cpuOf(pid: number): Promise<number> {
  let ns = 0;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0');
    ns += Number(text.split(' ')[0]);
  }
  return ns / 1e6;
}

async function counts({ http }: Serving) {
  const text = await (await fetch(`${http}/metrics`)).text();
  const value = (name: string): number =>
    Number(new RegExp(`^${name}(?:{.*})? (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    cycles: value('bellwether_evaluation_duration_seconds_count'),
    seconds: value('bellwether_evaluation_duration_seconds_sum'),
    skipped: value('bellwether_skipped_evaluations_total'),
    queries: value('bellwether_source_requests'),
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

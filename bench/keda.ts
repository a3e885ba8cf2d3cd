import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildControlPlane } from '../test/kubernetes/harness/build.ts';
import { startControlPlane } from '../test/kubernetes/harness/control-plane.ts';
import { beginRun, pause } from '../test/kubernetes/harness/processes.ts';
import { freePort, startPrometheus } from '../test/support/prometheus.ts';
import { startServe } from '../test/support/serve-process.ts';
import { type BenchFleets, REPLICAS, startBenchFleets, type Trigger } from './support/keda-fleets.ts';
import { type BenchResult, type Row, spreadOf } from './support/result.ts';

const FLEETS = Number(process.env.BELLWETHER_BENCH_FLEETS ?? 200);
/** The HPA at its default, as is KEDA's pollingInterval of 30 s; so many fleets need more calls than the default to be set up. */
const TUNING = { hpaSyncMs: 15_000, callsPerSecond: 200 };
/** One poll of KEDA, two syncs of the HPA. */
const WINDOW = 30_000;
const WINDOWS = 4;

/** The same fleets by our trigger and by KEDA's own prometheus trigger, one after the other beside the real KEDA and HPA. */
export async function benchKeda(): Promise<BenchResult> {
  const files = await buildControlPlane('2.21', say);
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-keda-'));
  const run = beginRun(folder);
  const closing: (() => unknown)[] = [];
  try {
    const plane = await startControlPlane(files, folder, TUNING);
    closing.push(plane.stop);
    const fleets = await startBenchFleets(plane.api, FLEETS);
    closing.push(fleets.stop);
    const prometheus = await startPrometheus({
      scrapeInterval: '5s',
      targets: [{ address: fleets.address, labels: {}, honorLabels: true }],
    });
    closing.push(prometheus.stop);
    say(`${FLEETS} fleets run`);
    return await compare({ prometheus: prometheus.url, keda: plane.kedaMetrics, folder, fleets });
  } finally {
    for (const close of closing.reverse()) await close();
    run.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

interface World {
  readonly prometheus: string;
  readonly keda: string;
  readonly folder: string;
  readonly fleets: BenchFleets;
}

async function compare({ prometheus, keda, folder, fleets }: World): Promise<BenchResult> {
  const pages = { prometheus: `${prometheus}/metrics`, keda };
  await pause(WINDOW);
  const idle = await measure(pages);

  const grpc = `127.0.0.1:${await freePort()}`;
  const http = `127.0.0.1:${await freePort()}`;
  const scaler = await startServe(await configure(join(folder, 'scaler'), { prometheus, grpc, http }));
  try {
    await fleets.scaleBy(bellwether(grpc), 'bellwether-replicas');
    const ours = await phase('Bellwether', fleets, { ...pages, scaler: `http://${http}/metrics` });
    await fleets.scaleBy(kedas(prometheus), 'prometheus');
    await scaler.stop();
    return report(idle, [ours, await phase("KEDA's prometheus trigger", fleets, pages)]);
  } finally {
    await scaler.stop('SIGKILL');
  }
}

interface Phase {
  readonly name: string;
  readonly windows: readonly Costs[];
}

async function phase(name: string, fleets: BenchFleets, pages: Pages): Promise<Phase> {
  say(`all are scaled by ${name}`);
  await pause(WINDOW);
  const windows: Costs[] = [];
  for (let window = 0; window < WINDOWS; window++) windows.push(await measure(pages));
  if (fleets.elsewhere() > 0)
    throw new Error(`${name}: ${fleets.elsewhere()} of ${FLEETS} fleets are not told ${REPLICAS} replicas`);
  return { name, windows };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function bellwether(grpc: string): Trigger {
  return ({ name }) => ({
    type: 'external-push',
    metadata: { scalerAddress: grpc, model: name, policy: 'bench' },
  });
}

function kedas(serverAddress: string): Trigger {
  return ({ namespace, name }) => {
    const fleet = `{namespace="${namespace}",model_name="${name}"}`;
    const query = `sum(vllm:num_requests_running${fleet}) + sum(vllm:num_requests_waiting${fleet})`;
    return { type: 'prometheus', metadata: { serverAddress, query, threshold: '10' } };
  };
}

/** Folder of a bellwether.yaml whose intervals are the defaults. */
async function configure(
  folder: string,
  at: { prometheus: string; grpc: string; http: string },
): Promise<string> {
  await mkdir(folder);
  const config = `prometheus: {url: "${at.prometheus}"}\nlisten: {grpc: "${at.grpc}", http: "${at.http}"}\npolicies: [policy.yaml]\n`;
  await writeFile(join(folder, 'bellwether.yaml'), config);
  const policy = 'policy: bench\nminReplicas: 1\nmaxReplicas: 40\ntargetOngoingRequests: 10\n';
  await writeFile(join(folder, 'policy.yaml'), policy);
  return folder;
}

/** Of one window, each by second. */
interface Costs {
  readonly queries: number;
  /** ms */
  readonly prometheus: number;
  readonly scaler: number;
  readonly keda: number;
}

/** Where each exports its own metrics; without a scaler none is counted. */
interface Pages {
  readonly prometheus: string;
  readonly keda: string;
  readonly scaler?: string;
}

async function measure(pages: Pages): Promise<Costs> {
  const [from, before] = [Date.now(), await readCounters(pages)];
  await pause(WINDOW);
  const [to, after] = [Date.now(), await readCounters(pages)];
  const perSecond = (name: keyof Costs): number => ((after[name] - before[name]) * 1_000) / (to - from);
  return {
    queries: perSecond('queries'),
    prometheus: perSecond('prometheus'),
    scaler: perSecond('scaler'),
    keda: perSecond('keda'),
  };
}

async function readCounters({ prometheus, scaler, keda }: Pages): Promise<Costs> {
  const [ofPrometheus, ofScaler, ofKeda] = await Promise.all(
    [prometheus, scaler, keda].map(async (url) => (url === undefined ? '' : (await fetch(url)).text())),
  );
  const cpu = (page = ''): number => sumOf(page, /^process_cpu_seconds_total (\S+)$/gm) * 1_000;
  return {
    queries: sumOf(
      ofPrometheus,
      /^prometheus_http_requests_total\{.*handler="\/api\/v1\/query\w*".*\} (\S+)$/gm,
    ),
    prometheus: cpu(ofPrometheus),
    scaler: cpu(ofScaler),
    keda: cpu(ofKeda),
  };
}

function sumOf(page = '', pattern: RegExp): number {
  return [...page.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
}

function report(idle: Costs, phases: readonly Phase[]): BenchResult {
  const per1000 = 1_000 / FLEETS;
  const outside = ({ prometheus, scaler }: Costs): number => prometheus - idle.prometheus + scaler;
  const rows = phases.flatMap(({ name, windows }): Row[] => {
    const row = (what: string, unit: string, value: (costs: Costs) => number): Row => ({
      what: `${name}: ${what}`,
      unit,
      value: spreadOf(windows.map((costs) => value(costs))),
    });
    return [
      row('queries', '/s', ({ queries }) => queries - idle.queries),
      row('queries per 1,000', '/s', ({ queries }) => (queries - idle.queries) * per1000),
      row('CPU of Prometheus', 'ms/s', ({ prometheus }) => prometheus - idle.prometheus),
      // KEDA's own scaler is a part of its operator.
      row('CPU of a scaler of its own', 'ms/s', ({ scaler }) => scaler),
      row('CPU of the KEDA operator', 'ms/s', ({ keda }) => keda - idle.keda),
      row('scaler + Prometheus per 1,000', 'ms/s', (costs) => outside(costs) * per1000),
      row(
        'with the operator per 1,000',
        'ms/s',
        (costs) => (outside(costs) + costs.keda - idle.keda) * per1000,
      ),
    ];
  });
  return {
    name: 'keda',
    rows,
    how: `${FLEETS} ScaledObjects of ${REPLICAS} pods on the real KEDA 2.21 (pollingInterval 30 s) and HPA (sync 15 s), ours deciding every 5 s; ${WINDOWS} windows of ${WINDOW / 1_000} s each, less what was used without a ScaledObject`,
  };
}

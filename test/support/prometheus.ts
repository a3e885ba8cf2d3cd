import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prometheusBinary } from './prometheus-binary.ts';

/** A page that Prometheus scrapes, with the labels that Kubernetes discovery would have given it. */
export interface PrometheusTarget {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Scrapes with different jobs are different series, as a PodMonitor beside a ServiceMonitor makes them. */
  readonly job?: string;
  readonly honorLabels?: boolean;
}

export interface TestPrometheus {
  readonly url: string;
  /** Replaces what is scraped and resolves when the change is in force. */
  scrape(targets: readonly PrometheusTarget[]): Promise<void>;
  query(promql: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]>;
  /** Resolves as soon as the query has a result, polling; rejects after `timeout` ms (10 s). */
  until(promql: string, timeout?: number): Promise<void>;
  /** Stops the process with SIGSTOP, as a machine that hangs, and resolves once it answers nothing more; `resume` ends it. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

export interface TestPrometheusOptions {
  readonly targets?: readonly PrometheusTarget[];
  /** Default 1s. */
  readonly scrapeInterval?: string;
  readonly arguments?: readonly string[];
}

/** Starts a real Prometheus with an empty store on a free port of 127.0.0.1. */
export async function startPrometheus(options: TestPrometheusOptions = {}): Promise<TestPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  const write = (targets: readonly PrometheusTarget[]) =>
    writeFile(config, JSON.stringify(configOf(targets, options.scrapeInterval ?? '1s')));
  await write(options.targets ?? []);
  const { child, url } = await launch(folder, config, options.arguments ?? []);

  async function query(promql: string) {
    const answer = await fetch(`${url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: promql }),
    });
    const body = (await answer.json()) as { data?: { result: Awaited<ReturnType<TestPrometheus['query']>> } };
    if (!body.data) throw new Error(`Prometheus: ${JSON.stringify(body)}`);
    return body.data.result;
  }

  return {
    url,
    query,
    async scrape(targets) {
      await write(targets);
      const answer = await fetch(`${url}/-/reload`, { method: 'POST' });
      if (!answer.ok) throw new Error(`Prometheus refused its configuration: ${await answer.text()}`);
    },
    async until(promql, timeout = 10_000) {
      const deadline = Date.now() + timeout;
      while ((await query(promql)).length === 0) {
        if (Date.now() > deadline) throw new Error(`no result of ${promql} within ${timeout} ms`);
        await pause(50);
      }
    },
    async pause() {
      child.kill('SIGSTOP');
      // The signal is sent and not yet obeyed: another core may answer a request that comes at once.
      const answers = (): Promise<boolean> =>
        fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(100) }).then(
          () => true,
          () => false,
        );
      while (await answers());
    },
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Another process may take the free port first; then another one is tried. */
async function launch(folder: string, config: string, more: readonly string[]) {
  const binary = await prometheusBinary();
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = spawn(
      binary,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-lifecycle',
        ...more,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const log = tailOf(child);
    const url = `http://127.0.0.1:${port}`;
    if (await isReady(child, url)) return { child, url };
    child.kill('SIGKILL');
    if (attempt === 3) throw new Error(`Prometheus did not start:\n${log()}`);
  }
}

async function isReady(child: ChildProcess, url: string): Promise<boolean> {
  const deadline = Date.now() + 20_000;
  while (child.exitCode === null && Date.now() < deadline) {
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    // Whoever else took the port would answer too, but then ours has ended.
    if (answer?.ok) return child.exitCode === null;
    await pause(50);
  }
  return false;
}

/** The end of what a process says on stderr. */
function tailOf(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    tail = `${tail}${chunk.toString()}`.slice(-4_000);
  });
  return () => tail;
}

/** YAML is a superset of JSON. */
function configOf(targets: readonly PrometheusTarget[], scrapeInterval: string) {
  const jobs = new Map<string, PrometheusTarget[]>();
  for (const target of targets) {
    const name = `${target.job ?? 'vllm'}${target.honorLabels ? '-honoured' : ''}`;
    jobs.set(name, [...(jobs.get(name) ?? []), target]);
  }
  return {
    global: { scrape_interval: scrapeInterval, scrape_timeout: scrapeInterval },
    scrape_configs: [...jobs].map(([job_name, ofJob]) => ({
      job_name,
      honor_labels: ofJob.some((target) => target.honorLabels),
      static_configs: ofJob.map(({ address, labels }) => ({ targets: [address], labels })),
    })),
  };
}

/** Ports below those that the system gives to outgoing connections, so that none of these takes it meanwhile. */
const LOWEST_PORT = 12_000;
const PORTS = 20_000;
let nextPort = (process.pid * 131) % PORTS;

/** A port that nobody listens on; another call of this process gives another one. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < PORTS; tried++) {
    const port = LOWEST_PORT + (nextPort++ % PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${PORTS} ports is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ScalerError } from '../core/scaler-error.ts';

/** A real Prometheus with an empty store. */
export interface PrometheusProcess {
  readonly url: string;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 30_000;

/** Starts Prometheus on a free port of 127.0.0.1, scraping what `serveFleets` serves at `fleetUrl`. */
export async function startPrometheus(fleetUrl: string): Promise<PrometheusProcess> {
  const binary = await findPrometheus();
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  // JSON is YAML.
  await writeFile(config, JSON.stringify(configOf(fleetUrl)));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    binary,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000);
  });
  const failed = once(child, 'error').then(([error]) => error);
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://${address}`;
  const ready = await Promise.race([untilReady(url, child), failed.then(() => false)]);
  if (ready) return { url, stop };
  await stop();
  const lastLine = said.trim().split('\n').at(-1) ?? '';
  throw new ScalerError('unavailable', `${binary} did not start: ${lastLine || 'it said nothing'}`);
}

/** BELLWETHER_PROMETHEUS, else `prometheus` in PATH. */
async function findPrometheus(): Promise<string> {
  const named = process.env.BELLWETHER_PROMETHEUS;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = named ? [named] : folders.map((folder) => join(folder, 'prometheus'));
  for (const path of candidates) {
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  throw new ScalerError(
    'unavailable',
    named
      ? `BELLWETHER_PROMETHEUS: must be a program, was ${named}`
      : '--realtime needs Prometheus, and there is none in PATH (Debian: apt-get install prometheus; or set BELLWETHER_PROMETHEUS)',
  );
}

function configOf(fleetUrl: string): object {
  const { host } = new URL(fleetUrl);
  return {
    global: { scrape_interval: '5s', scrape_timeout: '4s' },
    scrape_configs: [
      { job_name: 'vllm', http_sd_configs: [{ url: `${fleetUrl}/targets`, refresh_interval: '5s' }] },
      {
        job_name: 'kube-state-metrics',
        metrics_path: '/kube-state-metrics',
        // The namespace of a Deployment is not that of the exporter.
        honor_labels: true,
        static_configs: [{ targets: [host] }],
      },
    ],
  };
}

async function untilReady(url: string, child: ChildProcess): Promise<boolean> {
  const attempts = START_LIMIT_MS / 100;
  for (let attempt = 0; attempt < attempts && child.exitCode === null; attempt++) {
    const ready = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return true;
    await pause(100);
  }
  return false;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([ended, pause(5_000).then(() => child.kill('SIGKILL'))]);
}

/** A port that was free a moment ago; Prometheus cannot be asked which one it took. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

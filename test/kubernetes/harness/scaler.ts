import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../support/prometheus.ts';
import { type ServeProcess, startServe } from '../../support/serve-process.ts';
import { until } from './control-plane.ts';

export interface ScalerOptions {
  /** Of its folder: unique in the run. */
  readonly name: string;
  readonly folder: string;
  readonly prometheus: string;
  /** Policies, calendars and certificates by file name: `policy-*.yaml`, `calendar-*.yaml`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Where gRPC listens; default a free port of 127.0.0.1. */
  readonly grpc?: string;
  /** More of bellwether.yaml. */
  readonly config?: string;
}

/** `bellwether serve` as a process of its own, which keeps its addresses over its starts. */
export interface Scaler {
  /** `127.0.0.1:PORT`, as KEDA is told. */
  readonly address: string;
  readonly http: string;
  /** Adds or changes a file and resolves once it serves what was written. */
  write(name: string, text: string): Promise<void>;
  /** Changes a file without waiting. */
  put(name: string, text: string): Promise<void>;
  start(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Rejects for a fleet that is not known, or not decided yet. */
  explain(namespace: string, name: string, query?: string): Promise<Explained>;
  /** Lines of its log since its last start. */
  log(): readonly Record<string, unknown>[];
}

export interface Explained {
  readonly replicas: number | null;
  readonly held: string | null;
  readonly reason: string;
  readonly steps: readonly { readonly step: string; readonly out: number | null; readonly reason: string }[];
  readonly replicaFacts: { readonly unschedulable: number | null };
}

export async function startScaler(options: ScalerOptions): Promise<Scaler> {
  const folder = join(options.folder, options.name);
  const address = options.grpc ?? `127.0.0.1:${await freePort()}`;
  const http = `127.0.0.1:${await freePort()}`;
  await mkdir(folder);
  const put = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  await put('bellwether.yaml', configOf(options.prometheus, address, http, options.config));
  for (const [name, text] of Object.entries(options.files ?? {})) await put(name, text);
  let serving: ServeProcess | null = null;
  const scaler: Scaler = {
    address,
    http,
    put,
    log: () => serving?.log() ?? [],
    async write(name, text) {
      const before = reloads(scaler);
      await put(name, text);
      await until(`the reload of ${name}`, () => reloads(scaler) > before, 30_000);
    },
    async start() {
      serving = await startServe(folder);
    },
    async stop(signal = 'SIGTERM') {
      await serving?.stop(signal);
      serving = null;
    },
    async explain(namespace, name, query = '') {
      const url = `http://${http}/v1/fleets/${namespace}/${name}/explain${query}`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
      if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as Explained;
    },
  };
  await scaler.start();
  return scaler;
}

function reloads(scaler: Scaler): number {
  return scaler.log().filter(({ msg }) => msg === 'configuration reloaded').length;
}

/** The grid is the shortest there is, so that a test does not wait for what production can. */
export function configOf(prometheus: string, grpc: string, http: string, more = ''): string {
  return `prometheus: {url: "${prometheus}"}
evaluationInterval: 1s
settle: 1s
staleAfter: 20s
historyLimit: 10m
listen: {grpc: "${grpc}", http: "${http}"}
policies: ["policy-*.yaml"]
calendars: ["calendar-*.yaml"]
${more}`;
}

import { expect } from 'vitest';
import type { Certificate } from './certificates.ts';
import { aRef, KedaClient } from './keda-client.ts';
import { aFolder, type ServeProcess, startServe } from './serve-process.ts';
import { startTinyPrometheus, type TinyPod, type TinyPrometheus } from './tiny-prometheus.ts';

/** The grid of these tests, ms: the shortest that a configuration may have. */
export const INTERVAL = 1_000;

const POLICY = `policy: default
minReplicas: 1
maxReplicas: 10
targetOngoingRequests: 10
upscaleDelay: 0s
downscaleDelay: 1s
lookBackPeriod: 1s
calendar: floors
`;

const calendarWith = (floor: number): string => `calendar: floors
timezone: UTC
covers: {from: 2020-01-01, to: 2099-12-31}
sessions:
  always: {days: daily, hours: "00:00-24:00"}
windows:
  - {name: always, on: always, floor: ${floor}, lead: 0s}
`;

const configWith = (url: string, more: string): string => `prometheus: {url: "${url}", timeout: 400ms${more}}
evaluationInterval: 1s
settle: 0s
staleAfter: 20s
listen: {grpc: "127.0.0.1:0", http: "127.0.0.1:0"}
policies: ["policy*.yaml"]
calendars: ["calendar*.yaml"]
defaults: {policy: default}
`;

export interface Explained {
  readonly at: number;
  readonly replicas: number | null;
  readonly held: string | null;
  readonly reason: string;
  readonly warnings?: readonly string[];
  readonly steps: readonly { readonly reason: string }[];
}

export const REF = aRef('vllm', { model: 'mistral' });

/** Four pods with ten requests each: four replicas at ten a replica. */
export function fourPods(over: Partial<TinyPod> = {}): TinyPod[] {
  return [0, 1, 2, 3].map((index) => ({
    namespace: 'llm',
    pod: `vllm-${index}`,
    model: 'mistral',
    running: 8,
    waiting: 2,
    ...over,
  }));
}

/** A scaler's process, KEDA on its wire, and the Prometheus it reads. */
export interface World {
  readonly process: ServeProcess;
  readonly keda: KedaClient;
  readonly tiny: TinyPrometheus;
  readonly folder: Awaited<ReturnType<typeof aFolder>>;
  explain(): Promise<Explained>;
  replicas(): Promise<number>;
  /** Evaluations that came due while another one ran, so far. */
  skipped(): Promise<number>;
  /** Writes a calendar whose floor is always this. */
  floor(replicas: number): Promise<void>;
  /** Points the configuration at another address of Prometheus. `more` are further fields, each with a comma before it. */
  aim(url: string, more?: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one and waits until it asks for four replicas, nothing held. */
export async function startWorld(
  options: {
    tls?: Certificate;
    files?: Readonly<Record<string, string>>;
    config?: (url: string) => string;
  } = {},
): Promise<World> {
  const tiny = await startTinyPrometheus(fourPods(), options.tls);
  const folder = await aFolder({
    'bellwether.yaml': options.config?.(tiny.url) ?? configWith(tiny.url, ''),
    'policy.yaml': POLICY,
    'calendar.yaml': calendarWith(0),
    ...options.files,
  });
  const process = await startServe(folder.path);
  const keda = new KedaClient(process.grpcAddress);
  const world: World = {
    process,
    keda,
    tiny,
    folder,
    async explain() {
      const answer = await fetch(`${process.httpAddress}/v1/fleets/llm/vllm/explain`);
      const record = (await answer.json()) as Explained & { at: string };
      return { ...record, at: Date.parse(record.at) };
    },
    replicas: async () => (await keda.evaluate(REF)).values.get('s0-bellwether-replicas') ?? Number.NaN,
    async skipped() {
      const page = await (await fetch(`${process.httpAddress}/metrics`)).text();
      return Number(/^bellwether_skipped_evaluations_total (\S+)$/m.exec(page)?.[1] ?? Number.NaN);
    },
    floor: (replicas) => folder.write('calendar.yaml', calendarWith(replicas)),
    aim: (url, more = '') => folder.write('bellwether.yaml', configWith(url, more)),
    async stop() {
      keda.close();
      await process.stop('SIGKILL');
      await tiny.stop();
      await folder.remove();
    },
  };
  try {
    await eventually(
      '4 replicas',
      () => world.replicas().catch((reason: unknown) => String(reason)),
      (value) => value === 4,
    );
    await eventually('the end of the start', world.explain, ({ held }) => held === null);
    return world;
  } catch (reason) {
    await world.stop();
    throw reason;
  }
}

/** Asks until the answer is good; fails with the last one after a minute, which only a starved machine needs. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  good: (answer: T) => boolean,
): Promise<T> {
  const until = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (good(answer)) return answer;
    if (Date.now() > until)
      throw new Error(`${what} did not come; last was ${JSON.stringify(answer).slice(0, 300)}`);
    await pause(80);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Evaluates as KEDA does, again and again; `stop` returns the least it was told, and fails if it was told nothing once. */
export function watchAnswers({ replicas }: World): { stop(): Promise<number> } {
  let least = Number.POSITIVE_INFINITY;
  const failures: unknown[] = [];
  let going = true;
  const loop = (async () => {
    while (going) {
      await replicas().then(
        (value) => {
          least = Math.min(least, value);
        },
        (reason: unknown) => failures.push(reason),
      );
      await pause(80);
    }
  })();
  return {
    async stop() {
      going = false;
      await loop;
      expect(failures).toEqual([]);
      return least;
    },
  };
}

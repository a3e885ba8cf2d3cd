import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRef, KedaClient } from '../support/keda-client.ts';
import {
  freePort,
  type PrometheusTarget,
  startPrometheus,
  type TestPrometheus,
} from '../support/prometheus.ts';
import { aFolder, type ServeProcess, startServe } from '../support/serve-process.ts';
import { startVllmExporter, type VllmExporter, vllmGauges } from '../support/vllm-exporter.ts';

const KILLED = 3;
/** Each kills all of those at once: 51 kills. */
const ROUNDS = Number(process.env.BELLWETHER_KILL_ROUNDS ?? 17);
const POLICY = `policy: default
minReplicas: 1
maxReplicas: 10
targetOngoingRequests: 10
upscaleDelay: 1s
downscaleDelay: 5s
lookBackPeriod: 2s
`;
const configFor = (url: string, http: number): string => `prometheus: {url: "${url}"}
evaluationInterval: 1s
settle: 1s
staleAfter: 20s
listen: {grpc: "127.0.0.1:0", http: "127.0.0.1:${http}"}
policies: [policy.yaml]
defaults: {policy: default}
`;
/** How much earlier than a restarted process the one that runs on may have come to less: settle, one cycle each, a scrape. */
const SLACK = 4_000;
/** And how much later, for the same fall: one cycle each. */
const AHEAD = 2_000;

interface Side {
  readonly folder: Awaited<ReturnType<typeof aFolder>>;
  readonly port: number;
  process: ServeProcess;
  keda: KedaClient;
}

let prometheus: TestPrometheus;
let pods: VllmExporter[];
const sides: Side[] = [];
const ref = aRef('vllm', { model: 'mistral' });

async function aSide(): Promise<Side> {
  const port = await freePort();
  const folder = await aFolder({
    'bellwether.yaml': configFor(prometheus.url, port),
    'policy.yaml': POLICY,
  });
  const process = await startServe(folder.path);
  const side = { folder, port, process, keda: new KedaClient(process.grpcAddress) };
  sides.push(side);
  return side;
}

/** Kills a process, starts it again, and gives its first answer. */
async function firstAnswerAfterKill(side: Side): Promise<number | null> {
  await side.process.stop('SIGKILL');
  side.keda.close();
  side.process = await startServe(side.folder.path);
  side.keda = new KedaClient(side.process.grpcAddress);
  for (let ask = 0; ask < 100; ask++) {
    const replicas = await answerOf(side);
    if (replicas !== null) return replicas;
    await sleep(50);
  }
  return null;
}

const load = (ongoing: number): void => {
  for (const pod of pods) pod.series = vllmGauges('mistral', { running: ongoing / 2, waiting: 0 });
};
/** Unevenly, within a scrape's time limit. */
let scrapes = 0;
const slowly = (): number => 200 + ((scrapes++ * 397) % 700);

/** Prometheus names all by their own pod and namespace, as a ServiceMonitor does: ours become exported_namespace. */
function targets(): PrometheusTarget[] {
  return [
    ...pods.map(({ address }, index) => ({ address, labels: { namespace: 'llm', pod: `vllm-${index}` } })),
    ...sides.map(({ port }, index) => ({
      address: `127.0.0.1:${port}`,
      labels: { namespace: 'bellwether', pod: `bellwether-${index}` },
    })),
  ];
}

/** What is done to the pods, one thing a round: nothing, one hangs, all answer late and unevenly, one is scraped no more. */
async function trouble(round: number): Promise<void> {
  const [first, second] = pods;
  if (first) first.failure = round % 4 === 1 ? 'hang' : 'none';
  for (const pod of pods) pod.delay = round % 4 === 2 ? slowly : () => 0;
  if (round % 4 === 3)
    await prometheus.scrape(targets().filter(({ address }) => address !== second?.address));
  else if (round % 4 === 0) await prometheus.scrape(targets());
}
const answerOf = async ({ keda }: Side): Promise<number | null> =>
  (await keda.evaluate(ref).catch(() => null))?.values.get('s0-bellwether-replicas') ?? null;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  pods = await Promise.all([startVllmExporter(), startVllmExporter()]);
  load(58);
  prometheus = await startPrometheus();
  for (let side = 0; side <= KILLED; side++) await aSide();
  await prometheus.scrape(targets());
  await Promise.all(sides.map(answerOf));
  await prometheus.until(
    `min(bellwether_desired_replicas) == 6 and count(bellwether_desired_replicas) == ${sides.length}`,
    30_000,
  );
});
afterAll(async () => {
  for (const { keda, process, folder } of sides) {
    keda.close();
    await process.stop('SIGKILL');
    await folder.remove();
  }
  await prometheus?.stop();
  for (const pod of pods ?? []) await pod.stop();
});

describe('kill -9 of three of four processes, again and again, on a real Prometheus', () => {
  it('never answers less than the one that runs on, and all agree within the longest delay', async () => {
    const [steady, ...killed] = sides;
    if (steady === undefined) throw new Error('processes were started');
    const answers: { readonly at: number; readonly replicas: number }[] = [];
    let watching = true;
    const watch = (async () => {
      while (watching) {
        const replicas = await answerOf(steady);
        if (replicas !== null) answers.push({ at: Date.now(), replicas });
        await sleep(50);
      }
    })();
    const restarts: { readonly name: string; readonly at: number; readonly first: number | null }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Rises, falls and pods in trouble: some of each in every state of the delays.
      load([58, 18, 78, 8, 38][round % 5] ?? 0);
      await trouble(round);
      await Promise.all(
        killed.map(async (side, index) => {
          await sleep(100 + (((round * KILLED + index) * 397) % 900));
          const first = await firstAnswerAfterKill(side);
          restarts.push({ name: `kill ${round + 1} of process ${index}`, at: Date.now(), first });
        }),
      );
    }
    await trouble(0);
    load(38);
    // The longest delay and look-back, and what Prometheus needs to see the load.
    await sleep(5_000 + 2_000 + SLACK);
    const below = restarts.flatMap(({ name, at, first }) => {
      const beside = answers.filter((answer) => answer.at >= at - SLACK && answer.at <= at + AHEAD);
      const least = Math.min(...beside.map(({ replicas }) => replicas));
      return first === null || first < least ? [`after ${name}: ${first}, beside at least ${least}`] : [];
    });
    expect(below).toEqual([]);
    expect(await Promise.all(sides.map(answerOf))).toEqual(sides.map(() => 4));
    watching = false;
    await watch;
  }, 600_000);
});

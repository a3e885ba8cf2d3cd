import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { aRef, KedaClient } from '../support/keda-client.ts';
import { startPrometheus, type TestPrometheus } from '../support/prometheus.ts';
import { aFolder, runCli, type ServeProcess, startServe } from '../support/serve-process.ts';
import { startVllmExporter, type VllmExporter, vllmGauges } from '../support/vllm-exporter.ts';

const POLICY = `policy: default
minReplicas: 1
maxReplicas: 10
targetOngoingRequests: 10
upscaleDelay: 2s
downscaleDelay: 60s
lookBackPeriod: 2s
`;
const configFor = (url: string): string => `prometheus: {url: "${url}"}
evaluationInterval: 1s
settle: 1s
staleAfter: 20s
listen: {grpc: "127.0.0.1:0", http: "127.0.0.1:0"}
policies: ["policy*.yaml"]
calendars: ["calendar*.yaml"]
defaults: {policy: default}
`;

let prometheus: TestPrometheus;
let pods: VllmExporter[];
let folder: Awaited<ReturnType<typeof aFolder>>;
const running: ServeProcess[] = [];
const clients: KedaClient[] = [];

beforeAll(async () => {
  pods = await Promise.all([startVllmExporter(), startVllmExporter()]);
  load(10);
  prometheus = await startPrometheus();
  await prometheus.scrape(targets());
  await prometheus.until('count(vllm:num_requests_running) == 2', 30_000);
  folder = await aFolder({ 'bellwether.yaml': configFor(prometheus.url), 'policy.yaml': POLICY });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const process of running.splice(0)) await process.stop('SIGKILL');
});
afterAll(async () => {
  await prometheus?.stop();
  for (const pod of pods ?? []) await pod.stop();
  await folder?.remove();
});

/** Ongoing requests, spread over both pods. */
function load(ongoing: number): void {
  for (const pod of pods) pod.series = vllmGauges('mistral', { running: ongoing / 2, waiting: 0 });
}
const targets = (serve?: ServeProcess) => [
  ...pods.map((pod, index) => ({ address: pod.address, labels: { namespace: 'llm', pod: `vllm-${index}` } })),
  ...(serve
    ? [
        {
          address: serve.httpAddress.replace('http://', ''),
          labels: { namespace: 'bellwether', pod: 'bellwether-0' },
        },
      ]
    : []),
];

async function serve(): Promise<{ process: ServeProcess; keda: KedaClient }> {
  const process = await startServe(folder.path);
  running.push(process);
  const keda = new KedaClient(process.grpcAddress);
  clients.push(keda);
  return { process, keda };
}
const ref = aRef('vllm', { model: 'mistral', policy: 'default' });

async function eventually<T>(what: string, ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
  const until = Date.now() + 25_000;
  for (;;) {
    const answer = await ask();
    if (good(answer)) return answer;
    if (Date.now() > until) throw new Error(`${what} did not come; last was ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
const explain = async (process: ServeProcess, query = ''): Promise<Record<string, unknown>> =>
  (await fetch(`${process.httpAddress}/v1/fleets/llm/vllm/explain${query}`)).json() as Promise<
    Record<string, unknown>
  >;
const replicas = async (keda: KedaClient): Promise<number> =>
  (await keda.evaluate(ref)).values.get('s0-bellwether-replicas') ?? Number.NaN;

describe('bellwether serve, on a real Prometheus', { timeout: 90_000 }, () => {
  it('asks for what the load needs, says why, exports it, and stops cleanly', async () => {
    load(10);
    const { process, keda } = await serve();
    await eventually(
      'an answer',
      () => replicas(keda).catch(() => -1),
      (value) => value >= 1,
    );
    load(48);
    expect(
      await eventually(
        'the rise',
        () => replicas(keda),
        (value) => value === 5,
      ),
    ).toBe(5);
    const record = await explain(process);
    expect(record).toMatchObject({
      replicas: 5,
      held: null,
      fleet: { namespace: 'llm', name: 'vllm', model: 'mistral' },
    });
    expect((record.steps as { step: string }[]).map(({ step }) => step)).toContain('demand');
    const metrics = await (await fetch(`${process.httpAddress}/metrics`)).text();
    expect(metrics).toContain(
      'bellwether_desired_replicas{namespace="llm",scaledobject="vllm",role="replicas",model="mistral"} 5',
    );
    expect(
      process.log().filter(({ msg, replicas: to }) => String(msg).includes('decision') && to === 5).length +
        process.log().filter(({ to }) => to === 5).length,
    ).toBeGreaterThan(0);
    expect(await process.stop()).toBe(0);
  });

  it('keeps its answer through kill -9 in the middle of a hold, from what Prometheus remembers of it', async () => {
    load(58);
    const first = await serve();
    await prometheus.scrape(targets(first.process));
    await eventually(
      'the rise',
      () => replicas(first.keda).catch(() => -1),
      (value) => value === 6,
    );
    await prometheus.until('max(bellwether_desired_replicas) == 6', 20_000);
    load(5);
    await eventually(
      'the fall being wanted',
      () => explain(first.process),
      (record) => JSON.stringify(record.timers).includes('downscale'),
    );
    await first.process.stop('SIGKILL');
    const second = await serve();
    await eventually(
      'the answer after the restart',
      () => replicas(second.keda).catch(() => -1),
      (value) => value !== -1,
    );
    expect(await replicas(second.keda)).toBe(6);
    await prometheus.scrape(targets());
  });

  it('holds while Prometheus hangs, says so, and recovers by itself', async () => {
    load(38);
    const { process, keda } = await serve();
    const before = await eventually(
      'an answer',
      () => replicas(keda).catch(() => -1),
      (value) => value >= 4,
    );
    await prometheus.pause();
    try {
      load(0);
      const held = await eventually(
        'the hold',
        () => explain(process),
        (record) => record.held === 'absent',
      );
      expect(held.replicas).toBe(before);
      expect(String(held.reason)).toMatch(/^held at \d+: .*Prometheus/);
      expect(await replicas(keda)).toBe(before);
      const ready = await fetch(`${process.httpAddress}/readyz`);
      expect(ready.status).toBe(200);
    } finally {
      prometheus.resume();
    }
    await eventually(
      'the recovery',
      () => explain(process),
      (record) => record.held === null,
    );
  });

  it('refuses a broken policy, keeps the last good one, and takes the repaired one', async () => {
    load(10);
    const { process, keda } = await serve();
    await eventually(
      'an answer',
      () => replicas(keda).catch(() => -1),
      (value) => value >= 1,
    );
    await folder.write('policy.yaml', POLICY.replace('maxReplicas: 10', 'maxReplica: 10'));
    const readyz = async (): Promise<string> => (await fetch(`${process.httpAddress}/readyz`)).text();
    expect(await eventually('the refusal', readyz, (text) => text.includes('maxReplica'))).toContain(
      'did you mean',
    );
    expect(await replicas(keda)).toBeGreaterThanOrEqual(1);
    await folder.write('policy.yaml', POLICY.replace('minReplicas: 1', 'minReplicas: 7'));
    await eventually(
      'the new policy',
      () => replicas(keda),
      (value) => value === 7,
    );
    expect(await readyz()).not.toContain('maxReplica:');
    await folder.write('policy.yaml', POLICY);
  });

  it('says all that is wrong with a configuration and does not start', async () => {
    const broken = await aFolder({
      'bellwether.yaml': 'prometheus: {urll: "http://x"}\nevaluationInterval: 5\n',
    });
    const result = await runCli(['serve', '--config', `${broken.path}/bellwether.yaml`]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/bellwether\.yaml:1:\d+ prometheus/);
    expect(result.stderr).toMatch(/bellwether\.yaml:2:\d+ evaluationInterval: must be a duration/);
    expect((await runCli(['serve', '--config', `${broken.path}/none.yaml`])).code).toBe(2);
    expect((await runCli(['serve'])).code).toBe(2);
    await broken.remove();
  });
});

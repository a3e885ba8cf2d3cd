import { afterEach, describe, expect, it } from 'vitest';
import { Fleet } from '../../src/simulate/fleet.ts';
import { type FleetServer, serveFleets } from '../../src/simulate/http.ts';
import { DEFAULT_COLD_START } from '../../src/simulate/pod.ts';
import { DEFAULT_PROFILE } from '../../src/simulate/profiles.ts';
import { aLog, aRequest } from './morning-fixture.ts';

let server: FleetServer | undefined;
afterEach(async () => server?.close());

async function served(replicas: number): Promise<{ fleet: Fleet; get: (path: string) => Promise<Response> }> {
  const fleet = new Fleet(0, {
    seed: 1,
    profile: { ...DEFAULT_PROFILE, model: 'a"b\\c\nd' },
    coldStart: DEFAULT_COLD_START,
    gracePeriodMs: 30_000,
    listener: aLog(),
  });
  fleet.startWarm(replicas);
  const running = await serveFleets([{ namespace: 'llm', deployment: 'vllm', fleet }]);
  server = running;
  return { fleet, get: (path) => fetch(running.url + path) };
}

/** Series of a text in Prometheus's format, by name and labels; throws on a line that is none. */
function parse(text: string): Map<string, number> {
  const series = new Map<string, number>();
  for (const line of text.split('\n').filter((line) => line !== '' && !/^# (HELP|TYPE) \S+ \S/.test(line))) {
    const match = /^([a-z_:0-9]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} (\S+)$/.exec(line);
    if (!match || !Number.isFinite(Number(match[3]))) throw new Error(`no sample: ${line}`);
    series.set(`${match[1]}{${match[2]}}`, Number(match[3]));
  }
  return series;
}

describe('a simulated pod over HTTP', () => {
  const labels = 'model_name="a\\"b\\\\c\\nd",engine="0"';

  it("serves vLLM's own metrics, label values escaped", async () => {
    const { fleet, get } = await served(1);
    for (let id = 0; id < 60; id++) fleet.submit(aRequest({ id, promptTokens: 1500 }), 0);
    fleet.advance(9_000);
    const response = await get(new URL(server?.targets()[0]?.url ?? '').pathname);
    expect(response.headers.get('content-type')).toContain('version=0.0.4');
    const series = parse(await response.text());
    const replica = fleet.pods[0]?.replica;
    expect(series.get(`vllm:num_requests_running{${labels}}`)).toBe(replica?.running);
    expect(series.get(`vllm:num_requests_waiting{${labels}}`)).toBe(replica?.waiting);
    expect(series.get(`vllm:kv_cache_usage_perc{${labels}}`)).toBe(replica?.kvCacheUsage);
    expect(series.get(`vllm:time_to_first_token_seconds_count{${labels}}`)).toBe(
      replica?.counters.firstToken.count,
    );
    expect(replica?.counters.firstToken.count).toBeGreaterThan(0);
  });

  it('has histograms whose buckets only rise and end in the count', async () => {
    const { fleet, get } = await served(1);
    for (let id = 0; id < 30; id++) fleet.submit(aRequest({ id }), 0);
    fleet.advance(60_000);
    const series = parse(await (await get(new URL(server?.targets()[0]?.url ?? '').pathname)).text());
    const buckets = [...series].filter(([name]) =>
      name.startsWith('vllm:e2e_request_latency_seconds_bucket'),
    );
    const values = buckets.map(([, value]) => value);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.at(-1)).toBe(30);
    expect(series.get(`vllm:request_success_total{${labels},finished_reason="stop"}`)).toBe(30);
  });

  it('answers 503 while the engine loads and 404 once it is gone, and is listed until then', async () => {
    const { fleet, get } = await served(1);
    fleet.scale(2);
    const [, starting] = server?.targets() ?? [];
    const path = new URL(starting?.url ?? '').pathname;
    expect((await get(path)).status).toBe(503);
    fleet.advance(600_000);
    expect((await get(path)).status).toBe(200);
    fleet.scale(1);
    expect((await get(path)).status).toBe(404);
    expect(server?.targets()).toHaveLength(1);
  });

  it.each(['/', '/llm', '/other/pods/x/metrics', '/llm/pods/x/metrics', '/llm/pods//metrics', '/%00'])(
    'answers 404 to %s',
    async (path) => {
      expect((await (await served(1)).get(path)).status).toBe(404);
    },
  );

  it("lists its pods for Prometheus's http_sd, with their labels", async () => {
    const { fleet, get } = await served(2);
    const listed: unknown = await (await get('/targets')).json();
    expect(listed).toEqual(
      fleet.pods.map(({ name }) => ({
        targets: [new URL(server?.url ?? '').host],
        labels: { __metrics_path__: `/llm/pods/${name}/metrics`, namespace: 'llm', pod: name },
      })),
    );
  });

  it('says of the Deployment what kube-state-metrics would', async () => {
    const { fleet, get } = await served(1);
    fleet.scale(3);
    const series = parse(await (await get('/kube-state-metrics')).text());
    const deployment = 'namespace="llm",deployment="vllm"';
    expect(series.get(`kube_deployment_spec_replicas{${deployment}}`)).toBe(3);
    expect(series.get(`kube_deployment_status_replicas{${deployment}}`)).toBe(3);
    expect(series.get(`kube_deployment_status_replicas_ready{${deployment}}`)).toBe(1);
  });
});

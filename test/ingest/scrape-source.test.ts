import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createScrapeSource,
  type ScrapeSource,
  type ScrapeSourceOptions,
} from '../../src/ingest/scrape-source.ts';
import type { ScrapeTarget } from '../../src/ingest/scrape-target.ts';
import { startVllmExporter, type VllmExporter, vllmGauges } from '../support/vllm-exporter.ts';
import { AT, aFleet } from './builders.ts';

const NEVER = new AbortController().signal;
const STEP = 5_000;

let a: VllmExporter;
let b: VllmExporter;
let targets: ScrapeTarget[];
let source: ScrapeSource;

beforeEach(async () => {
  a = await startVllmExporter(vllmGauges('m', { running: 3, waiting: 1 }));
  b = await startVllmExporter(vllmGauges('m', { running: 5, waiting: 0 }));
  targets = [a, b].map(({ url }, index) => ({ url, namespace: 'llm', pod: `pod-${index}` }));
});
afterEach(async () => {
  await source.close();
  await Promise.all([a.stop(), b.stop()]);
});

function aSource(over: Partial<ScrapeSourceOptions> = {}): ScrapeSource {
  const base = {
    targets: () => targets,
    interval: STEP,
    staleAfter: 60_000,
    historyLimit: 3_600_000,
    now: () => AT,
  };
  source = createScrapeSource({ ...base, autoStart: false, ...over });
  return source;
}

/** Scrapes at `at` and samples the fleet at the same instant. */
async function turn(at: number) {
  await source.scrapeOnce(at);
  return (await source.read(at, [aFleet()], NEVER)).sampleOf(aFleet());
}

describe('direct scrape', () => {
  it('is absent before the first scrape, then adds up its targets', async () => {
    aSource();
    expect((await source.read(AT, [], NEVER)).sampleOf(aFleet())).toMatchObject({
      presence: 'absent',
      why: 'nothing was scraped yet',
    });
    expect(await turn(AT)).toMatchObject({
      presence: 'fresh',
      observedAt: AT,
      running: 8,
      waiting: 1,
      reporting: 2,
      replicas: { ready: 2, source: 'direct scrape' },
    });
    expect(source.status()).toEqual({ name: 'scrape', up: true, error: null, lastSuccess: AT, requests: 2 });
  });

  it('reads the last scrape until it is stale', async () => {
    aSource();
    await turn(AT);
    const at = async (ms: number) => (await source.read(AT + ms, [], NEVER)).sampleOf(aFleet());
    expect(await at(60_000)).toMatchObject({ presence: 'fresh', running: 8, at: AT + 60_000 });
    expect(await at(61_000)).toMatchObject({ presence: 'stale', running: null, missing: ['pod-0', 'pod-1'] });
  });

  it.each(['down', 'error', 'html', 'hang'] as const)(
    'misses a target that reported and now fails (%s), for 10 minutes',
    async (failure) => {
      aSource({ interval: 200 });
      await turn(AT);
      b.failure = failure;
      expect(await turn(AT + STEP)).toMatchObject({ presence: 'fresh', running: 3, missing: ['pod-1'] });
      expect(await turn(AT + 600_000)).toMatchObject({ running: 3, missing: [] });
      expect(source.status().up).toBe(true);
    },
  );

  it('says why when no target answers', async () => {
    aSource();
    for (const exporter of [a, b]) exporter.failure = 'error';
    expect(await turn(AT)).toMatchObject({ presence: 'absent' });
    expect(source.status()).toMatchObject({
      up: false,
      error: 'no target answers: pod-0 answered 500',
      lastSuccess: null,
    });
  });

  it('forgets a pod that is no longer listed', async () => {
    aSource();
    await turn(AT);
    targets = targets.slice(0, 1);
    expect(await turn(AT + STEP)).toMatchObject({ running: 3, reporting: 1, missing: [] });
    targets = [];
    expect(await turn(AT + 2 * STEP)).toMatchObject({ presence: 'absent', missing: [] });
  });

  it("lets the target's labels win over the page's, sums a counter's reasons, and heeds timestamps of the page", async () => {
    aSource();
    const finished = (reason: string, value: number) => ({
      name: 'vllm:request_success_total',
      labels: { model_name: 'm', engine: '0', finished_reason: reason },
      value,
    });
    a.series = [
      ...vllmGauges('m', { running: 1 }, { engine: '0', pod: 'liar', namespace: 'other' }),
      finished('stop', 5),
      finished('length', 1),
    ];
    b.series = vllmGauges('m', { running: 2 }).map((one) => ({ ...one, timestamp: AT - 90_000 }));
    expect(await turn(AT)).toMatchObject({ running: 1, finished: null, missing: ['pod-1'] });
    a.series = [...vllmGauges('m', { running: 1 }), finished('stop', 7), finished('length', 2)];
    expect(await turn(AT + STEP)).toMatchObject({ finished: 3 });
  });

  it('takes replica counts from whoever knows them', async () => {
    const replicas = { spec: 4, ready: 2, starting: 2, unschedulable: 0, source: 'the simulated cluster' };
    aSource({ replicas: () => replicas });
    expect((await turn(AT)).replicas).toEqual(replicas);
  });

  it('reads back from memory what it read live, within its limit', async () => {
    aSource({ historyLimit: 60_000 });
    const live = [];
    for (let k = 0; k < 150; k++) {
      a.series = vllmGauges('m', { running: k, waiting: 0 });
      b.failure = k % 7 === 3 ? 'error' : 'none';
      live.push(await turn(AT + k * STEP));
    }
    const to = AT + 149 * STEP;
    const past = await source.history({ from: to - 60_000, to, step: STEP }, [aFleet()], NEVER);
    expect(past.get(aFleet().key)?.samples).toEqual(live.slice(-13));
    const before = await source.history({ from: AT - 60_000, to: AT - STEP, step: STEP }, [aFleet()], NEVER);
    expect(before.get(aFleet().key)).toEqual({ samples: [], exported: [] });
  });

  it('scrapes by itself unless told otherwise', async () => {
    aSource({ autoStart: true, interval: 100, now: Date.now });
    while (source.status().lastSuccess === null) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await source.read(Date.now(), [], NEVER)).sampleOf(aFleet()).running).toBe(8);
  });
});

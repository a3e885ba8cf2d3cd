import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RecordJson } from '../../../src/serve/http/record-json.ts';
import { type HttpServer, startHttpServer } from '../../../src/serve/http/server.ts';
import { launchBrowser } from '../../support/browser.ts';
import { aHealth, aLine, aRecord, aScaler, NOW, type ScalerStub } from '../../support/scaler-stub.ts';

let browser: Browser;
let server: HttpServer;
let scaler: ScalerStub;
let page: Page;
let complaints: string[];
let requested: URL[];
const silent = { info: () => {}, warn: () => {}, error: () => {} };

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

beforeEach(async () => {
  scaler = aScaler();
  const options = {
    scaler,
    metricsText: async () => '',
    address: '127.0.0.1:0',
    log: silent,
    now: () => NOW,
  };
  server = await startHttpServer(options);
  page = await newPage();
});
afterEach(async () => {
  await page.context().close();
  await server.close();
});

const base = () => `http://127.0.0.1:${server.port}`;
/** What a person sees. */
const words = (selector: string) => page.locator(selector).innerText();

async function newPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ timezoneId: 'America/New_York', ...options });
  const opened = await context.newPage();
  complaints = [];
  requested = [];
  opened.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  opened.on('pageerror', (error) => complaints.push(String(error)));
  opened.on('request', (request) => requested.push(new URL(request.url())));
  return opened;
}

async function openFleet(): Promise<void> {
  await page.goto(base());
  await page.getByRole('link', { name: 'llm/vllm' }).click();
  await page.waitForSelector('#chart canvas');
}

describe('the page in a browser', () => {
  it('leads from the list to a fleet and shows the numbers of its explain JSON', async () => {
    await openFleet();
    const record = RecordJson.parse(await (await fetch(`${base()}/v1/fleets/llm/vllm/explain`)).json());
    expect(await words('h1')).toBe(`llm/vllm: ${record.replicas} replicas, because ${record.reason}`);
    const rows = page.locator('#steps tbody tr');
    expect(await rows.count()).toBe(record.steps.length);
    for (const [index, step] of record.steps.entries()) {
      const cells = await rows.nth(index).locator('th,td').allInnerTexts();
      expect(cells.slice(0, 4)).toEqual([step.step, String(step.in), String(step.out), step.reason]);
    }
    const tiles = await page.locator('.tiles div').allInnerTexts();
    expect(tiles.map((text) => text.replace(/\s+/g, ' '))).toEqual([
      `replicas ${record.replicas}`,
      `ready ${record.replicaFacts.ready}`,
      `starting ${record.replicaFacts.starting}`,
      `demand ${record.demand}`,
      `floor ${record.bounds.floor}`,
      'ceiling none',
    ]);
    expect(await words('#summary')).toContain(record.timers[0]?.what);
  });

  it('has no error in its console and asks nobody but the scaler', async () => {
    await openFleet();
    expect(complaints).toEqual([]);
    expect([...new Set(requested.map(({ hostname }) => hostname))]).toEqual(['127.0.0.1']);
    expect(requested.map(({ pathname }) => pathname)).toContain('/v1/fleets/llm/vllm/chart');
  });

  it("shows the browser's wall clock, and counts timers down by the scaler's", async () => {
    await openFleet();
    expect(await words('#summary')).toContain('decided 09:31:05');
    expect(await page.locator('#summary time').first().getAttribute('title')).toBe('2026-11-23T14:31:05Z');
    const left = async () => Number(/^in (\d+)s$/.exec((await words('#summary li .countdown')) ?? '')?.[1]);
    const first = await left();
    expect(first).toBeLessThanOrEqual(10);
    await expect.poll(left, { timeout: 5_000 }).toBeLessThan(first);
  });

  it('draws the chart and the bands of the next day', async () => {
    await openFleet();
    expect(await page.locator('#chart .u-series .u-label').allInnerTexts()).toEqual([
      'Time',
      'Floor',
      'Demand',
      'Ready',
      'Target',
    ]);
    expect(await page.locator('svg.agenda rect.floor').count()).toBe(5);
    expect(await page.locator('svg.agenda rect.ceiling').count()).toBe(2);
    expect(await words('#agenda table')).toContain('16:00:00');
  });

  it('follows the scaler without a reload, and keeps the focus', async () => {
    await page.goto(base());
    await page.getByRole('link', { name: 'llm/vllm' }).focus();
    scaler.lines = [aLine({ replicas: 4, reason: 'a rise to 4 wanted for 30s' })];
    scaler.healthNow = aHealth({ refused: ['policies/default.yaml:4:1 minReplica: unknown key'] });
    await page.getByText('a rise to 4 wanted for 30s').waitFor();
    expect(await words('#banner')).toContain('policies/default.yaml:4:1 minReplica: unknown key');
    expect(await words(':focus')).toBe('llm/vllm');
    expect(complaints).toEqual([]);
  });

  it('says that it is old when the scaler does not answer', async () => {
    await page.goto(base());
    await page.route('**/*', (route) => route.abort());
    await page.getByText('No answer from the scaler').waitFor();
    expect(await words('#connection')).toMatch(
      /^No answer from the scaler since 09:31:\d\d .*; this page is old\.$/,
    );
  });

  it('runs nothing that a fleet is named after', async () => {
    const evil = '<img src=x onerror="document.title=1">\'"&';
    scaler.lines = [aLine({ fleet: { ...aRecord().fleet, name: evil, model: evil }, reason: evil })];
    await page.goto(base());
    await page.getByRole('link', { name: `llm/${evil}` }).click();
    await page.waitForSelector('#chart canvas');
    expect(await words('h1')).toBe(`llm/${evil}: 2 replicas, because ${evil}`);
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it.each([
    { name: 'a phone', viewport: { width: 390, height: 800 }, colorScheme: 'dark' as const },
    { name: 'a desk', viewport: { width: 1280, height: 900 }, colorScheme: 'light' as const },
  ])('fits $name', async ({ viewport, colorScheme }) => {
    await page.context().close();
    page = await newPage({ viewport, colorScheme });
    await openFleet();
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe(colorScheme === 'dark' ? 'rgb(23, 22, 20)' : 'rgb(253, 253, 252)');
  });
});

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Command, CommanderError } from 'commander';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backtestCommand } from '../../src/cli/backtest.ts';
import { launchBrowser } from '../support/browser.ts';
import { builtCli } from '../support/built-cli.ts';

const calendar = new URL('../../calendars/us-equities.yaml', import.meta.url).pathname;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-backtest-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Runs `bellwether backtest …` in this thread and gives what it printed and its exit code. */
async function run(argv: readonly string[], meanwhile: () => void = () => undefined) {
  const out: string[] = [];
  const err: string[] = [];
  let code = 0;
  const command: Command = backtestCommand({
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    setExitCode: (value) => {
      code = value;
    },
    color: false,
  });
  command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  try {
    const ended = command.parseAsync([...argv, '--threads', '0'], { from: 'user' });
    meanwhile();
    await ended;
  } catch (reason) {
    if (!(reason instanceof CommanderError)) throw reason;
    err.push(reason.message);
    code = reason.exitCode === 0 ? 0 : 2;
  }
  return { out: out.join('\n'), err: err.join('\n'), code };
}

/** Half an hour around a bell: little work. */
let SMALL: readonly string[] = [];
beforeAll(() => {
  const rows = Array.from({ length: 600 }, (_, index) => `${(index * 3) ** 0.999},300,50`);
  const trace = file('small.csv', ['arrival_s,prompt_tokens,output_tokens', ...rows].join('\n'));
  SMALL = [
    '--trace',
    trace,
    '--start',
    '2026-11-23T14:15:00Z',
    '--calendar',
    calendar,
    '--peers',
    'keda,ray',
  ];
});

describe('backtest', () => {
  it('prints a line for each policy and peer', async () => {
    const { out, code } = await run(SMALL);
    expect(code).toBe(0);
    for (const name of [
      'bellwether arrival-rate',
      'bellwether ray',
      'keda-average',
      'keda-cron',
      'ray-serve',
    ])
      expect(out).toMatch(new RegExp(`^${name} +\\d+\\.\\d\\d %`, 'm'));
  });

  it('prints the same report, byte for byte, in one thread and from the built program in several', async () => {
    const argv = [...SMALL, '--seeds', '2', '--json'];
    const here = await run(argv);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [builtCli(), 'backtest', ...argv, '--threads', '2'],
      { maxBuffer: 2 ** 26 },
    );
    expect(stdout.trimEnd()).toBe(here.out);
    const report = JSON.parse(here.out);
    expect(report.scenario.seeds).toEqual([1, 2]);
    expect(report.policies[0].gpuHoursMore).toBeNull();
    expect(report.policies[1].gpuHoursMore.plusMinus).toBeGreaterThanOrEqual(0);
  }, 120_000);

  it('scores every row of a trace, at the time that it began', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => `${index * 12},300,50`);
    const trace = file('trace.csv', ['arrival_s,prompt_tokens,output_tokens', ...rows].join('\n'));
    const { out } = await run([
      '--trace',
      trace,
      '--start',
      '2024-05-10T12:00:00Z',
      '--peers',
      'static',
      '--json',
    ]);
    const report = JSON.parse(out);
    expect(report.scenario.scored).toEqual({
      from: '2024-05-10T12:00:00Z',
      to: '2024-05-10T13:00:00Z',
      requests: 300,
    });
    expect(report.source.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(report.policies[0].within.mean).toBe(1);
  });

  it('generates trading days of a calendar', async () => {
    const argv = ['--workload', 'finsight', '--days', '1', '--volume', '0.05', '--peers', 'none', '--json'];
    const report = JSON.parse((await run(argv)).out);
    expect(report.calendar).toEqual({ name: 'us-equities', timezone: 'America/New_York' });
    expect(report.scenario.from).toBe('2026-11-16T05:00:00Z');
    expect(report.scenario.requests).toBeGreaterThan(300);
    expect(report.scenario.requests).toBeLessThan(800);
  }, 120_000);

  it('shares out its cost and its misses over the days, leaving nothing out', async () => {
    const report = JSON.parse((await run([...SMALL, '--json'])).out);
    for (const [index, policy] of report.policies.entries()) {
      const hours = report.days.reduce(
        (sum: number, day: { policies: { gpuHours: number }[] }) =>
          sum + (day.policies[index]?.gpuHours ?? 0),
        0,
      );
      expect(hours).toBeCloseTo(policy.gpuHours.mean, 2);
    }
  });

  it('writes report.json and report.html, and replaces an earlier report', async () => {
    const out = join(folder, 'report');
    for (const _ of [1, 2]) {
      const { code } = await run([...SMALL, '--out', out]);
      expect(code).toBe(0);
      expect(readdirSync(out).sort()).toEqual(['report.html', 'report.json']);
    }
  });

  it('refuses, before it computes, a folder that holds something else', async () => {
    const { code, err } = await run([...SMALL, '--out', folder]);
    expect(code).toBe(2);
    expect(err).toContain('must be empty or hold an earlier report');
  });

  it('writes nothing when it is interrupted', async () => {
    const out = join(folder, 'interrupted');
    const before = readdirSync(folder).length;
    const { code, err } = await run([...SMALL, '--out', out], () => process.emit('SIGINT'));
    expect(code).toBe(130);
    expect(err).toContain('nothing was written');
    expect([existsSync(out), readdirSync(folder).length]).toEqual([false, before]);
  });

  it('tells a trace’s errors by row, with exit code 1', async () => {
    const trace = file('bad.csv', 'arrival_s,prompt_tokens,output_tokens\n1,1,1\n0,1,1\n2,-1,1\n');
    const { code, err } = await run(['--trace', trace]);
    expect(code).toBe(1);
    expect(err).toContain(`${trace}:3:1 arrival_s: must not be before the row above (1), was 0`);
    expect(err).toContain(`${trace}:4:1 prompt_tokens: must be a whole number from 1`);
  });

  it.each([
    {
      name: 'an unknown peer',
      argv: ['--peers', 'kedda'],
      says: 'was kedda (did you mean "keda"?)',
    },
    {
      name: 'an unknown profile',
      argv: ['--profile', 'b200'],
      says: 'It must be one of a10g-mistral-7b',
    },
    { name: 'a bare number', argv: ['--slo', '2'], says: 'did you mean "2s"?' },
    {
      name: 'a cold start of its own',
      argv: ['--cold-start', 'normal(3)'],
      says: 'lognormal(95s,0.35)',
    },
    {
      name: 'nothing left to score',
      argv: ['--learn', '2d'],
      says: 'must leave something to score',
    },
    {
      name: 'fewer at most than at least',
      argv: ['--min-replicas', '5', '--max-replicas', '2'],
      says: '--max-replicas must be at least --min-replicas, was 2',
    },
  ])('refuses $name, with exit code 2', async ({ argv, says }) => {
    const { code, err } = await run([...SMALL, ...argv]);
    expect(code).toBe(2);
    expect(err).toContain(says);
  });

  it.each([
    { name: 'nothing to run', argv: [], says: '--workload finsight or --prometheus URL, one of them' },
    { name: 'an unknown workload', argv: ['--workload', 'x'], says: 'must be finsight' },
    {
      name: 'a trace that is not there',
      argv: ['--trace', 'none.csv'],
      says: 'none.csv: cannot be read (ENOENT)',
    },
  ])('refuses $name, with exit code 2', async ({ argv, says }) => {
    const { code, err } = await run(argv);
    expect(code).toBe(2);
    expect(err).toContain(says);
  });
});

describe('report.html', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, 120_000);
  afterAll(() => browser?.close());

  it('draws everything from itself: no network, no error, a reason under the cursor', async () => {
    const out = join(folder, 'page');
    await run([...SMALL, '--peers', 'keda,oracle', '--out', out]);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).not.toMatch(/(src|href)="(?!data:)/);
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    page.on('request', (request) => request.url().startsWith('file:') || wrong.push(request.url()));
    await page.goto(pathToFileURL(join(out, 'report.html')).href);
    await page.waitForSelector('.u-over');
    expect(await page.locator('section').first().locator('tbody tr').count()).toBe(7);
    expect(await page.locator('svg circle').count()).toBe(7);
    expect(await page.locator('.uplot').count()).toBe(3);
    const chart = page.locator('.u-over').first();
    await chart.scrollIntoViewIfNeeded();
    await chart.hover();
    await page.waitForFunction(`document.querySelector('.why b') !== null`);
    expect(await page.locator('.why').textContent()).toMatch(
      /bellwether arrival-rate: [\d.]+ ready, \d+ asked for/,
    );
    await page.locator('label', { hasText: 'keda-average' }).first().click();
    await page.waitForFunction(`document.querySelectorAll('.uplot').length === 3`);
    expect(wrong).toEqual([]);
    await page.close();
  }, 120_000);
});

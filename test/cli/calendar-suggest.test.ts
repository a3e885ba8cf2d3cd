import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Command, CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calendarCommand } from '../../src/cli/calendar.ts';
import { calendarOf } from '../support/calendar.ts';
import { startFakePrometheus } from '../support/fake-prometheus.ts';

const MARKET = new URL('../../calendars/us-equities.yaml', import.meta.url).pathname;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-suggest-'));
  const rows: string[] = [];
  // A fortnight from a Monday, in New York's winter: 2 requests a second in the first half hour of each session, else 1 in 100 s.
  for (let second = 0; second < 14 * 86_400; second += 10) {
    const [day, local] = [Math.floor((second - 18_000) / 86_400), (second + 68_400) % 86_400];
    const opening = day % 7 < 5 && local >= 34_200 && local < 36_000;
    const count = opening ? 20 : second % 100 === 0 ? 1 : 0;
    for (let index = 0; index < count; index++) rows.push(`${second + index / 100},100,10`);
  }
  writeFileSync(
    join(folder, 'trace.csv.gz'),
    gzipSync(`arrival_s,prompt_tokens,output_tokens\n${rows.join('\n')}\n`),
  );
  writeFileSync(join(folder, 'bad.csv'), 'arrival_s,prompt_tokens,output_tokens\n5,1,1\n2,1,1\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `bellwether calendar suggest …` and gives what it printed and its exit code. */
async function run(...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  let code = 0;
  const command = calendarCommand({
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    setExitCode: (value) => {
      code = value;
    },
    color: false,
  });
  quiet(command);
  try {
    await command.parseAsync(['suggest', ...argv], { from: 'user' });
  } catch (reason) {
    if (!(reason instanceof CommanderError)) throw reason;
    err.push(reason.message);
    code = 2;
  }
  return { out: out.join('\n'), err: err.join('\n'), code };
}

function quiet(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const child of command.commands) quiet(child);
}

const trace = () => ['--trace', join(folder, 'trace.csv.gz'), '--start', '2026-01-05T00:00:00Z'];

describe('calendar suggest', () => {
  it('writes a sound calendar with the evidence for each window', async () => {
    const { out, code } = await run(...trace(), '--timezone', 'America/New_York', '--per-replica', '0.5');
    expect(code).toBe(0);
    expect(out).toContain('mon-fri-0930: {days: "mon-fri", hours: "09:30-10:00"}');
    expect(out).toContain('- {name: mon-fri-0930, on: mon-fri-0930, floor: 4}');
    expect(out).toMatch(
      /# \d+ days \(mon-fri\), 2026-01-05 to 2026-01-\d+: peaks of 4 replicas at the median/,
    );
    expect(() => calendarOf(out)).not.toThrow();
  });

  it("lays the windows on a market calendar's sessions and keeps its rows and comments", async () => {
    const { out, code } = await run(
      ...trace(),
      '--calendar',
      MARKET,
      '--per-replica',
      '0.5',
      '--name',
      'desk',
    );
    expect(code).toBe(0);
    expect(out).toContain('calendar: desk');
    expect(out).toContain('on: regular, from: open, to: open+30m, floor: 4}');
    expect(out).toContain('Thanksgiving Day');
    expect(out).not.toContain('market-hours');
    expect(() => calendarOf(out)).not.toThrow();
  });

  it("reads a fleet's weeks from Prometheus, and what its busy replicas carry", async () => {
    const fake = await startFakePrometheus((request, response) => {
      const [start, end] = [Number(request.form.get('start')), Number(request.form.get('end'))];
      const query = request.form.get('query') ?? '';
      const values: [number, string][] = [];
      for (let time = start; time <= end; time += 300) {
        const busy = (time % 86_400) / 3_600 > 14 && (time % 86_400) / 3_600 < 16;
        const rate = query.includes('rate(')
          ? busy
            ? 8
            : 0.5
          : query.includes('count_over_time')
            ? 2
            : busy
              ? 9
              : 0;
        values.push([time, String(rate)]);
      }
      const result = [{ metric: { namespace: 'llm', model_name: 'm' }, values }];
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
    });
    const { out, code } = await run(
      ...['--prometheus', fake.url, '--namespace', 'llm', '--model', 'm', '--days', '7'],
    );
    await fake.stop();
    expect(code).toBe(0);
    expect(out).toContain('# Suggested from llm/m');
    expect(out).toContain('; 3.2 requests/s a replica.');
    expect(out).toContain('floor: 3}');
    expect(() => calendarOf(out)).not.toThrow();
  });

  it.each([
    {
      name: 'neither a trace nor a Prometheus',
      argv: () => [],
      err: 'give --trace or --prometheus, one of them',
      code: 2,
    },
    {
      name: 'both',
      argv: () => [...trace(), '--prometheus', 'http://127.0.0.1:1'],
      err: 'give --trace or --prometheus, one of them',
      code: 2,
    },
    {
      name: 'a trace without a start',
      argv: () => ['--trace', join(folder, 'trace.csv.gz'), '--per-replica', '1'],
      err: '--start must say when the trace began',
      code: 2,
    },
    { name: 'no capacity', argv: trace, err: '--per-replica must be given', code: 2 },
    {
      name: 'an unknown zone',
      argv: () => [...trace(), '--timezone', 'Mars/Base'],
      err: 'IANA time zone',
      code: 2,
    },
    {
      name: 'a trace that is wrong',
      argv: () => ['--trace', join(folder, 'bad.csv'), '--start', '0', '--per-replica', '1'],
      err: 'bad.csv:3:1 arrival_s: must not be before the row above (5), was 2',
      code: 1,
    },
    {
      name: 'a Prometheus without a fleet',
      argv: () => ['--prometheus', 'http://127.0.0.1:1'],
      err: '--prometheus needs --namespace and --model',
      code: 2,
    },
    {
      name: 'a Prometheus that is not there',
      argv: () => ['--prometheus', 'http://127.0.0.1:1', '--namespace', 'llm', '--model', 'm'],
      err: 'traffic of days past: Prometheus',
      code: 2,
    },
  ])('refuses $name', async ({ argv, err, code }) => {
    const ran = await run(...argv());
    expect(ran.err).toContain(err);
    expect(ran.out).toBe('');
    expect(ran.code).toBe(code);
  });
});

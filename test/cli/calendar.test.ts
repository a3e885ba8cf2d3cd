import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calendarCommand } from '../../src/cli/calendar.ts';

const shipped = new URL('../../calendars/us-equities.yaml', import.meta.url).pathname;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-calendar-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Runs `bellwether calendar …` and gives what it printed and its exit code. */
async function run(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
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
    await command.parseAsync(argv, { from: 'user' });
  } catch (reason) {
    if (!(reason instanceof CommanderError)) throw reason;
    err.push(reason.message);
    code = reason.exitCode === 0 ? 0 : 2;
  }
  return { out: out.join('\n'), err: err.join('\n'), code };
}

function quiet(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const child of command.commands) quiet(child);
}

describe('calendar sessions', () => {
  it('prints one JSON array with UTC instants to the second', async () => {
    const { out, err, code } = await run(
      'sessions',
      shipped,
      '--from',
      '2026-11-26',
      '--to',
      '2026-11-30',
      '--json',
    );
    expect({ err, code }).toEqual({ err: '', code: 0 });
    expect(JSON.parse(out)).toEqual([
      {
        session: 'regular',
        date: '2026-11-27',
        intervals: [{ open: '2026-11-27T14:30:00Z', close: '2026-11-27T18:00:00Z' }],
        name: 'day after Thanksgiving',
      },
      {
        session: 'regular',
        date: '2026-11-30',
        intervals: [{ open: '2026-11-30T14:30:00Z', close: '2026-11-30T21:00:00Z' }],
      },
    ]);
  });

  it('prints a table for people', async () => {
    const { out } = await run('sessions', shipped, '--from', '2026-11-27', '--to', '2026-11-27');
    expect(out.split('\n')).toEqual([
      'date        session  open                  close                 note',
      '2026-11-27  regular  2026-11-27T14:30:00Z  2026-11-27T18:00:00Z  day after Thanksgiving',
    ]);
  });

  it.each([
    [
      'an unknown session',
      ['--session', 'reguler', '--from', '2026-11-27', '--to', '2026-11-27'],
      'did you mean "regular"',
    ],
    [
      'a range that ends before it begins',
      ['--from', '2026-11-27', '--to', '2026-11-26'],
      'must not be before --from',
    ],
    ['a date that does not exist', ['--from', '2026-02-30', '--to', '2026-11-26'], 'a date that exists'],
    ['no range', [], '--from'],
  ])('calls %s wrong usage', async (_, flags, says) => {
    const { out, err, code } = await run('sessions', shipped, ...flags);
    expect({ out, code }).toEqual({ out: '', code: 2 });
    expect(err).toContain(says);
  });
});

describe('calendar bounds', () => {
  const at = (time: string, ...flags: string[]) => run('bounds', shipped, '--at', time, ...flags, '--json');

  it('takes auto as 0s without --lead', async () => {
    expect(JSON.parse((await at('2026-11-27T13:59:59Z')).out)).toEqual({
      at: '2026-11-27T13:59:59Z',
      floor: 0,
      ceiling: null,
      policy: {},
      windows: [],
      covered: true,
    });
    expect(JSON.parse((await at('2026-11-27T13:59:59Z', '--lead', '1s')).out)).toMatchObject({
      floor: 2,
      policy: {},
    });
  });

  it('takes Unix seconds and offsets for the same instant', async () => {
    const unix = await at(String(Date.parse('2026-11-27T14:00:00Z') / 1000));
    expect(JSON.parse(unix.out)).toMatchObject({
      at: '2026-11-27T14:00:00Z',
      policy: { smoothingFactor: 1 },
    });
    expect((await at('2026-11-27T09:00:00-05:00')).out).toBe(unix.out);
  });

  it('writes the durations of a policy as a person would', async () => {
    const path = file(
      'policy.yaml',
      `calendar: c
timezone: UTC
sessions: {s: {days: daily, hours: "00:00-24:00"}}
windows: [{name: w, on: s, policy: {upscaleDelay: 0s, burst: {hold: 90s, threshold: 2}, buffer: {max: 4, lead: 5m}}}]
`,
    );
    const { out } = await run('bounds', path, '--at', '2026-01-01T00:00:00Z', '--json');
    expect(JSON.parse(out).policy).toEqual({
      upscaleDelay: '0s',
      burst: { hold: '1m30s', threshold: 2 },
      buffer: { max: 4, lead: '5m' },
    });
  });

  it.each([
    ['a local time', ['--at', '2026-11-27T09:00:00'], 'ISO 8601 with Z or an offset'],
    ['a lead without a unit', ['--at', '0', '--lead', '5'], 'did you mean "5s"'],
    ['no time', [], '--at'],
  ])('calls %s wrong usage', async (_, flags, says) => {
    const { err, code } = await run('bounds', shipped, ...flags);
    expect(code).toBe(2);
    expect(err).toContain(says);
  });
});

describe('calendar next', () => {
  it('prints as many changes as asked for, null where there is no ceiling', async () => {
    const { out } = await run(
      'next',
      shipped,
      '--at',
      '2026-11-26T00:00:00Z',
      '--count',
      '2',
      '--lead',
      '5m',
      '--json',
    );
    expect(JSON.parse(out)).toEqual([
      { at: '2026-11-27T13:55:00Z', floor: 2, ceiling: null, windows: ['market-hours'] },
      { at: '2026-11-27T14:00:00Z', floor: 2, ceiling: null, windows: ['market-hours'] },
    ]);
  });

  it('says so when nothing changes any more', async () => {
    const path = file('empty.yaml', 'calendar: c\ntimezone: UTC\n');
    expect((await run('next', path, '--at', '0')).out).toBe('nothing changes any more');
    expect((await run('next', path, '--at', '0', '--json')).out).toBe('[]');
  });
});

describe('calendar preview', () => {
  it('marks early closes and holidays and draws floors as steps, in the zone of the calendar', async () => {
    const { out, code } = await run('preview', shipped, '--from', '2026-11-26', '--to', '2026-11-27');
    expect(code).toBe(0);
    expect(out).toMatch(/Thu 2026-11-26 {2}- +holiday: Thanksgiving Day\n/);
    expect(out).toContain(
      'Fri 2026-11-27  regular  09:30-13:00       14:30-18:00  early close: day after Thanksgiving',
    );
    expect(out).toContain('Fri 2026-11-27 09:00  2026-11-27T14:00:00Z  2      -        market-hours');
    expect(out).toMatch(/Fri 2026-11-27 {2}·{18}█{8}·{22}\n/);
  });

  it('draws an overnight session on both of its days, and lower floors lower', async () => {
    const path = file(
      'futures.yaml',
      `calendar: futures
timezone: America/New_York
sessions: {globex: {days: sun-thu, hours: "18:00-17:00+1d", dated: close}}
events: [{name: cpi, date: 2026-11-24, hours: "08:30-09:30"}]
windows:
  - {name: evening, on: globex, to: open+2h, floor: 1}
  - {name: cpi, on: cpi, floor: 4}
`,
    );
    const { out } = await run('preview', path, '--from', '2026-11-24', '--to', '2026-11-24');
    expect(out).toContain('Tue 2026-11-24  globex   18:00-1d-17:00    23:00-1d-22:00');
    expect(out).toContain('event: cpi');
    expect(out).toContain(
      `Tue 2026-11-24  ${'─'.repeat(17)}██${'─'.repeat(15)}··${'▂'.repeat(4)}${'─'.repeat(8)}`,
    );
  });
});

describe('a file', () => {
  it('that is wrong gets every error on stderr with its place, and exit 1', async () => {
    const path = file(
      'wrong.yaml',
      `calendar: c
timezone: America/New_York
sessions:
  regular: {days: mon-fri, hours: "16:00-09:30"}
windows:
  - {name: day, on: reguler, floor: 2}
`,
    );
    const { out, err, code } = await run('bounds', path, '--at', '0', '--json');
    expect({ out, code }).toEqual({ out: '', code: 1 });
    expect(err.split('\n')).toEqual([
      `${path}:4:35 sessions.regular.hours: must close after it opens, was "16:00-09:30" (did you mean "16:00-09:30+1d"?)`,
      `${path}:6:21 windows.0.on: must be the name of a session or an event, was "reguler" (did you mean "regular"?)`,
    ]);
  });

  it('that is risky gets its warnings on stderr and is used', async () => {
    const path = file(
      'risky.yaml',
      'calendar: c\ntimezone: UTC\nsessions: {s: {days: mon, hours: "09:00-10:00"}}\nholidays: [{date: 2026-11-24}]\n',
    );
    const { out, err, code } = await run(
      'sessions',
      path,
      '--from',
      '2026-11-23',
      '--to',
      '2026-11-23',
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toHaveLength(1);
    expect(err).toContain(':4:19 holidays.0.date: warning: changes no session');
  });

  it('that is missing is exit 2', async () => {
    const { err, code } = await run('bounds', join(folder, 'none.yaml'), '--at', '0');
    expect(code).toBe(2);
    expect(err).toContain('none.yaml');
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calendarCommand } from '../../src/cli/calendar.ts';
import { aDirectory } from '../config/files.ts';

interface Said {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

async function run(...args: readonly string[]): Promise<Said> {
  const [out, err]: [string[], string[]] = [[], []];
  let code = 0;
  const io = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    setExitCode: (given: number) => {
      code = given;
    },
    color: false,
  };
  const command = calendarCommand(io);
  for (const each of [command, ...command.commands])
    each.exitOverride().configureOutput({ writeErr: (text) => void err.push(text) });
  try {
    await command.parseAsync([...args], { from: 'user' });
  } catch {
    code = 2;
  }
  return { out: out.join('\n'), err: err.join('\n'), code };
}

const DESK = `calendar: desk
timezone: America/New_York
sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
windows:
  - {name: market-hours, on: regular, floor: 2}
`;
const EARLY = `${DESK}earlyCloses:\n  - {date: 2026-11-27, close: "13:00"}\n`;
const RANGE = ['--from', '2026-11-23', '--to', '2026-11-29'];

async function files(given: Readonly<Record<string, string>>): Promise<(name: string) => string> {
  const directory = await aDirectory(given);
  return (name) => join(directory, name);
}

describe('bellwether calendar diff', () => {
  it('prints what changes and exits with 0, whatever it is', async () => {
    const at = await files({ 'a.yaml': DESK, 'b.yaml': EARLY });
    const { out, err, code } = await run(
      'diff',
      at('a.yaml'),
      at('b.yaml'),
      ...RANGE,
      '--gpus-per-replica',
      '8',
    );
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('-6 replica-hours, -48 GPU-hours at 8 GPUs a replica, 2026-11-23 to 2026-11-29');
    expect(out).toMatch(
      /^Fri 2026-11-27 {2}13:00-16:00 {2}18:00-21:00 {2}2 -> 0 {2,}-6 +-48 +-market-hours$/m,
    );
  });

  it('prints nothing on stdout where nothing changes', async () => {
    const at = await files({ 'a.yaml': DESK, 'b.yaml': `# ${DESK.replaceAll('\n', '\n# ')}\n${DESK}` });
    const { out, err, code } = await run('diff', at('a.yaml'), at('b.yaml'), ...RANGE);
    expect([out, code]).toEqual(['', 0]);
    expect(err).toMatch(/^nothing changes between .*: 1 compared$/);
  });

  it.each(['text', 'markdown', 'json'])(
    'exits with 1 for a new file that is wrong, as %s',
    async (format) => {
      const at = await files({ 'a.yaml': DESK, 'b.yaml': DESK.replace('floor: 2', 'floor: two') });
      const { err, code } = await run('diff', at('a.yaml'), at('b.yaml'), ...RANGE, '--format', format);
      expect([code, err]).toEqual([
        1,
        `${at('b.yaml')}:6:46 windows.0.floor: must be a whole number of replicas, was "two"`,
      ]);
    },
  );

  it('shows the new file alone, and says so, where the old one does not parse', async () => {
    const at = await files({ 'a.yaml': 'calendar: [', 'b.yaml': DESK });
    const { out, err, code } = await run('diff', at('a.yaml'), at('b.yaml'), ...RANGE);
    expect(code).toBe(1);
    expect(out).toContain('asks for 65 replica-hours');
    expect(err).toMatch(/a\.yaml is broken there, so only .*b\.yaml is shown/);
  });

  it.each([
    ['one file', ['a.yaml'], 'needs OLD and NEW, or --git BASE...HEAD, was 1 file'],
    [
      'a missing file',
      ['a.yaml', 'nowhere.yaml'],
      'nowhere.yaml: must be a file that can be read, was missing',
    ],
    [
      'dates in the wrong order',
      ['a.yaml', 'a.yaml', '--from', '2026-11-02', '--to', '2026-11-01'],
      '--to must not be before 2026-11-02, was 2026-11-01',
    ],
    [
      'more than ten years',
      ['a.yaml', 'a.yaml', '--from', '2026-11-02', '--to', '2036-11-30'],
      '--to must be within 3660 days of 2026-11-02',
    ],
    [
      'a date that does not exist',
      ['a.yaml', 'a.yaml', '--from', '2026-02-30'],
      'It must be a date that exists',
    ],
    [
      'no GPU',
      ['a.yaml', 'a.yaml', '--gpus-per-replica', '0'],
      'It must be a number above 0 and at most 1000.',
    ],
    ['another format', ['a.yaml', 'a.yaml', '--format', 'xml'], 'Allowed choices are text, markdown, json.'],
  ])('exits with 2 for %s', async (_, args, message) => {
    const at = await files({ 'a.yaml': DESK });
    const { out, err, code } = await run(
      'diff',
      ...args.map((each) => (each.endsWith('.yaml') ? at(each) : each)),
    );
    expect([out, code]).toEqual(['', 2]);
    expect(err).toContain(message);
  });
});

describe('bellwether calendar test', () => {
  const TEST =
    'calendar: desk.yaml\nexpect:\n  - {at: "2026-11-30 12:00", floor: 1, windows: []}\n  - {at: "2026-11-30 08:00", floor: 0}\n';

  it('walks directories, sums up, and exits with 1 when a row is not met', async () => {
    const at = await files({
      'desk.yaml': DESK,
      'desk.test.yaml': TEST,
      'more/all.test.yml': TEST.replace('desk', '../desk').replace('floor: 1, windows: []', 'floor: 2'),
    });
    const { out, err, code } = await run('test', at(''));
    expect([out, code]).toEqual(['2 files, 4 expectations, 1 not met', 1]);
    expect(err.split('\n')).toHaveLength(2);
    expect(await run('test', at('more'))).toEqual({
      out: '1 file, 2 expectations, 0 not met',
      err: '',
      code: 0,
    });
  });

  it('prints one JSON document', async () => {
    const at = await files({ 'desk.yaml': DESK, 'desk.test.yaml': TEST });
    const { out, err, code } = await run('test', at('desk.test.yaml'), '--json');
    expect([err, code]).toEqual(['', 1]);
    expect(JSON.parse(out)).toMatchObject({
      files: [at('desk.test.yaml')],
      expectations: 2,
      failed: 1,
      failures: [
        {
          line: 3,
          column: 37,
          path: 'expect.0.floor',
          expected: '1',
          got: '2',
          why: expect.stringContaining('window market-hours (floor 2, desk.yaml:6)'),
        },
        { path: 'expect.0.windows', expected: '[]', got: '[market-hours]' },
      ],
      problems: [],
    });
  });

  it('exits with 2 for a file that is not there and with 1 for one that is wrong', async () => {
    const at = await files({ 'desk.test.yaml': 'calendar: desk.yaml\n' });
    expect((await run('test', at('nowhere.test.yaml'))).code).toBe(2);
    const { out, err, code } = await run('test', at('desk.test.yaml'));
    expect([code, out]).toEqual([1, '1 file, 0 expectations, 0 not met, 1 error']);
    expect(err).toContain('desk.test.yaml:1:1 expect: must be a list, was missing');
  });
});

describe('bellwether calendar preview --out', () => {
  it.each([
    ['desk.svg', /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" class="picture"/],
    ['desk.html', /^<!doctype html>/],
  ])('writes %s and nothing on stdout', async (name, beginning) => {
    const at = await files({ 'desk.yaml': DESK });
    expect(await run('preview', at('desk.yaml'), '--out', at(name))).toEqual({ out: '', err: '', code: 0 });
    expect(await readFile(at(name), 'utf8')).toMatch(beginning);
  });

  it.each([
    [['--out', 'desk.png'], '--out must end in .html or .svg, was "desk.png"'],
    [
      ['--out', '/nowhere/desk.svg'],
      '--out must be a file that can be written, /nowhere/desk.svg could not (ENOENT)',
    ],
    [['--from', '2026-11-01'], '--to must be given too'],
  ])('exits with 2 for %j', async (args, message) => {
    const at = await files({ 'desk.yaml': DESK });
    const { err, code } = await run('preview', at('desk.yaml'), ...args);
    expect([code, err]).toEqual([2, `error: ${message}`]);
  });
});

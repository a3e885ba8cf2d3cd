import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { builtCli } from '../support/built-cli.ts';
import { aFolder, runCli } from '../support/serve-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SAMPLES = `time,running,waiting,ready
2026-11-23T13:54:55Z,3,0,1
2026-11-23T13:55:00Z,3,0,1
2026-11-23T14:30:00Z,35,0,2
2026-11-23T14:30:30Z,35,0,2
2026-11-23T14:31:00Z,,,2
`;
const POLICY = `${ROOT}deploy/examples/policies/default.yaml`;
const CALENDAR = `${ROOT}calendars/us-equities.yaml`;

describe('the command line', { timeout: 60_000 }, () => {
  it('tells wrong usage (2) from wrong input (1), on stderr, and help from both', async () => {
    const results = await Promise.all([
      runCli(['replay', 'none.csv', '--policy', POLICY]),
      runCli(['sreve']),
      runCli(['--help']),
    ]);
    expect(results.map(({ code }) => code)).toEqual([2, 2, 0]);
    expect(results[0]?.stderr).toContain('none.csv');
    expect(results[1]?.stderr).toContain('Did you mean serve?');
    expect(results[2]?.stdout).toContain('Exit codes');
    expect(results[0]?.stdout).toBe('');
  });

  it('replays samples: a JSON object a row, or a table of the changes', async () => {
    const folder = await aFolder({ 'samples.csv': SAMPLES, 'wrong.csv': 'time,runing\n1,x\n' });
    const args = ['replay', '--policy', POLICY, '--calendar', CALENDAR];
    const [json, table, wrong] = await Promise.all([
      runCli([...args, '--json', `${folder.path}/samples.csv`]),
      runCli([...args, `${folder.path}/samples.csv`]),
      runCli([...args, `${folder.path}/wrong.csv`]),
    ]);
    const rows = json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { replicas: number; held: boolean; time: string });
    expect(rows.map(({ replicas }) => replicas)).toEqual([1, 2, 2, 4, 4]);
    expect(rows.map(({ held }) => held)).toEqual([false, false, false, false, true]);
    expect(rows[0]).toMatchObject({ time: '2026-11-23T13:54:55Z', buffer: 0 });
    expect(table.stdout).toContain('the calendar asks for at least 2 replicas (market-hours)');
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('did you mean "running"?');
    await folder.remove();
  });

  it('needs no time-zone data of the machine, and no TZ that is one', async () => {
    const args = ['calendar', 'bounds', CALENDAR, '--at', '2026-11-23T09:15:00-05:00', '--json'];
    const [here, ...elsewhere] = await Promise.all([
      runCli(args),
      runCli(args, { TZDIR: '/nowhere', TZ: 'No/Where' }),
      runCli(args, { TZDIR: '/nowhere', TZ: ':/nowhere/Asia/Tokyo' }),
      runCli(args, { TZDIR: '/nowhere', TZ: 'Asia/Tokyo' }),
    ]);
    expect(JSON.parse(here.stdout)).toMatchObject({ floor: 2, windows: ['market-hours'] });
    expect(elsewhere).toEqual(elsewhere.map(() => here));
  });

  it('says that a port is taken, and ends', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const folder = await aFolder({
      'bellwether.yaml': `prometheus: {url: "http://127.0.0.1:9"}\nlisten: {grpc: "127.0.0.1:0", http: "127.0.0.1:${port}"}\n`,
    });
    const result = await runCli(['serve', '--config', `${folder.path}/bellwether.yaml`]);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(`127.0.0.1:${port}`);
    taken.close();
    await folder.remove();
  });

  it('runs from what npm run build makes, and from source', () => {
    const build = spawnSync('npm', ['run', '-s', 'build'], { cwd: ROOT, encoding: 'utf8' });
    expect({ status: build.status, stdout: build.stdout }).toEqual({ status: 0, stdout: '' });
    const args = ['calendar', 'bounds', CALENDAR, '--at', '2026-11-27T17:59:59Z', '--json'];
    const [built, source] = [['dist/cli.js'], ['--import', 'tsx', 'src/cli.ts']].map(
      (program) => spawnSync(process.execPath, [...program, ...args], { cwd: ROOT, encoding: 'utf8' }).stdout,
    );
    expect(source).toBe(built);
    expect(JSON.parse(built ?? '')).toEqual({
      at: '2026-11-27T17:59:59Z',
      floor: 2,
      ceiling: null,
      policy: { smoothingFactor: 1 },
      windows: ['market-hours'],
      covered: true,
    });
  });

  it('says that its results cannot be written, with 2', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(
      process.execPath,
      [builtCli(), 'calendar', 'sessions', CALENDAR, '--from', '2026-11-02', '--to', '2026-11-06'],
      { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' },
    );
    closeSync(full);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: 'stdout: must be writable, was not: ENOSPC: no space left on device, write\n',
    });
  });
});

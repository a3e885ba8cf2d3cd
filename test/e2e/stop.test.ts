import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { builtCli } from '../support/built-cli.ts';
import { eventually, pause, REF, startWorld, type World } from '../support/fault-world.ts';
import { aRef, type KedaClient } from '../support/keda-client.ts';
import { freePort } from '../support/prometheus.ts';
import { aFolder, runCli } from '../support/serve-process.ts';

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});
async function aWorld(): Promise<World> {
  const world = await startWorld();
  worlds.push(world);
  return world;
}

/** Opens a stream; `ended` resolves with its status once it is over. */
function open(keda: KedaClient, index: number) {
  const stream = keda.stream(
    index % 2 === 0 ? 'StreamIsActive' : 'StreamMetricSpec',
    aRef(`so-${index}`, { model: 'mistral' }),
  );
  let opened: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    opened = resolve;
  });
  stream.on('data', () => opened());
  stream.on('metadata', () => opened());
  stream.on('error', () => {});
  const ended = new Promise<status>((resolve) =>
    stream.on('status', ({ code }: { code: status }) => resolve(code)),
  );
  return { first, ended };
}

const STREAMS = Number(process.env.BELLWETHER_STREAMS ?? 1_000);

describe('a stop', { timeout: 60_000 }, () => {
  it(`under load with ${STREAMS} streams ends all of them with OK, fails no call that runs, and exits 0 within 5 s`, async () => {
    const world = await aWorld();
    const streams = Array.from({ length: STREAMS }, (_, index) => open(world.keda, index));
    let stopping = false;
    let asked: number | null = null;
    const failed: unknown[] = [];
    let done = 0;
    const callers = Array.from({ length: 16 }, async () => {
      while (!stopping) {
        const before = asked === null;
        await world.keda.getMetrics(REF).then(
          () => done++,
          // A call that starts once the server has been told to stop goes to another replica.
          (reason: unknown) => before && failed.push(reason),
        );
      }
    });
    await Promise.all(streams.filter((_, index) => index % 2 === 1).map(({ first }) => first));
    await eventually(
      'some load',
      async () => done,
      (count) => count > 500,
    );
    const ends = streams.map(({ ended }) =>
      ended.then((code) => {
        stopping = true;
        return code;
      }),
    );
    asked = Date.now();
    world.process.signal('SIGTERM');
    expect(new Set(await Promise.all(ends))).toEqual(new Set([status.OK]));
    expect(await world.process.exit).toBe(0);
    expect(Date.now() - asked).toBeLessThan(5_000);
    await Promise.all(callers);
    expect(failed).toEqual([]);
  });

  it('that is asked for twice does not wait for those who do not leave', async () => {
    const world = await aWorld();
    const port = Number(world.process.httpAddress.split(':').at(-1));
    const lingering = connect(port, '127.0.0.1', () =>
      lingering.write('GET /v1/fleets HTTP/1.1\r\nHost: x\r\nX-Slow: '),
    );
    lingering.on('error', () => {});
    await pause(200);
    const asked = Date.now();
    world.process.signal('SIGTERM');
    await eventually(
      'the first signal',
      async () => world.process.log(),
      (lines) => lines.some(({ msg }) => msg === 'stopping'),
    );
    world.process.signal('SIGTERM');
    expect(await world.process.exit).toBe(1);
    expect(Date.now() - asked).toBeLessThan(2_000);
    lingering.destroy();
  });

  it.each(['grpc', 'http'])(
    'a start on an address that %s may not have ends with 2 and says which',
    async (which) => {
      const listen = { grpc: '127.0.0.1:0', http: '127.0.0.1:0', [which]: '192.0.2.1:6000' };
      const folder = await aFolder({
        'bellwether.yaml': `prometheus: {url: "http://127.0.0.1:9"}\nlisten: {grpc: "${listen.grpc}", http: "${listen.http}"}\n`,
      });
      const { code, stderr } = await runCli(['serve', '--config', `${folder.path}/bellwether.yaml`]);
      expect(code).toBe(2);
      expect(stderr).toContain(
        `listen.${which}: must be an address that can be bound, was 192.0.2.1:6000 (EADDRNOTAVAIL)`,
      );
      await folder.remove();
    },
  );

  it('is not forced by a full disk behind its log, nor held up by it', async () => {
    const port = await freePort();
    const folder = await aFolder({
      'bellwether.yaml': `prometheus: {url: "http://127.0.0.1:9"}\nlisten: {grpc: "127.0.0.1:0", http: "127.0.0.1:${port}"}\n`,
    });
    const full = openSync('/dev/full', 'w');
    const child = spawn(
      process.execPath,
      [builtCli(), 'serve', '--config', `${folder.path}/bellwether.yaml`],
      { stdio: ['ignore', full, full] },
    );
    closeSync(full);
    const ended = once(child, 'exit');
    const healthy = () =>
      fetch(`http://127.0.0.1:${port}/healthz`).then(
        ({ status: code }) => code,
        () => 0,
      );
    await eventually('a healthy scaler', healthy, (code) => code === 200);
    await pause(500);
    expect(await healthy()).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await folder.remove();
  });
});

import { credentials, makeGenericClientConstructor, status } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { IsActiveResponse } from '../../../src/serve/grpc/messages.ts';
import { startGrpcServer } from '../../../src/serve/grpc/server.ts';
import { anAnswer, fakeScaler, UNKNOWN } from '../../support/fake-scaler.ts';
import { aRunningCall, aWire, captureLog, until } from '../../support/grpc-harness.ts';
import { aRef, type Sleep } from '../../support/keda-client.ts';

describe('a stop', () => {
  it('ends open streams with OK, at once, and counts them so', async () => {
    const { keda, server, calls } = await aWire();
    const streams = (['StreamIsActive', 'StreamMetricSpec'] as const).flatMap((method) =>
      Array.from({ length: 50 }, () => keda.stream(method, aRef())),
    );
    const opened = streams.map((stream) => new Promise((resolve) => stream.once('data', resolve)));
    const ended = streams.map(
      (stream) => new Promise<{ code: number }>((resolve) => stream.once('status', resolve)),
    );
    await Promise.all(opened);
    const start = performance.now();
    await server.drain();
    // Nothing was waited for: the grace is 5 s.
    expect(performance.now() - start).toBeLessThan(4_000);
    expect((await Promise.all(ended)).map(({ code }) => code)).toEqual(Array(100).fill(status.OK));
    expect(new Set(calls)).toEqual(new Set(['StreamIsActive OK', 'StreamMetricSpec OK']));
    expect(calls).toHaveLength(100);
  });

  it('lets a call that runs finish', async () => {
    const scaler = fakeScaler(UNKNOWN);
    const { keda, server } = await aWire({ scaler });
    const { call, settle } = await aRunningCall({ scaler, keda });
    const drained = server.drain();
    settle(anAnswer(6, 5_000));
    expect((await call).metricValues[0]?.metricValue).toBe(6);
    await drained;
  });

  it('cuts what does not finish within the grace', async () => {
    const scaler = fakeScaler(UNKNOWN);
    const { keda, server, lines } = await aWire({ scaler, limits: { graceMs: 60, settleMs: 20_000 } });
    scaler.settle(new Promise(() => {}));
    const call = keda.getMetrics(aRef()).catch(({ code }: { code: number }) => code);
    await until(() => scaler.waited === 1, 'the call to wait');
    const start = performance.now();
    await server.drain();
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(await call).not.toBe(status.OK);
    expect(lines).toMatchObject([{ level: 'warn', msg: 'calls still open, connections are cut' }]);
  });

  it('may be asked for twice and happens once', async () => {
    const { server } = await aWire();
    expect(server.drain()).toBe(server.drain());
    await server.drain();
  });

  it('frees the port', async () => {
    const first = await aWire();
    await first.server.drain();
    const second = await aWire({ address: first.server.address });
    expect(second.server.port).toBe(first.server.port);
  });
});

describe('grpc.health.v1', () => {
  interface HealthClient {
    check(
      request: object,
      callback: (error: { code: number } | null, response: { status: string }) => void,
    ): void;
    watch(request: object): NodeJS.ReadableStream;
    close(): void;
  }

  function client(address: string): HealthClient {
    const Health = makeGenericClientConstructor(healthService, 'Health');
    const health = new Health(address, credentials.createInsecure()) as unknown as HealthClient;
    onTestFinished(() => health.close());
    return health;
  }

  it.each([
    { service: '', answer: 'SERVING' },
    { service: 'externalscaler.ExternalScaler', answer: 'SERVING' },
    { service: 'nobody', answer: status.NOT_FOUND },
  ])('answers $answer for "$service"', async ({ service, answer }) => {
    const { server } = await aWire();
    const got = await new Promise((resolve) =>
      client(server.address).check({ service }, (error, response) =>
        resolve(error ? error.code : response.status),
      ),
    );
    expect(got).toBe(answer);
  });

  it('tells its watchers of NOT_SERVING before the stop ends them', async () => {
    const { server } = await aWire();
    const heard: string[] = [];
    const watch = client(server.address).watch({ service: '' });
    watch.on('data', (message: { status: string }) => heard.push(message.status));
    const ended = new Promise<{ code: number }>((resolve) => watch.on('status', resolve));
    await until(() => heard.length === 1, 'the first status');
    server.setServing(false);
    server.setServing(true);
    await until(() => heard.length === 3, 'both changes');
    await server.drain();
    expect((await ended).code).toBe(status.OK);
    expect(heard).toEqual(['SERVING', 'NOT_SERVING', 'SERVING', 'NOT_SERVING']);
  });
});

describe("KEDA's stream loop against this server", () => {
  /** A sleep that only takes note and ends the loop after `rounds`. */
  function noting(rounds: number) {
    const sleeps: number[] = [];
    const controller = new AbortController();
    const sleep: Sleep = async (ms) => {
      sleeps.push(ms);
      if (sleeps.length === rounds) controller.abort();
    };
    return { sleeps, sleep, signal: controller.signal };
  }

  it('comes back after 2 s, for a drained server ends the stream with OK', async () => {
    const { keda, server } = await aWire();
    const { sleeps, sleep, signal } = noting(1);
    const heard: boolean[] = [];
    const loop = keda.followActivity(aRef(), {
      onMessage: ({ result }: IsActiveResponse) => heard.push(result),
      sleep,
      signal,
    });
    await until(() => heard.length === 1, 'the state at open');
    await server.drain();
    await loop;
    expect(sleeps).toEqual([2_000]);
  });

  it('backs off up to 60 s where it is refused', async () => {
    const { keda } = await aWire();
    const { sleeps, sleep, signal } = noting(7);
    await keda.followActivity(aRef('vllm', { bad: 'no' }), { onMessage: () => {}, sleep, signal });
    expect(sleeps).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('gets one spec for each time it opens StreamMetricSpec', async () => {
    const { keda, server } = await aWire();
    const { sleeps, sleep, signal } = noting(1);
    const specs: unknown[] = [];
    const loop = keda.followSpecs(aRef(), { onMessage: (message) => specs.push(message), sleep, signal });
    await until(() => specs.length === 1, 'the spec');
    await server.drain();
    await loop;
    expect({ specs: specs.length, sleeps }).toEqual({ specs: 1, sleeps: [2_000] });
  });
});

describe('starting', () => {
  it('says which address cannot be bound', async () => {
    const { server } = await aWire();
    const again = startGrpcServer({ scaler: fakeScaler(), address: server.address, log: captureLog().log });
    await expect(again).rejects.toThrow(
      `listen.grpc: must be an address that can be bound, was ${server.address} (EADDRINUSE)`,
    );
  });

  it.each(['6000', 'host', 'host:70000', ':6000', ''])('refuses the address "%s"', async (address) => {
    const start = startGrpcServer({ scaler: fakeScaler(), address, log: captureLog().log });
    await expect(start).rejects.toThrow(`listen.grpc: must be "host:port", was ${JSON.stringify(address)}`);
  });
});

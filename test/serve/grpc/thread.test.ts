import { status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GetMetricsResponse, IsActiveResponse } from '../../../src/serve/grpc/messages.ts';
import { startGrpcThread } from '../../../src/serve/grpc/thread/start.ts';
import { startWorker } from '../../../src/serve/start-worker.ts';
import { anAnswer, type FakeScaler, fakeScaler, UNKNOWN } from '../../support/fake-scaler.ts';
import { aRunningCall, captureLog, until } from '../../support/grpc-harness.ts';
import { aRef, KedaClient } from '../../support/keda-client.ts';

/** The server on its own thread, with a client on it; both are closed when the test ends. */
async function aThread(scaler: FakeScaler = fakeScaler(), limits = {}) {
  const { log, lines } = captureLog();
  const calls = new Map<string, number>();
  const server = await startGrpcThread({
    scaler,
    address: '127.0.0.1:0',
    log,
    limits: { graceMs: 300, ...limits },
    onCalls: (method, code, count) => {
      const call = `${method} ${code}`;
      calls.set(call, (calls.get(call) ?? 0) + count);
    },
  });
  const keda = new KedaClient(server.address);
  onTestFinished(async () => {
    keda.close();
    await server.drain();
  });
  return { scaler, server, keda, calls, lines };
}

const replicasIn = ({ metricValues }: GetMetricsResponse): number | undefined => metricValues[0]?.metricValue;
const replicasOf = async (keda: KedaClient, name = 'vllm'): Promise<number | undefined> =>
  replicasIn(await keda.getMetrics(aRef(name)));
const codeOf = (call: Promise<unknown>): Promise<{ code: status; details: string }> =>
  call.then(
    () => ({ code: status.OK, details: '' }),
    ({ code, details }: { code: status; details: string }) => ({ code, details }),
  );

describe('the thread of the RPCs', () => {
  it('resolves a trigger once, and answers by heart what each Snapshot brings', async () => {
    const { scaler, keda } = await aThread();
    expect(await replicasOf(keda)).toBe(2);
    scaler.set('llm/vllm', anAnswer(5, 5_000));
    await expect.poll(() => replicasOf(keda)).toBe(5);
    scaler.set('llm/vllm', anAnswer(0, 10_000));
    await expect.poll(async () => (await keda.isActive(aRef())).result).toBe(false);
    expect(await replicasOf(keda)).toBe(0);
    expect((await keda.getMetricSpec(aRef())).metricSpecs).toMatchObject([
      { metricName: 'bellwether-replicas' },
    ]);
    expect(scaler.resolved).toHaveLength(1);
  });

  it('tells fleets apart, and answers neither with the other one', async () => {
    const { scaler, keda } = await aThread();
    scaler.set('llm/a', anAnswer(3, 5_000));
    scaler.set('llm/b', anAnswer(7, 5_000));
    expect(await Promise.all(['a', 'b', 'a', 'b'].map((name) => replicasOf(keda, name)))).toEqual([
      3, 7, 3, 7,
    ]);
    scaler.set('llm/a', anAnswer(4, 10_000));
    await expect.poll(() => replicasOf(keda, 'a')).toBe(4);
    expect(await replicasOf(keda, 'b')).toBe(7);
  });

  it('answers while the thread of the fleets stands still', async () => {
    const { server, keda } = await aThread();
    expect(await replicasOf(keda)).toBe(2);
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const script = new URL('../../support/calling-thread.ts', import.meta.url);
    const client = startWorker(script, { address: server.address, shared });
    // Nothing of this thread runs until the call has been answered.
    expect(Atomics.wait(shared, 0, 0, 20_000)).toBe('ok');
    expect(shared[1]).toBe(2);
    await client.terminate();
  });

  it('asks why where nothing is known, and waits for a fleet that is decided for the first time', async () => {
    const { scaler, keda } = await aThread(
      fakeScaler(anAnswer(null, 5_000, { reason: 'Prometheus is gone' })),
    );
    expect(await codeOf(keda.getMetrics(aRef()))).toEqual({
      code: status.UNAVAILABLE,
      details: 'Prometheus is gone',
    });
    scaler.set('llm/new', UNKNOWN);
    scaler.settle(Promise.resolve(anAnswer(6, 5_000)));
    expect(await replicasOf(keda, 'new')).toBe(6);
    expect(scaler.waited).toBe(1);
  });

  it('says what is unknown but has a floor is active', async () => {
    const { keda } = await aThread(fakeScaler(anAnswer(null, 5_000, { floorAboveZero: true })));
    expect((await keda.isActive(aRef())).result).toBe(true);
  });

  it('refuses with the same words, and logs what is ours to mend with its cause, once', async () => {
    const { keda, lines } = await aThread();
    expect(await codeOf(keda.getMetrics(aRef('vllm', { bad: 'is wrong' })))).toEqual({
      code: status.INVALID_ARGUMENT,
      details: 'metadata.bad: is wrong',
    });
    expect((await codeOf(keda.isActive(aRef('vllm', { refused: 'x' })))).code).toBe(
      status.FAILED_PRECONDITION,
    );
    const { code, details } = await codeOf(keda.getMetrics(aRef('vllm', { throws: 'x' })));
    expect(code).toBe(status.INTERNAL);
    expect(details).not.toContain('secret inside');
    await until(() => lines.length > 0, 'the log line');
    expect(lines).toMatchObject([{ level: 'error', msg: 'call failed', method: 'GetMetrics' }]);
    expect(JSON.stringify(lines)).toContain('secret inside');
  });

  it('forgets what is forgotten, and reads triggers again after a reload', async () => {
    const { scaler, keda } = await aThread();
    await replicasOf(keda);
    scaler.forget('llm/vllm');
    scaler.set('llm/vllm', anAnswer(9, 5_000));
    await expect.poll(() => replicasOf(keda)).toBe(9);
    expect(scaler.resolved).toHaveLength(2);
    scaler.reload();
    await expect
      .poll(async () => {
        await replicasOf(keda);
        return scaler.resolved.length;
      })
      .toBe(3);
    expect(await replicasOf(keda)).toBe(9);
  });

  it('says which fleets are asked for, so that none of them is forgotten', async () => {
    const { scaler, keda } = await aThread();
    for (let call = 0; call < 3; call++) await replicasOf(keda);
    await until(() => scaler.asks.length > 0, 'the fleets that were asked for');
    expect(new Set(scaler.asks)).toEqual(new Set(['llm/vllm']));
  });

  it('pushes to streams, keeps their fleets from being forgotten, and lets go when they end', async () => {
    const { scaler, keda } = await aThread(fakeScaler(anAnswer(0, 5_000)));
    const stream = keda.stream<IsActiveResponse>('StreamIsActive', aRef());
    const pushed: boolean[] = [];
    stream.on('data', ({ result }: IsActiveResponse) => pushed.push(result)).on('error', () => {});
    await until(() => pushed.length === 1 && scaler.listeners === 1, 'the stream');
    scaler.set('llm/vllm', anAnswer(2, 10_000));
    await until(() => pushed.length === 2, 'the push');
    expect(pushed).toEqual([false, true]);
    stream.cancel();
    await until(() => scaler.listeners === 0, 'the stream to be let go');
  });

  it('counts calls by the name of their status', async () => {
    const { server, keda, calls } = await aThread();
    await Promise.all(Array.from({ length: 5 }, () => replicasOf(keda)));
    await codeOf(keda.getMetrics(aRef('vllm', { bad: 'x' })));
    await server.synced();
    await server.synced();
    expect(calls).toEqual(
      new Map([
        ['GetMetrics OK', 5],
        ['GetMetrics INVALID_ARGUMENT', 1],
      ]),
    );
  });

  it('stops as the server does: streams end with OK, a call that runs finishes, all are counted', async () => {
    const scaler = fakeScaler(UNKNOWN);
    const { server, keda, calls } = await aThread(scaler, { graceMs: 5_000 });
    const stream = keda.stream('StreamMetricSpec', aRef());
    await new Promise((resolve) => stream.once('data', resolve));
    const ended = new Promise<{ code: number }>((resolve) => stream.once('status', resolve));
    const { call, settle } = await aRunningCall({ scaler, keda });
    const drained = server.drain();
    settle(anAnswer(6, 5_000));
    expect(replicasIn(await call)).toBe(6);
    expect((await ended).code).toBe(status.OK);
    await drained;
    expect(server.drain()).toBe(server.drain());
    expect(calls).toEqual(
      new Map([
        ['StreamMetricSpec OK', 1],
        ['GetMetrics OK', 1],
      ]),
    );
  });

  it('says why it cannot listen', async () => {
    const { server } = await aThread();
    const second = startGrpcThread({ scaler: fakeScaler(), address: server.address, log: captureLog().log });
    await expect(second).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });
});

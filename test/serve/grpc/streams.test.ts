import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { IsActiveResponse } from '../../../src/serve/grpc/messages.ts';
import { REASSERT_MS } from '../../../src/serve/grpc/stream-is-active.ts';
import { anAnswer, fakeScaler, UNKNOWN } from '../../support/fake-scaler.ts';
import { aProxy, aWire, until, type Wire } from '../../support/grpc-harness.ts';
import { aRef, KedaClient } from '../../support/keda-client.ts';

/** Opens StreamIsActive and collects what it says. */
function follow({ keda }: Wire, ref = aRef()) {
  const heard: boolean[] = [];
  const stream = keda.stream<IsActiveResponse>('StreamIsActive', ref);
  const ended = new Promise<{ code: number; details: string }>((resolve) => stream.on('status', resolve));
  stream.on('data', ({ result }: IsActiveResponse) => heard.push(result));
  stream.on('error', () => {});
  return { heard, stream, ended };
}

describe('StreamIsActive', () => {
  it.each([
    { replicas: 2, first: true },
    { replicas: 0, first: false },
  ])('says $first at open for $replicas replicas', async ({ replicas, first }) => {
    const wire = await aWire({ scaler: fakeScaler(anAnswer(replicas)) });
    const { heard } = follow(wire);
    await until(() => heard.length > 0, 'the state at open');
    expect(heard).toEqual([first]);
  });

  it('says true when the fleet turns active, and never pushes a fall to zero', async () => {
    const wire = await aWire({ scaler: fakeScaler(anAnswer(0)) });
    const { heard } = follow(wire);
    await until(() => heard.length === 1, 'the state at open');
    for (const [at, replicas] of [0, 3, 3, 0, 0, 1].entries())
      wire.scaler.set('llm/vllm', { replicas, at: at * 5_000 });
    await until(() => heard.length === 3, 'both rises');
    expect(heard).toEqual([false, true, true]);
  });

  it('says true again every 30 s of decisions while the fleet stays active', async () => {
    const wire = await aWire({ scaler: fakeScaler(anAnswer(1, 0)) });
    const { heard } = follow(wire);
    await until(() => heard.length === 1, 'the state at open');
    const said: number[] = [];
    for (let at = 5_000; at <= 4 * REASSERT_MS; at += 5_000) {
      const before = heard.length;
      wire.scaler.set('llm/vllm', { replicas: 1, at });
      if (at % REASSERT_MS === 0) await until(() => heard.length > before, `the re-assertion at ${at}`);
      if (heard.length > before) said.push(at);
    }
    expect(said).toEqual([30_000, 60_000, 90_000, 120_000]);
    expect(heard.every(Boolean)).toBe(true);
  });

  it('says it again at different instants to streams that were opened together, once to each in 30 s', async () => {
    const wire = await aWire({ scaler: fakeScaler(anAnswer(1, 0)) });
    const streams = Array.from({ length: 24 }, () => follow(wire));
    await until(() => streams.every(({ heard }) => heard.length === 1), 'the state at open');
    const told = () => streams.reduce((sum, { heard }) => sum + heard.length, 0);
    for (const turn of [1, 2]) {
      const atOnce: number[] = [];
      for (let step = 1; step <= 6; step++) {
        const before = told();
        wire.scaler.set('llm/vllm', { replicas: 1, at: turn * REASSERT_MS + (step - 6) * 5_000 });
        // Behind the messages on the same connection.
        await wire.keda.isActive(aRef());
        atOnce.push(told() - before);
      }
      expect(Math.max(...atOnce)).toBeLessThanOrEqual(6);
      expect(streams.every(({ heard }) => heard.length === 1 + turn)).toBe(true);
    }
  });

  it('stays open and silent while nothing is known, and true comes with the first decision above zero', async () => {
    const wire = await aWire({ scaler: fakeScaler(UNKNOWN) });
    const { heard } = follow(wire);
    await until(() => wire.scaler.listeners === 1, 'the stream to be open');
    wire.scaler.set('llm/vllm', UNKNOWN);
    wire.scaler.set('llm/vllm', anAnswer(4, 5_000));
    await until(() => heard.length > 0, 'the first decision');
    expect(heard).toEqual([true]);
    expect(wire.scaler.waited).toBe(0);
  });

  it('says true for an unknown fleet under a floor', async () => {
    const wire = await aWire({ scaler: fakeScaler({ ...UNKNOWN, floorAboveZero: true }) });
    const { heard } = follow(wire);
    await until(() => heard.length > 0, 'the state at open');
    expect(heard).toEqual([true]);
  });

  it('takes a gap in what is known for no change', async () => {
    const wire = await aWire({ scaler: fakeScaler(anAnswer(2, 0)) });
    const { heard } = follow(wire);
    await until(() => heard.length === 1, 'the state at open');
    wire.scaler.set('llm/vllm', { replicas: null, at: 5_000 });
    wire.scaler.set('llm/vllm', { replicas: 2, at: 10_000 });
    wire.scaler.set('llm/vllm', { replicas: 0, at: 15_000 });
    wire.scaler.set('llm/vllm', { replicas: 1, at: 20_000 });
    await until(() => heard.length === 2, 'the rise after zero');
    expect(heard).toEqual([true, true]);
  });

  it('ends with INVALID_ARGUMENT for a trigger that is wrong', async () => {
    const wire = await aWire();
    const { ended } = follow(wire, aRef('vllm', { bad: 'no' }));
    expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'metadata.bad: no' });
    expect(wire.calls).toEqual(['StreamIsActive INVALID_ARGUMENT']);
  });

  it('leaves no subscription behind when the client cancels', async () => {
    const wire = await aWire();
    const open = Array.from({ length: 20 }, () => follow(wire));
    await until(() => open.every(({ heard }) => heard.length === 1), 'all streams');
    expect(wire.scaler.listeners).toBe(20);
    for (const { stream } of open) stream.cancel();
    await until(() => wire.scaler.listeners === 0, 'the subscriptions to go');
    expect(wire.calls).toEqual(Array(20).fill('StreamIsActive CANCELLED'));
  });

  it.each(['cut', 'frozen'] as const)(
    'leaves no subscription behind when the connection is %s',
    async (how) => {
      const wire = await aWire({ limits: { keepaliveMs: 50, keepaliveTimeoutMs: 100 } });
      const proxy = await aProxy(wire.server.port);
      const keda = new KedaClient(proxy.address);
      const { heard } = follow({ ...wire, keda });
      await until(() => heard.length === 1, 'the stream');
      if (how === 'cut') proxy.cut();
      else proxy.freeze();
      await until(() => wire.scaler.listeners === 0, 'the subscription to go');
      keda.close();
      expect(wire.calls).toEqual(['StreamIsActive CANCELLED']);
    },
  );

  it('leaves no timer behind: the re-assertion rides on the evaluations', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const wire = await aWire();
    await wire.keda.isActive(aRef());
    const before = timers();
    const open = Array.from({ length: 50 }, () => follow(wire));
    await until(() => open.every(({ heard }) => heard.length === 1), 'all streams');
    expect(timers()).toBeLessThan(before + 25);
    for (const { stream } of open) stream.cancel();
    await until(() => wire.scaler.listeners === 0, 'the subscriptions to go');
    expect(timers()).toBeLessThanOrEqual(before + 1);
  });

  it('opens 500 on one connection and tells all of them of the rise', async () => {
    const wire = await aWire({ scaler: fakeScaler(anAnswer(0)) });
    const open = Array.from({ length: 500 }, (_, index) => follow(wire, aRef(`fleet-${index}`)));
    await until(() => open.every(({ heard }) => heard.length === 1), '500 streams');
    for (let index = 0; index < 500; index += 1) wire.scaler.set(`llm/fleet-${index}`, anAnswer(1, 5_000));
    await until(() => open.every(({ heard }) => heard.length === 2), '500 rises');
    expect(open.every(({ heard }) => heard.join() === 'false,true')).toBe(true);
    expect((await wire.keda.evaluate(aRef('fleet-3'))).active).toBe(true);
  });

  it('refuses streams over its limit and goes on answering calls', async () => {
    const wire = await aWire({ limits: { streams: 3 } });
    const open = Array.from({ length: 3 }, () => follow(wire));
    await until(() => open.every(({ heard }) => heard.length === 1), 'the streams within the limit');
    const more = follow(wire);
    expect(await more.ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: 'too many open streams: at most 3 at a time',
    });
    expect((await wire.keda.evaluate(aRef())).active).toBe(true);
    open[0]?.stream.cancel();
    await until(() => wire.scaler.listeners === 2, 'one stream to go');
    const next = follow(wire);
    await until(() => next.heard.length === 1, 'the freed place');
  });

  it('queues nothing for a reader that does not read, and then tells it the newest', async () => {
    const wire = await aWire({ scaler: fakeScaler(anAnswer(0, 0)) });
    const { stream, heard } = follow(wire);
    await until(() => heard.length === 1, 'the state at open');
    stream.pause();
    for (let turn = 1; turn <= 60_000; turn += 1)
      wire.scaler.set('llm/vllm', anAnswer(turn % 2, turn * 5_000));
    wire.scaler.set('llm/vllm', anAnswer(1, 60_001 * 5_000));
    stream.resume();
    await until(() => heard.length > 1, 'the newest state');
    expect(heard.length).toBeLessThan(20);
    expect(heard.at(-1)).toBe(true);
  });
});

it('does not tell of a rise that was over before it could be sent', async () => {
  const wire = await aWire({ scaler: fakeScaler(anAnswer(0, 0)) });
  const { heard } = follow(wire);
  await until(() => heard.length === 1, 'the state at open');
  for (const [index, replicas] of [1, 0, 1, 0].entries())
    wire.scaler.set('llm/vllm', anAnswer(replicas, index * 5_000));
  await wire.keda.isActive(aRef());
  expect(heard).toEqual([false, true]);
});

describe('StreamMetricSpec', () => {
  it('sends the spec once at open, the same that GetMetricSpec answers, and stays open', async () => {
    const wire = await aWire();
    const heard: unknown[] = [];
    const stream = wire.keda.stream('StreamMetricSpec', aRef());
    stream.on('data', (message) => heard.push(message));
    stream.on('error', () => {});
    await until(() => heard.length === 1, 'the spec at open');
    for (let at = 0; at < 10; at += 1) wire.scaler.set('llm/vllm', anAnswer(at, at * 5_000));
    expect(await wire.keda.getMetricSpec(aRef())).toEqual(heard[0]);
    expect(heard).toHaveLength(1);
    expect(wire.calls).toEqual(['GetMetricSpec OK']);
    stream.cancel();
    await until(() => wire.calls.length === 2, 'the end');
    expect(wire.calls[1]).toBe('StreamMetricSpec CANCELLED');
  });

  it('ends with INVALID_ARGUMENT for a trigger that is wrong', async () => {
    const wire = await aWire();
    const stream = wire.keda.stream('StreamMetricSpec', aRef('vllm', { bad: 'no' }));
    stream.on('error', () => {});
    const end = await new Promise((resolve) => stream.on('status', resolve));
    expect(end).toMatchObject({ code: status.INVALID_ARGUMENT });
  });
});

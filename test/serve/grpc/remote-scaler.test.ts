import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { AnsweredFleet } from '../../../src/control/scaler.ts';
import type { FromThread } from '../../../src/serve/grpc/thread/messages.ts';
import { RemoteScaler } from '../../../src/serve/grpc/thread/remote-scaler.ts';
import { until } from '../../support/grpc-harness.ts';

/** So many fleets as the thread of the RPCs knows them, resolved and answered once. */
async function someFleets(count: number) {
  const posted: FromThread[] = [];
  const scaler = new RemoteScaler((message) => posted.push(message));
  const fleets = Array.from({ length: count }, async (_, index) => {
    const fleet = scaler.resolve({ namespace: 'llm', name: `vllm-${index}`, metadata: {} });
    const { call } = posted[posted.length - 1] as Extract<FromThread, { kind: 'resolve' }>;
    const answer = { replicas: 1, floorAboveZero: false, at: 0 };
    scaler.take({ kind: 'resolved', call, fleet: { id: index + 1, role: 'replicas', answer } });
    return (await fleet) as AnsweredFleet;
  });
  return { scaler, fleets: await Promise.all(fleets) };
}

function aSnapshot(count: number, replicas: number) {
  return {
    kind: 'answers',
    fleets: Float64Array.from({ length: count }, (_, index) => index + 1),
    replicas: new Float64Array(count).fill(replicas),
    at: new Float64Array(count).fill(5_000),
    floorAboveZero: new Uint8Array(count),
  } as const;
}

/** Takes as long as a message on a stream. */
function work(): void {
  const end = performance.now() + 0.1;
  while (performance.now() < end);
}

describe('answers on the thread of the RPCs', () => {
  it('are all there before any stream hears of one, and RPCs are answered while a thousand streams are told', async () => {
    const { scaler, fleets } = await someFleets(1_000);
    const heard: (number | null)[] = [];
    for (const fleet of fleets)
      scaler.subscribe(fleet, ({ replicas }) => {
        heard.push(replicas);
        work();
      });
    scaler.take(aSnapshot(1_000, 7));
    expect(new Set(fleets.map((fleet) => scaler.answer(fleet).replicas))).toEqual(new Set([7]));
    const turns = [heard.length];
    while (heard.length < 1_000) {
      await setImmediate();
      turns.push(heard.length);
    }
    const longest = Math.max(...turns.slice(1).map((told, turn) => told - (turns[turn] ?? 0)));
    expect(longest).toBeLessThan(500);
    expect(new Set(heard)).toEqual(new Set([7]));
  });

  it('are told to every stream, one Snapshot after the other, however soon they come', async () => {
    const { scaler, fleets } = await someFleets(50);
    const heard = new Map<AnsweredFleet, (number | null)[]>(fleets.map((fleet) => [fleet, []]));
    for (const [fleet, replicas] of heard)
      scaler.subscribe(fleet, (answer) => {
        replicas.push(answer.replicas);
        work();
      });
    for (const replicas of [7, 0, 5]) scaler.take(aSnapshot(50, replicas));
    await until(() => [...heard.values()].every(({ length }) => length === 3), 'all three');
    await setImmediate();
    expect(new Set([...heard.values()].map(String))).toEqual(new Set(['7,0,5']));
  });

  it('reach a stream that is opened while others are told, and none that has left', async () => {
    const { scaler, fleets } = await someFleets(3);
    const [first, second, third] = fleets as [AnsweredFleet, AnsweredFleet, AnsweredFleet];
    const heard: string[] = [];
    const leave = scaler.subscribe(second, () => heard.push('second'));
    scaler.subscribe(first, () => heard.push('first'));
    scaler.take(aSnapshot(3, 2));
    leave();
    scaler.subscribe(third, () => heard.push('third'));
    await until(() => heard.length === 2, 'both');
    expect(heard).toEqual(['first', 'third']);
  });
});

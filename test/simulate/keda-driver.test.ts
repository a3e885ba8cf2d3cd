import { afterEach, describe, expect, it } from 'vitest';
import { openBehavior } from '../../src/core/hpa-spec.ts';
import { connectExternalScaler } from '../../src/simulate/keda-client.ts';
import { createKedaDriver, type KedaDriver, type ScaledObjectSpec } from '../../src/simulate/keda-driver.ts';
import { startFakeScaler } from './fake-scaler.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Scene {
  /** What the scaler answers; null: UNAVAILABLE. */
  answer: number | null;
  replicas: number;
  readonly driver: KedaDriver;
  readonly calls: Record<string, number>;
}

async function scene(given: Partial<ScaledObjectSpec> & { readonly replicas: number }): Promise<Scene> {
  const { replicas, ...over } = given;
  const scaler = await startFakeScaler(() => state.answer);
  const target = {
    get specReplicas() {
      return state.replicas;
    },
    get statusReplicas() {
      return state.replicas;
    },
    scale(wanted: number) {
      state.replicas = wanted;
    },
  };
  const driver = createKedaDriver({
    client: connectExternalScaler(scaler.grpcAddress),
    target,
    scaledObject: {
      namespace: 'llm',
      name: 'vllm',
      metadata: { model: 'm' },
      minReplicaCount: 1,
      maxReplicaCount: 40,
      cooldownPeriodMs: 30_000,
      behavior: openBehavior(),
      ...over,
    },
  });
  const state: Scene = { answer: null, replicas, driver, calls: scaler.calls };
  closers.push(scaler.close, driver.close);
  return state;
}

describe('the driver, as the HPA', () => {
  it('lands on the answer in one sync, also inside the usual tolerance band', async () => {
    const it = await scene({ replicas: 20 });
    it.answer = 21;
    await it.driver.sync(0);
    expect(it.replicas).toBe(21);
  });

  it('falls only after the 30 s window', async () => {
    const it = await scene({ replicas: 10 });
    it.answer = 4;
    const seen: number[] = [];
    for (const now of [0, 15_000, 30_000, 45_000]) {
      await it.driver.sync(now);
      seen.push(it.replicas);
    }
    expect(seen).toEqual([10, 10, 4, 4]);
  });

  it('holds when the scaler cannot answer, after one retry', async () => {
    const it = await scene({ replicas: 7 });
    await it.driver.sync(0);
    expect(it.replicas).toBe(7);
    expect(it.driver.lastError).toContain('nothing is known');
    expect(it.calls).toEqual({ GetMetricSpec: 2, GetMetrics: 2 });
  });

  it('asks in the order GetMetricSpec, GetMetrics, IsActive, once each', async () => {
    const it = await scene({ replicas: 2 });
    it.answer = 2;
    await it.driver.sync(0);
    expect(it.calls).toEqual({ GetMetricSpec: 1, GetMetrics: 1, IsActive: 1 });
    expect(it.driver.lastError).toBeNull();
  });

  it('leaves a target at zero alone and asks nothing', async () => {
    const it = await scene({ replicas: 0, minReplicaCount: 0 });
    it.answer = 5;
    await it.driver.sync(0);
    expect([it.replicas, it.calls]).toEqual([0, {}]);
  });
});

describe("the driver, as KEDA's poll", () => {
  it('activates from zero to the minimum', async () => {
    const it = await scene({ replicas: 0, minReplicaCount: 0 });
    it.answer = 3;
    await it.driver.poll(0);
    expect(it.replicas).toBe(1);
  });

  it('does not move what runs: that is the HPA', async () => {
    const it = await scene({ replicas: 2 });
    it.answer = 9;
    await it.driver.poll(0);
    expect(it.replicas).toBe(2);
  });

  it('goes to zero once inactive for longer than the cooldown', async () => {
    const it = await scene({ replicas: 3, minReplicaCount: 0 });
    it.answer = 1;
    await it.driver.poll(0);
    it.answer = 0;
    await it.driver.poll(30_000);
    expect(it.replicas).toBe(3);
    await it.driver.poll(60_000);
    expect(it.replicas).toBe(0);
  });

  it('never goes to zero on an error', async () => {
    const it = await scene({ replicas: 3, minReplicaCount: 0 });
    await it.driver.poll(900_000);
    expect(it.replicas).toBe(3);
  });

  it('lifts what is below the minimum', async () => {
    const it = await scene({ replicas: 1, minReplicaCount: 2 });
    it.answer = 0;
    await it.driver.poll(0);
    expect(it.replicas).toBe(2);
  });
});

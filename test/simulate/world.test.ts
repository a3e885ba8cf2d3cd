import { describe, expect, it } from 'vitest';
import { demoMorning } from '../../src/simulate/morning.ts';
import { firstTokenStats, quantile } from '../../src/simulate/stats.ts';
import {
  CHAT_TOKENS,
  FORTY_ANALYSTS,
  relativeIntensity,
  tradingMorning,
} from '../../src/simulate/workload.ts';
import { createWorld } from '../../src/simulate/world.ts';
import { aRequest } from './morning-fixture.ts';

const { start, open, end } = demoMorning();

function questions(seed: number) {
  return tradingMorning({
    seed,
    from: start,
    to: end,
    open,
    volume: 1,
    analysts: FORTY_ANALYSTS,
    tokens: CHAT_TOKENS,
    clientTimeoutMs: 30_000,
  });
}

describe('the morning', () => {
  it('is 07:30 to 10:30 in New York on 2026-11-23, the bell at 09:30', () => {
    expect([start, open, end].map((at) => new Date(at).toISOString())).toEqual([
      '2026-11-23T12:30:00.000Z',
      '2026-11-23T14:30:00.000Z',
      '2026-11-23T15:30:00.000Z',
    ]);
  });

  it('brings the same questions for the same seed and others for another', () => {
    expect(questions(1)).toEqual(questions(1));
    expect(questions(1)).not.toEqual(questions(2));
  });

  it('brings questions in order, inside the morning, each with its client deadline', () => {
    const all = questions(1);
    expect(all.map(({ arrivedAt }) => arrivedAt)).toEqual(
      all.map(({ arrivedAt }) => arrivedAt).sort((a, b) => a - b),
    );
    expect(all.every(({ arrivedAt }) => arrivedAt >= start && arrivedAt < end)).toBe(true);
    expect(all.every(({ arrivedAt, deadline }) => deadline - arrivedAt === 30_000)).toBe(true);
  });

  it('has at least the forty analysts in its first minute, and nearly nobody at eight', () => {
    const between = (from: number, to: number) =>
      questions(1).filter(({ arrivedAt }) => arrivedAt >= from && arrivedAt < to).length;
    expect(between(open, open + 60_000)).toBeGreaterThanOrEqual(40);
    expect(between(open - 90 * 60_000, open - 89 * 60_000)).toBeLessThan(5);
  });

  it('has token lengths with the means they are named for', () => {
    const all = questions(1);
    const mean = (of: (request: (typeof all)[number]) => number) =>
      all.reduce((sum, request) => sum + of(request), 0) / all.length;
    expect(mean(({ promptTokens }) => promptTokens) / 1155).toBeCloseTo(1, 1);
    expect(mean(({ outputTokens }) => outputTokens) / 211).toBeCloseTo(1, 1);
  });

  it('has intensities that come to about one session, the burst added', () => {
    // The burst: from 6 down to the plateau of 1.3 with a time constant of 10 minutes, so (6 - 1.3) x 10 minutes.
    const minutes = Array.from({ length: 390 }, (_, minute) => relativeIntensity(minute));
    const sum = minutes.reduce((total, value) => total + value, 0) + (6 - 1.3) * 10;
    expect(sum / 390).toBeGreaterThan(0.9);
    expect(sum / 390).toBeLessThan(1.2);
  });
});

describe('a world', () => {
  const run = (replicas: number, stride: number) => {
    const world = createWorld({ seed: 1, start, requests: questions(1), initialReplicas: replicas });
    for (let at = start; at <= end; at += stride) {
      world.advance(at);
      if (at === open - 60_000) world.scale(replicas + 1);
    }
    return world.stats();
  };

  it('comes out the same for the same seed, however often it is looked at', () => {
    expect(run(1, 5_000)).toEqual(run(1, 5_000));
    expect(run(1, 5_000)).toEqual(run(1, 1_000));
  });

  it('shows why two warm replicas at the bell are worth having', () => {
    const cold = createWorld({ seed: 1, start, requests: questions(1), initialReplicas: 1 });
    const warm = createWorld({ seed: 1, start, requests: questions(1), initialReplicas: 2 });
    for (const world of [cold, warm]) world.advance(end);
    expect(cold.stats().all.failed).toBeGreaterThan(50);
    expect(warm.stats().all.failed).toBe(0);
    expect(warm.stats().all.p99 ?? Number.POSITIVE_INFINITY).toBeLessThan(2_500);
  });

  it('counts GPU-hours of all its replicas', () => {
    const world = createWorld({ seed: 1, start, requests: [], initialReplicas: 2, gpusPerReplica: 4 });
    world.advance(start + 3_600_000);
    expect(world.stats().gpuHours).toBe(8);
  });

  it('writes down each change of spec.replicas once', () => {
    const world = createWorld({ seed: 1, start, requests: [], initialReplicas: 1 });
    world.advance(start + 5_000);
    for (const replicas of [1, 3, 3, 2]) world.scale(replicas);
    expect(world.stats().scaleEvents).toEqual([
      { at: start + 5_000, from: 1, to: 3 },
      { at: start + 5_000, from: 3, to: 2 },
    ]);
  });
});

describe('first-token statistics', () => {
  const record = (firstTokenAt: number | null, failed: 'timeout' | null = null) => ({
    request: aRequest(),
    firstTokenAt,
    finishedAt: firstTokenAt,
    failed,
  });

  it('count a failure as slower than everything', () => {
    const records = [record(100), record(3_000), record(null, 'timeout'), record(200)];
    expect(firstTokenStats(records, 2_000)).toMatchObject({
      p50: 200,
      p95: null,
      p99: null,
      late: 2,
      failed: 1,
    });
  });

  it('leave a request undecided while it may still get its first token', () => {
    expect(firstTokenStats([record(100), record(null)], 2_000)).toMatchObject({
      p99: 100,
      inFlight: 1,
      late: 0,
    });
  });

  it('have no quantile of nothing', () => {
    expect(firstTokenStats([], 2_000)).toMatchObject({ p50: null, requests: 0 });
  });

  it.each([
    [0.5, 2],
    [0.95, 4],
    [0, 1],
    [1, 4],
  ])('use the nearest rank: quantile %d of 1..4 is %d', (q, expected) => {
    expect(quantile([1, 2, 3, 4], q)).toBe(expected);
  });
});

import { describe, expect, it } from 'vitest';
import { PROFILES, type ReplicaProfile } from '../../src/simulate/profiles.ts';
import { createRandom, exponential } from '../../src/simulate/random.ts';
import { Replica } from '../../src/simulate/replica.ts';
import { aRequest } from './morning-fixture.ts';

/** Poisson arrivals of equal requests at one replica; times in ms. */
function openLoop(
  profile: ReplicaProfile,
  perSecond: number,
  { count, promptTokens, outputTokens }: { count: number; promptTokens: number; outputTokens: number },
) {
  const random = createRandom('open loop', perSecond);
  const arrivals: number[] = [];
  const firstToken: number[] = [];
  let perToken = 0;
  const replica = new Replica(profile, 0, {
    firstToken: ({ id, arrivedAt }, at) => {
      firstToken[id] = at - arrivedAt;
    },
    finished: ({ id, arrivedAt }, at) => {
      perToken += (at - arrivedAt - (firstToken[id] ?? 0)) / (outputTokens - 1);
    },
    failed: () => undefined,
  });
  let at = 0;
  for (let id = 0; id < count; id++) {
    at += exponential(random, 1000 / perSecond);
    arrivals.push(at);
    replica.submit(aRequest({ id, arrivedAt: at, promptTokens, outputTokens }), at);
  }
  replica.advance(at + 1e9);
  const ascending = [...firstToken].sort((a, b) => a - b);
  return {
    perToken: perToken / count,
    firstToken: firstToken.reduce((sum, ms) => sum + ms, 0) / count,
    firstTokenP50: ascending[count >> 1] ?? Number.NaN,
  };
}

describe('a replica under open load, against measured ones', () => {
  // Lengths are stand-ins with the published means; AccelMark, 5 requests per second on one card.
  const STAND_IN = { count: 3_000, promptTokens: 230, outputTokens: 200 };

  it.each([
    { name: 'a100-llama-3-8b', perToken: 13.2, firstTokenP50: 39 },
    { name: 'h100-llama-3-8b-vllm-0.7.3', perToken: 9.5, firstTokenP50: 27 },
  ] as const)('$name takes the measured times', ({ name, perToken, firstTokenP50 }) => {
    const simulated = openLoop(PROFILES[name], 5, STAND_IN);
    expect(simulated.perToken / perToken).toBeGreaterThan(0.88);
    expect(simulated.perToken / perToken).toBeLessThan(1.1);
    expect(simulated.firstTokenP50 / firstTokenP50).toBeGreaterThan(0.88);
    expect(simulated.firstTokenP50 / firstTokenP50).toBeLessThan(1.1);
  });
});

describe('a replica with a batch of one', () => {
  /** One at a time, always as long: M/D/1, whose mean wait is rho x service / (2 (1 - rho)). */
  const profile: ReplicaProfile = { ...PROFILES['a10g-mistral-7b'], maxNumSeqs: 1, apiMs: 0, b: 0, c: 0 };
  const firstStep = profile.a + profile.d * 500;
  const service = firstStep + 9 * profile.a;

  it.each([0.3, 0.5, 0.7])('keeps the mean wait of M/D/1 at a load of %d', (rho) => {
    const { firstToken } = openLoop(profile, (1000 * rho) / service, {
      count: 60_000,
      promptTokens: 500,
      outputTokens: 10,
    });
    const expected = (rho * service) / (2 * (1 - rho));
    expect((firstToken - firstStep) / expected).toBeGreaterThan(0.96);
    expect((firstToken - firstStep) / expected).toBeLessThan(1.04);
  });
});

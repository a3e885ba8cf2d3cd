import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROFILES, type ReplicaProfile } from '../../src/simulate/profiles.ts';
import { createRandom, exponential } from '../../src/simulate/random.ts';
import { Replica } from '../../src/simulate/replica.ts';
import type { SimRequest } from '../../src/simulate/request.ts';
import { aLog, aRequest } from './morning-fixture.ts';
import { StepwiseReplica } from './stepwise-replica.ts';

/** The A10G's rule for Llama-2-7B, whose KV is four times as large; the card that nm-vllm's CI measured. */
const A10G_LLAMA_2: ReplicaProfile = {
  ...PROFILES['a10g-mistral-7b'],
  name: 'a10g-llama-2-7b',
  a: 26,
  c: 0.000_91,
  kvCapacityTokens: 11_800,
};

/** Keeps `clients` requests in flight until `total` have finished; when the last one did, ms. */
function closedLoop(
  profile: ReplicaProfile,
  clients: number,
  total: number,
  lengths: Partial<SimRequest>,
): number {
  let sent = 0;
  let endedAt = 0;
  const due: number[] = [];
  const replica = new Replica(profile, 0, { ...aLog(), finished: (_, at) => due.push(at) });
  const send = (at: number) => replica.submit(aRequest({ id: sent++, arrivedAt: at, ...lengths }), at);
  for (let client = 0; client < Math.min(clients, total); client++) send(0);
  for (let at = 1; replica.inFlight > 0; at++) {
    replica.advance(at);
    for (const end of due.splice(0)) {
      endedAt = end;
      if (sent < total) send(at);
    }
  }
  return endedAt;
}

describe('a replica, against measured ones', () => {
  // Request lengths are stand-ins where the source publishes only means; the band is the one the model was fitted to.
  const BAND = { low: 0.88, high: 1.1 };
  const STAND_IN = { promptTokens: 230, outputTokens: 200 };

  it.each([
    { name: 'A100 Llama-3-8B', profile: PROFILES['a100-llama-3-8b'], measured: 10.77 },
    { name: 'H100 Llama-3-8B, vLLM 0.7.3', profile: PROFILES['h100-llama-3-8b-vllm-0.7.3'], measured: 7.74 },
    { name: 'RTX 3090 Llama-3-8B', profile: PROFILES['rtx3090-llama-3-8b'], measured: 21.47 },
    { name: 'H100 Llama-3.1-8B', profile: PROFILES['h100-llama-3.1-8b'], measured: 7.0 },
  ])('takes the measured time per token for one client: $name', ({ profile, measured }) => {
    const log = aLog();
    const replica = new Replica(profile, 0, log);
    replica.submit(aRequest(STAND_IN), 0);
    replica.advance(60_000);
    const perToken =
      ((log.finishes.get(0) ?? 0) - (log.firstTokens.get(0) ?? 0)) / (STAND_IN.outputTokens - 1);
    expect(perToken / measured).toBeGreaterThan(BAND.low);
    expect(perToken / measured).toBeLessThan(BAND.high);
  });

  it.each([
    { name: 'A100 Llama-3-8B', profile: PROFILES['a100-llama-3-8b'], measured: 712 },
    { name: 'H100 Llama-3-8B, vLLM 0.7.3', profile: PROFILES['h100-llama-3-8b-vllm-0.7.3'], measured: 907 },
    { name: 'RTX 3090 Llama-3-8B', profile: PROFILES['rtx3090-llama-3-8b'], measured: 310 },
  ])('generates the measured tokens per second for eight clients: $name', ({ profile, measured }) => {
    const total = 200;
    const perSecond = (total * STAND_IN.outputTokens * 1000) / closedLoop(profile, 8, total, STAND_IN);
    expect(perSecond / measured).toBeGreaterThan(BAND.low);
    expect(perSecond / measured).toBeLessThan(BAND.high);
  });

  it('finishes the measured requests per second offline: A10G Llama-2-7B, 256 in and 128 out', () => {
    const total = 300;
    const perSecond =
      (total * 1000) / closedLoop(A10G_LLAMA_2, total, total, { promptTokens: 256, outputTokens: 128 });
    expect(perSecond / 3.82).toBeGreaterThan(BAND.low);
    expect(perSecond / 3.82).toBeLessThan(BAND.high);
  });

  it('takes the measured time per token at a batch of 64: H100 Llama-3.1-8B, 128 in and 128 out', () => {
    const log = aLog();
    const replica = new Replica(PROFILES['h100-llama-3.1-8b'], 0, log);
    for (let id = 0; id < 64; id++) replica.submit(aRequest({ id, promptTokens: 128, outputTokens: 128 }), 0);
    replica.advance(60_000);
    const perToken = ((log.finishes.get(63) ?? 0) - (log.firstTokens.get(63) ?? 0)) / 127;
    expect(perToken / 8.7).toBeGreaterThan(BAND.low);
    expect(perToken / 8.7).toBeLessThan(BAND.high);
  });
});

describe('a replica', () => {
  const profile = PROFILES['a10g-mistral-7b'];

  it('gives the first token after the request overhead and one step of prefill', () => {
    const log = aLog();
    const replica = new Replica(profile, 0, log);
    replica.submit(aRequest({ promptTokens: 1000 }), 0);
    replica.advance(1_000);
    expect(log.firstTokens.get(0)).toBeCloseTo(15 + 28 + 0.28 * 1000, 6);
  });

  it('prefills a prompt above max_num_batched_tokens in chunks, one step each', () => {
    const log = aLog();
    const replica = new Replica(profile, 0, log);
    replica.submit(aRequest({ promptTokens: 5000 }), 0);
    replica.advance(10_000);
    expect(log.firstTokens.get(0)).toBeCloseTo(15 + 3 * 28 + 0.28 * 5000, 6);
  });

  it('shows what waits for KV cache as waiting and not as running', () => {
    const replica = new Replica(profile, 0, aLog());
    for (let id = 0; id < 60; id++)
      replica.submit(aRequest({ id, promptTokens: 1500, outputTokens: 800 }), 0);
    replica.advance(20_000);
    expect(replica.running).toBeLessThanOrEqual(27);
    expect(replica.running + replica.waiting).toBe(60);
    expect(replica.kvCacheUsage).toBeGreaterThan(0.9);
  });

  it('admits no more than max_num_seqs', () => {
    const replica = new Replica({ ...profile, maxNumSeqs: 4 }, 0, aLog());
    for (let id = 0; id < 9; id++) replica.submit(aRequest({ id, promptTokens: 10 }), 0);
    replica.advance(100);
    expect([replica.running, replica.waiting]).toEqual([4, 5]);
  });

  it('fails a request at its deadline when no first token came, and frees its place', () => {
    const log = aLog();
    const replica = new Replica(profile, 0, log);
    replica.submit(aRequest({ promptTokens: 30_000, deadline: 2_000 }), 0);
    replica.advance(2_500);
    expect(log.failures.get(0)).toEqual({ at: 2_000, reason: 'timeout' });
    expect([replica.inFlight, replica.kvCacheUsage, replica.counters.aborted]).toEqual([0, 0, 1]);
  });

  it('lets a request finish that had its first token in time, however long it takes', () => {
    const log = aLog();
    const replica = new Replica(profile, 0, log);
    replica.submit(aRequest({ deadline: 2_000, outputTokens: 2_000 }), 0);
    replica.advance(200_000);
    expect(log.failures.size).toBe(0);
    expect(log.finishes.size).toBe(1);
  });

  it('refuses at once what can never fit its KV cache', () => {
    const log = aLog();
    new Replica(profile, 0, log).submit(aRequest({ promptTokens: 40_000, outputTokens: 1 }), 5);
    expect(log.failures.get(0)).toEqual({ at: 5, reason: 'too-long' });
  });

  it('fails everything it holds when its pod is killed', () => {
    const log = aLog();
    const replica = new Replica(profile, 0, log);
    for (let id = 0; id < 40; id++) replica.submit(aRequest({ id, promptTokens: 1500 }), 0);
    replica.kill(3_000);
    expect(log.failures.size + log.finishes.size).toBe(40);
    expect(replica.inFlight).toBe(0);
  });

  it('preempts the youngest when decoding fills the cache, and still finishes everything', () => {
    const log = aLog();
    const replica = new Replica({ ...profile, kvCapacityTokens: 3_000 }, 0, log);
    for (let id = 0; id < 6; id++) replica.submit(aRequest({ id, promptTokens: 490, outputTokens: 400 }), 0);
    replica.advance(600_000);
    expect(replica.counters.preemptions).toBeGreaterThan(0);
    expect(log.finishes.size).toBe(6);
    expect(replica.counters.generationTokens).toBe(6 * 400);
  });

  const arrivals = fc.array(
    fc.record({
      gap: fc.integer({ min: 0, max: 2_000 }),
      promptTokens: fc.integer({ min: 1, max: 2_500 }),
      outputTokens: fc.integer({ min: 1, max: 400 }),
      patience: fc.constantFrom(1_000, 30_000, Number.POSITIVE_INFINITY),
    }),
    { maxLength: 60 },
  );

  it('never exceeds its KV cache, never loses a request, and answers the same however often it is advanced', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 7, max: 5_000 }), (given, stride) => {
        const small = { ...profile, kvCapacityTokens: 4_000, maxNumSeqs: 8 };
        const outcomes = [stride, 1_000_000].map((step) => {
          const log = aLog();
          const replica = new Replica(small, 0, log);
          let at = 0;
          for (const [id, { gap, patience, ...lengths }] of given.entries()) {
            for (let between = at + step; between < at + gap; between += step) replica.advance(between);
            at += gap;
            replica.submit(aRequest({ id, arrivedAt: at, deadline: at + patience, ...lengths }), at);
            expect(replica.kvCacheUsage).toBeLessThanOrEqual(1);
            expect(log.finishes.size + log.failures.size + replica.inFlight).toBe(id + 1);
          }
          replica.advance(at + 10_000_000);
          expect([replica.inFlight, replica.kvCacheUsage]).toEqual([0, 0]);
          return [[...log.firstTokens], [...log.finishes], [...log.failures]];
        });
        expect(outcomes[0]).toEqual(outcomes[1]);
      }),
      { numRuns: 60, seed: 20_261_121 },
    );
  });

  it('answers as a model that computes every single step does, preemptions included', () => {
    const patient = fc.array(
      fc.record({
        gap: fc.integer({ min: 0, max: 2_000 }),
        promptTokens: fc.integer({ min: 1, max: 2_500 }),
        outputTokens: fc.integer({ min: 1, max: 300 }),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(patient, fc.constantFrom(3_000, 6_000, 40_000), (given, kvCapacityTokens) => {
        const small = { ...profile, kvCapacityTokens, maxNumSeqs: 8 };
        const [fast, plain] = [Replica, StepwiseReplica].map((Model) => {
          const log = aLog();
          const replica = new Model(small, 0, log);
          let at = 0;
          for (const [id, { gap, ...lengths }] of given.entries()) {
            at += gap;
            replica.submit(aRequest({ id, arrivedAt: at, ...lengths }), at);
          }
          replica.advance(at + 10_000_000);
          return { log, counters: replica.counters };
        });
        expect(fast?.counters.preemptions).toBe(plain?.counters.preemptions);
        expect(fast?.counters.generationTokens).toBe(plain?.counters.generationTokens);
        for (const id of given.keys()) {
          expect(fast?.log.firstTokens.get(id)).toBeCloseTo(plain?.log.firstTokens.get(id) ?? Number.NaN, 5);
          expect(fast?.log.finishes.get(id)).toBeCloseTo(plain?.log.finishes.get(id) ?? Number.NaN, 5);
        }
      }),
      { numRuns: 60, seed: 20_261_121 },
    );
  });

  it("keeps Little's law: mean in flight is arrivals per second times mean time in the system", () => {
    const log = aLog();
    const replica = new Replica(profile, 0, log);
    const random = createRandom('little');
    const horizon = 3_600_000;
    const arrivedAt: number[] = [];
    let area = 0;
    let before = 0;
    for (let at = exponential(random, 1_250); at < horizon; at += exponential(random, 1_250)) {
      for (; before + 20 < at; before += 20) {
        replica.advance(before);
        area += replica.inFlight * 20;
      }
      replica.submit(aRequest({ id: arrivedAt.length, arrivedAt: at }), at);
      arrivedAt.push(at);
    }
    replica.advance(horizon + 600_000);
    const meanTime =
      arrivedAt.reduce((sum, at, id) => sum + (log.finishes.get(id) ?? 0) - at, 0) / arrivedAt.length;
    const expected = (arrivedAt.length / horizon) * meanTime;
    expect(area / horizon / expected).toBeGreaterThan(0.98);
    expect(area / horizon / expected).toBeLessThan(1.02);
  });
});

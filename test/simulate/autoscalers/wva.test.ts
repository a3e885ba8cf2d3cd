import { describe, expect, it } from 'vitest';
import { WVA } from '../../../src/simulate/autoscalers/wva.ts';
import {
  createWvaAnalyzer,
  WVA_DEFAULTS,
  type WvaInput,
} from '../../../src/simulate/autoscalers/wva-saturation.ts';
import { aSetting, aView, prometheusOf } from './views.ts';

const idle = { kvCacheUsage: 0, queueLength: 0 };

function anInput(over: Partial<WvaInput> = {}): WvaInput {
  const replicas = over.replicas ?? [idle];
  return {
    replicas,
    kvTokens: 40_000,
    avgInputTokens: 1_000,
    avgOutputTokens: 200,
    schedulerQueue: 0,
    currentReplicas: replicas.length,
    readyReplicas: replicas.length,
    minReplicas: 1,
    maxReplicas: 10,
    // So large a batch that memory binds: k1 = 32,000 tokens.
    maxNumBatchedTokens: 1_000_000,
    maxNumSeqs: 256,
    ...over,
  };
}

describe("WVA's saturation analyzer", () => {
  it.each<{ name: string; input: WvaInput; desired: number }>([
    // 32,000 a replica; demand / 0.85 above what there is asks for more.
    {
      name: 'stays while 85 % suffice',
      input: anInput({ replicas: [{ ...idle, kvCacheUsage: 0.68 }] }),
      desired: 1,
    },
    { name: 'adds one beyond', input: anInput({ replicas: [{ ...idle, kvCacheUsage: 0.7 }] }), desired: 2 },
    {
      name: 'adds as many as are missing',
      input: anInput({ replicas: [{ kvCacheUsage: 0.8, queueLength: 4 }], schedulerQueue: 50 }),
      // (32,000 + 4 x 1,200 + 50 x 1,200) / 0.85 = 113,882 against 32,000.
      desired: 4,
    },
    {
      name: 'counts replicas that start as coming',
      input: anInput({
        replicas: [{ ...idle, kvCacheUsage: 0.8 }],
        currentReplicas: 2,
        readyReplicas: 1,
      }),
      desired: 2,
    },
    {
      name: 'takes away what 70 % leave over, of those that are ready',
      input: anInput({ replicas: [idle, idle, idle, { ...idle, kvCacheUsage: 0.8 }] }),
      // 4 x 32,000 - 32,000 / 0.7 = 82,286.
      desired: 2,
    },
    { name: 'keeps one', input: anInput({ replicas: [idle, idle] }), desired: 1 },
    {
      name: 'keeps its minimum',
      input: anInput({ replicas: [idle, idle, idle], minReplicas: 2 }),
      desired: 2,
    },
    {
      name: 'stops at its maximum',
      input: anInput({ replicas: [{ ...idle, kvCacheUsage: 0.8 }], schedulerQueue: 5_000 }),
      desired: 10,
    },
  ])('$name', ({ input, desired }) => {
    expect(createWvaAnalyzer(WVA_DEFAULTS).analyze(input).desired).toBe(desired);
  });

  it('learns from a long queue what a replica computes, and remembers it', () => {
    const analyzer = createWvaAnalyzer(WVA_DEFAULTS);
    const busy = anInput({ replicas: [{ kvCacheUsage: 0.5, queueLength: 5 }] });
    expect(analyzer.analyze(busy).perReplicaCapacity).toBe(20_000);
    expect(analyzer.analyze(anInput()).perReplicaCapacity).toBe(20_000);
    // Another length of outputs is another history.
    expect(analyzer.analyze(anInput({ avgOutputTokens: 600 })).perReplicaCapacity).toBe(32_000);
  });

  it('derives it from the batch before that', () => {
    const derived = anInput({ maxNumBatchedTokens: 60 });
    // 60 x 200 / 1,200 sequences of 1,100 tokens.
    expect(createWvaAnalyzer(WVA_DEFAULTS).analyze(derived).perReplicaCapacity).toBe(11_000);
  });

  it('takes the lower median of its replicas', () => {
    const replicas = [
      { kvCacheUsage: 0.5, queueLength: 6 },
      { kvCacheUsage: 0.25, queueLength: 6 },
    ];
    expect(createWvaAnalyzer(WVA_DEFAULTS).analyze(anInput({ replicas })).perReplicaCapacity).toBe(10_000);
  });
});

describe('simulated WVA', () => {
  it('reaches the HPA through its own gauge, once that was scraped', () => {
    const wva = WVA.create(aSetting());
    const run = (name: string, now: number) => {
      const pod = { name: 'a', at: now, running: 20, waiting: 4, finished: 50, kvCacheUsage: 0.8 };
      const rates = { finished: 1, promptTokens: 1_000, generationTokens: 200 };
      const rate = (counter: string) => rates[counter as keyof typeof rates];
      const prometheus = { ...prometheusOf([pod]), rate };
      return wva.duties.find((duty) => duty.name === name)?.run(aView({ now, prometheus, atGateway: 60 }));
    };
    expect(run('hpa-sync', 0)).toBeNull();
    expect(run('wva-optimize', 1_000)).toBeNull();
    expect(run('hpa-sync', 15_000)).toBeNull();
    expect(run('wva-scrape', 16_000)).toBeNull();
    // (32,000 + 64 x 1,200) / 0.85 tokens at 32,000 a replica.
    expect(run('hpa-sync', 30_000)).toBe(4);
  });
});

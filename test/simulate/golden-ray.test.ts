import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RayStory, rayFields, runRayStory } from '../../src/simulate/golden-ray.ts';

const stories = readFileSync(new URL('../golden/ray-serve-2.60.0.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => RayStory.parse(JSON.parse(line)));

describe("Ray Serve's own recorded answers", () => {
  it('are decided alike to the last replica, with the guards off', () => {
    expect(stories).toHaveLength(40);
    expect(stories.reduce((sum, story) => sum + story.ticks.length, 0)).toBe(6_660);
    expect(stories.flatMap((story) => runRayStory(story).differ)).toEqual([]);
  });

  it('fall from 17 to 10 once while 304 requests are ongoing on one replica, and ours do not', () => {
    const guarded = stories.flatMap((story) => runRayStory(story).guarded);
    expect(guarded).toHaveLength(1);
    expect(guarded[0]).toMatchObject({ ongoing: 303.757, running: 1, target: 17, recorded: 10, ours: 17 });
  });

  it.each<{ name: string; change: (config: RayStory['config']) => Partial<RayStory['config']> }>([
    {
      name: 'target',
      change: (config) => ({ target_ongoing_requests: config.target_ongoing_requests * 1.3 }),
    },
    { name: 'up factor', change: (config) => ({ upscaling_factor: (config.upscaling_factor ?? 1) * 0.8 }) },
    {
      name: 'down factor',
      change: (config) => ({ downscaling_factor: (config.downscaling_factor ?? 1) * 0.7 }),
    },
    { name: 'lower bound', change: (config) => ({ min_replicas: config.min_replicas + 1 }) },
    { name: 'upper bound', change: (config) => ({ max_replicas: config.max_replicas - 1 }) },
    { name: 'upscale delay', change: (config) => ({ upscale_delay_s: config.upscale_delay_s + 5 }) },
    { name: 'downscale delay', change: (config) => ({ downscale_delay_s: config.downscale_delay_s + 5 }) },
    {
      name: 'delay to zero',
      change: (config) => ({
        downscale_to_zero_delay_s: (config.downscale_to_zero_delay_s ?? config.downscale_delay_s) + 5,
      }),
    },
  ])('notice a wrong $name', ({ change }) => {
    const differing = stories.filter((story) => {
      const config = { ...story.config, ...change(story.config) };
      return runRayStory({ ...story, config }).differ.length > 0;
    });
    expect(differing.length).toBeGreaterThan(0);
  });

  it('turn the consolidation guard off, which Ray does not have', () => {
    const [story] = stories;
    expect(story && rayFields(story.config, false).guards).toEqual({ consolidation: false });
  });
});

interface BreakableStep {
  readonly module: string;
  readonly step: string;
}

describe('golden reports a step that is broken', () => {
  afterEach(() => {
    vi.resetModules();
  });

  it.each<BreakableStep>([
    { module: 'demand', step: 'demandStep' },
    { module: 'gain', step: 'gainStep' },
    { module: 'bounds', step: 'boundsStep' },
    { module: 'burst', step: 'burstStep' },
    { module: 'delay', step: 'delayStep' },
    { module: 'guards', step: 'guardsStep' },
    { module: 'landing', step: 'landingStep' },
    { module: 'clamp', step: 'clampStep' },
  ])('$step', async ({ module, step }) => {
    const path = `../../src/policy/${module}.ts`;
    vi.resetModules();
    vi.doMock(path, async (original) => {
      const real = (await original()) as Record<string, (...args: unknown[]) => { out: number | null }>;
      const broken = (...args: unknown[]): unknown => {
        const result = real[step]?.(...args);
        return { ...result, out: result?.out === null || result === undefined ? null : result.out + 1 };
      };
      return { ...real, [step]: broken };
    });
    const fresh = await import('../../src/simulate/golden-ray.ts');
    expect(stories.slice(0, 5).flatMap((story) => fresh.runRayStory(story).differ).length).toBeGreaterThan(0);
    vi.doUnmock(path);
  });

  it('that aggregates signals wrongly', async () => {
    vi.resetModules();
    vi.doMock('../../src/signal/window.ts', async (original) => {
      const real = (await original()) as typeof import('../../src/signal/window.ts');
      return {
        ...real,
        aggregate: (...args: Parameters<typeof real.aggregate>) => (real.aggregate(...args) ?? 0) * 1.2,
      };
    });
    const fresh = await import('../../src/simulate/golden-ray.ts');
    expect(stories.slice(0, 5).flatMap((story) => fresh.runRayStory(story).differ).length).toBeGreaterThan(0);
    vi.doUnmock('../../src/signal/window.ts');
  });
});

import { describe, expect, it } from 'vitest';
import type { KnobValues } from '../../../src/simulate/autoscalers/peer.ts';
import { isBetter, tune } from '../../../src/simulate/evaluate/tune.ts';

/** Cost falls with the threshold until requests come late; a floor costs and helps. */
const world = async (settings: readonly KnobValues[]) =>
  settings.map(({ threshold = 0, floor = 0 }) => ({
    gpuHours: 100 - threshold + 5 * floor,
    within: threshold <= 20 + 10 * floor ? 0.999 : 0.9,
  }));

describe('tune', () => {
  it('finds the cheapest setting that is in time where one knob decides', async () => {
    const knobs = { threshold: [10, 20, 30, 40], floor: [0] };
    const { best, defaults, tried } = await tune({ threshold: 10, floor: 0 }, knobs, world);
    expect(best.values).toEqual({ threshold: 20, floor: 0 });
    expect(defaults.score.gpuHours).toBe(90);
    expect(tried).toBe(4);
  });

  it('comes back to the first knob when a later one has made room for it', async () => {
    const { best } = await tune(
      { threshold: 40, floor: 0 },
      { threshold: [40, 50], floor: [0, 2, 3] },
      world,
    );
    expect(best.values).toEqual({ threshold: 50, floor: 3 });
  });

  it('scores no setting twice', async () => {
    const seen: string[] = [];
    await tune({ threshold: 10, floor: 0 }, { threshold: [10, 20], floor: [0, 1] }, (settings) => {
      seen.push(...settings.map((values) => JSON.stringify([values.threshold, values.floor])));
      return world(settings);
    });
    expect(new Set(seen).size).toBe(seen.length);
  });

  it.each([
    { name: 'in time before cheap', a: [0.999, 90], b: [0.98, 10], better: true },
    { name: 'the cheaper of two in time', a: [0.994, 80], b: [0.999, 90], better: true },
    { name: 'the one that misses less where both do', a: [0.97, 90], b: [0.95, 10], better: true },
    { name: 'equals are not better', a: [0.999, 90], b: [0.999, 90], better: false },
  ])('prefers $name', ({ a, b, better }) => {
    const scored = ([within = 0, gpuHours = 0]: readonly number[]) => ({ within, gpuHours });
    expect(isBetter(scored(a), scored(b))).toBe(better);
  });
});

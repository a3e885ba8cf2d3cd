import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  createKpa,
  KPA_DEFAULTS,
  type Kpa,
  type KpaSpec,
  withinScale,
} from '../../../src/simulate/autoscalers/knative-kpa.ts';
import { createSecondsWindow } from '../../../src/simulate/autoscalers/knative-window.ts';
import { runGoldenFile } from '../../../src/simulate/golden.ts';
import { differingTicks, KnativeStory } from '../../../src/simulate/golden-knative.ts';

const text = readFileSync(new URL('../../golden/knative-kpa.jsonl', import.meta.url), 'utf8');
const stories = text
  .trim()
  .split('\n')
  .map((line) => KnativeStory.parse(JSON.parse(line)));

describe('the KPA, against recorded answers of Knative Serving 0.51', () => {
  it('has all 40 stories', () => {
    expect(stories).toHaveLength(40);
  });

  it.each(stories.map((story, index) => ({ index, shape: story.spec.shape, story })))(
    'gives every answer of story $index ($shape)',
    ({ story }) => {
      expect(differingTicks(story)).toEqual([]);
    },
  );

  const broken: readonly [string, (spec: KnativeStory['spec']) => Partial<KnativeStory['spec']>][] = [
    ['targetUtilization', (spec) => ({ targetUtilization: spec.targetUtilization * 0.9 })],
    ['maxScaleUpRate', (spec) => ({ maxScaleUpRate: Math.min(1.2, spec.maxScaleUpRate * 0.9) })],
    ['maxScaleDownRate', () => ({ maxScaleDownRate: 1.05 })],
    ['panicThreshold', (spec) => ({ panicThreshold: spec.panicThreshold * 2 })],
    ['stableWindow_s', (spec) => ({ stableWindow_s: spec.stableWindow_s * 2 })],
    ['scaleDownDelay_s', (spec) => ({ scaleDownDelay_s: spec.scaleDownDelay_s + 30 })],
    ['activationScale', (spec) => ({ activationScale: spec.activationScale + 3 })],
    ['panicAtStart', (spec) => ({ panicAtStart: !spec.panicAtStart })],
    ['targetBurstCapacity', (spec) => ({ targetBurstCapacity: spec.targetBurstCapacity + 5 })],
    ['minScale', (spec) => ({ minScale: spec.minScale + 1 })],
    ['maxScale', () => ({ maxScale: 2 })],
  ];
  it.each(broken)('is told from one with another %s', (_field, change) => {
    const noticed = stories.filter(
      (story) => differingTicks({ ...story, spec: { ...story.spec, ...change(story.spec) } }).length > 0,
    );
    expect(noticed.length).toBeGreaterThanOrEqual(3);
  });

  it('names story and tick of a difference in the report, and the line of what is no story', () => {
    const [story] = text.trim().split('\n');
    const changed = (story ?? '').replace('"targetUtilization":0.7', '"targetUtilization":0.5');
    const report = runGoldenFile(changed);
    expect(report.differ).toBeGreaterThan(0);
    expect(report.lines[0]).toMatch(
      /^story 1, tick 0: differs in .*recorded 21\/21\/0\/1, ours 30\/30\/0\/1$/,
    );
    expect(() => runGoldenFile(`${story}\n{"source":"knative.dev/serving v0.51.0"}`)).toThrow(
      'line 2: spec: Invalid input',
    );
  });
});

describe('the KPA', () => {
  const spec: KpaSpec = { ...KPA_DEFAULTS, containerTarget: 10 };
  /** Scales at each second of [from, to), every other one, after writing `concurrency` for it. */
  function drive(kpa: Kpa, [from, to]: readonly [number, number], concurrency: number, ready: number) {
    let last = null;
    for (let second = from; second < to; second++) {
      kpa.record(second, concurrency);
      if (second % 2 === 0) last = kpa.scale(second, ready);
    }
    return last;
  }

  it('asks for nothing, not for zero, while nobody reported for a stable window', () => {
    const kpa = createKpa(spec, 0, 1);
    expect(kpa.scale(2, 1)).toBeNull();
    kpa.record(3, 7);
    expect(kpa.scale(4, 1)).not.toBeNull();
    expect(kpa.scale(63, 1)?.stable).toBe(0);
    expect(kpa.scale(64, 1)).toBeNull();
  });

  it('panics at twice what is ready, holds the peak, and leaves a stable window later', () => {
    const kpa = createKpa(spec, 0, 1);
    drive(kpa, [0, 60], 7, 1);
    expect(kpa.inPanic).toBe(false);
    const burst = drive(kpa, [60, 70], 70, 1);
    expect(burst?.desired).toBe(10);
    expect(kpa.inPanic).toBe(true);
    const calm = drive(kpa, [70, 76], 7, 10);
    expect(calm?.desired).toBe(10);
    drive(kpa, [76, 130], 7, 10);
    expect(kpa.inPanic).toBe(true);
    // Half of what is ready is the most it gives back in one tick.
    expect(drive(kpa, [130, 140], 7, 10)?.desired).toBe(5);
    expect(kpa.inPanic).toBe(false);
  });

  it('starts in panic over more than one pod, so that a restart cannot shrink the revision', () => {
    const kpa = createKpa(spec, 0, 8);
    expect(drive(kpa, [0, 60], 0, 8)?.desired).toBe(8);
    expect(drive(kpa, [60, 70], 0, 8)?.desired).toBe(4);
  });

  it.each([
    { name: 'lifts to min-scale', desired: 1, min: 2, max: 5, within: 2 },
    { name: 'cuts at max-scale', desired: 9, min: 2, max: 5, within: 5 },
    { name: 'reads a max-scale of 0 as none', desired: 9, min: 2, max: 0, within: 9 },
  ])('$name', ({ desired, min, max, within }) => {
    expect(withinScale(desired, min, max)).toBe(within);
  });
});

describe('the window of seconds', () => {
  it('averages a young series over the seconds it has, and gaps as nothing', () => {
    const window = createSecondsWindow(10);
    window.record(100, 6);
    expect(window.average(100)).toBe(6);
    window.record(102, 6);
    expect(window.average(102)).toBe(4);
  });

  it('forgets what is older than itself while no new value comes', () => {
    const window = createSecondsWindow(4);
    for (const second of [0, 1, 2, 3]) window.record(second, second);
    expect([3, 4, 5, 6, 7].map((second) => window.average(second))).toEqual([1.5, 2, 2.5, 3, 0]);
  });

  it('starts anew after a whole window of silence', () => {
    const window = createSecondsWindow(4);
    window.record(0, 8);
    window.record(4, 2);
    expect(window.average(4)).toBe(2);
    expect(window.average(5)).toBe(2);
  });

  it('adds what comes twice in a second', () => {
    const window = createSecondsWindow(4);
    window.record(0, 1);
    window.record(0, 2);
    expect(window.average(0)).toBe(3);
  });
});

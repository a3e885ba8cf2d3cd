import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationRule, formatDuration, parseDuration } from '../../src/core/duration.ts';
import { fleetKey } from '../../src/core/fleet.ts';
import { formatInstant, gridInstant, parseInstant } from '../../src/core/instant.ts';
import { didYouMean, nearest } from '../../src/core/nearest.ts';
import { mergeFields, resolvePolicy } from '../../src/core/policy.ts';

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
    ['0', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '30', '-5s', '5', 's', '5s5m', '5s 5m', '1h1h', '5 s', '1e3s', '9e99d', '999999999999999d'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it('names what a bare number most likely means', () => {
    expect(durationRule('30')).toContain('did you mean "30s"?');
    expect(durationRule(true)).not.toContain('did you mean');
  });
});

describe('an instant', () => {
  it.each([
    ['1790000000', 1_790_000_000_000],
    ['1790000000.5', 1_790_000_000_500],
    ['2026-11-27T14:30:00Z', Date.UTC(2026, 10, 27, 14, 30)],
    ['2026-11-27T09:30-05:00', Date.UTC(2026, 10, 27, 14, 30)],
  ])('%s is one', (text, ms) => {
    expect(parseInstant(text)).toBe(ms);
  });

  it.each(['2026-11-27T09:30', '2026-11-27', 'now', '', '2026-13-01T00:00:00Z'])(
    '%j is none, in any zone of the machine',
    (text) => {
      expect(parseInstant(text)).toBeUndefined();
    },
  );

  it('is written in UTC with seconds, and lies on the grid of Unix time', () => {
    expect(formatInstant(1_790_000_000_000)).toBe('2026-09-21T14:13:20Z');
    expect(gridInstant(1_790_000_004_999, 5_000)).toBe(1_790_000_000_000);
  });
});

describe('a misspelt word', () => {
  it.each([
    ['minReplica', 'minReplicas'],
    ['maen', 'mean'],
    ['deflt', 'default'],
    ['UPSCALEDELAY', 'upscaleDelay'],
  ])('%s probably means %s', (word, meant) => {
    expect(nearest(word, ['mean', 'maxReplicas', 'minReplicas', 'upscaleDelay', 'default'])).toBe(meant);
  });

  it('is left alone when nothing is near', () => {
    expect(didYouMean('elephant', ['mean', 'max'])).toBe('');
  });
});

describe('the key of a fleet', () => {
  const id = { namespace: 'llm', name: 'vllm', role: 'replicas' as const, model: 'm', matchLabels: {} };

  it('does not depend on the order of labels', () => {
    expect(fleetKey({ ...id, matchLabels: { a: '1', b: '2' } })).toBe(
      fleetKey({ ...id, matchLabels: { b: '2', a: '1' } }),
    );
  });

  it('keeps parts apart whatever is in them', () => {
    const part = fc.string({ maxLength: 6 });
    fc.assert(
      fc.property(part, part, part, part, (a, b, c, d) => {
        fc.pre(a !== c || b !== d);
        expect(fleetKey({ ...id, namespace: a, name: b })).not.toBe(
          fleetKey({ ...id, namespace: c, name: d }),
        );
      }),
    );
  });
});

describe('policy layers', () => {
  it("resolve to the ADR's and Ray Serve's defaults", () => {
    expect(resolvePolicy({ maxReplicas: 4 })).toMatchObject({
      minReplicas: 1,
      maxReplicas: 4,
      targetOngoingRequests: 10,
      upscaleDelay: 30_000,
      downscaleDelay: 300_000,
      downscaleToZeroDelay: 300_000,
      upscalingFactor: 1,
      downscalingFactor: 1,
      lookBackPeriod: 30_000,
      aggregation: 'mean',
      burst: null,
      buffer: null,
      mode: 'active',
    });
  });

  it('win from the top: policy, metadata, window; groups field by field', () => {
    const policy = { maxReplicas: 4, upscaleDelay: 1, burst: { threshold: 2, hold: 7 } };
    expect(
      resolvePolicy(policy, { upscaleDelay: 2, burst: { threshold: 3 } }, { upscaleDelay: 3 }),
    ).toMatchObject({
      upscaleDelay: 3,
      burst: { threshold: 3, hold: 7 },
    });
  });

  it('set both factors of their own layer by smoothingFactor, unless it names one itself', () => {
    const market = { smoothingFactor: 1 };
    expect(resolvePolicy({ smoothingFactor: 0.5 }, market)).toMatchObject({
      upscalingFactor: 1,
      downscalingFactor: 1,
    });
    expect(resolvePolicy({ smoothingFactor: 0.5, upscalingFactor: 2 })).toMatchObject({
      upscalingFactor: 2,
      downscalingFactor: 0.5,
    });
    expect(mergeFields({ upscalingFactor: 3 }, market).upscalingFactor).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { POLICY_DOCS } from '../../src/config/policy-docs.ts';
import { readPolicy } from '../../src/config/policy-document.ts';
import { PolicyFields, resolvePolicy } from '../../src/core/policy.ts';

const told = (policy: object) =>
  readPolicy({ policy: 'p', maxReplicas: 4, ...policy }).issues.map(
    ({ severity, path, message }) => `${severity} ${path.join('.')}: ${message}`,
  );

describe('readPolicy', () => {
  it('reads the ADR’s policy without a word', () => {
    const adr = {
      minReplicas: 1,
      targetOngoingRequests: 10,
      upscaleDelay: '30s',
      downscaleDelay: '300s',
      smoothingFactor: 0.5,
    };
    expect(told(adr)).toEqual([]);
    expect(readPolicy({ policy: 'p', maxReplicas: 4, ...adr }).value).toMatchObject({
      downscaleDelay: 300_000,
      smoothingFactor: 0.5,
    });
  });

  it('wants a name and maxReplicas', () => {
    expect(readPolicy({}).issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([
      'policy: must be text, was missing',
      'maxReplicas: must be a number, was missing',
    ]);
  });

  it.each([
    [
      'minReplicas above maxReplicas',
      { minReplicas: 5 },
      'error minReplicas: must be at most maxReplicas (4), was 5',
    ],
    [
      'initialReplicas below minReplicas',
      { minReplicas: 2, initialReplicas: 1 },
      'error initialReplicas: must be at least minReplicas (2), was 1',
    ],
    [
      'initialReplicas below the default minReplicas',
      { initialReplicas: 0 },
      'error initialReplicas: must be at least minReplicas (1), was 0',
    ],
    [
      'initialReplicas above maxReplicas',
      { initialReplicas: 5 },
      'error initialReplicas: must be at most maxReplicas (4), was 5',
    ],
    [
      'a signal alone that is not configured',
      { signals: { only: 'waiting' } },
      'error signals.only: must name a signal that is configured here, was "waiting"',
    ],
    [
      'a buffer whose least is above its most',
      { buffer: { min: 3, max: 2 } },
      'error buffer.min: must be at most buffer.max (2), was 3',
    ],
    [
      'a cold start above its limit',
      { coldStart: { default: '40m', max: '30m' } },
      'error coldStart.default: must be at most coldStart.max (30m), was 40m',
    ],
    [
      'a burst without a threshold',
      { burst: { hold: '1m' } },
      'error burst.threshold: must be a number greater than 0, was missing (without it there is no burst)',
    ],
    [
      'a delay shorter than the window',
      { upscaleDelay: '10s' },
      'warning upscaleDelay: upscaleDelay (10s) is shorter than lookBackPeriod (30s): the average lags behind the delay',
    ],
    [
      'a window longer than the default delay',
      { lookBackPeriod: '1m' },
      'warning lookBackPeriod: upscaleDelay (30s) is shorter than lookBackPeriod (1m): the average lags behind the delay',
    ],
    [
      'a delay to zero that is never reached',
      { downscaleToZeroDelay: '10m' },
      'warning downscaleToZeroDelay: has no effect while minReplicas is 1: zero is never reached',
    ],
    [
      'sleep sooner than a start',
      { minReplicas: 0, downscaleToZeroDelay: '1m' },
      'warning downscaleToZeroDelay: zero is reached after 1m, sooner than a cold start takes (coldStart.default 5m)',
    ],
    [
      'a factor that is overridden',
      { smoothingFactor: 0.5, upscalingFactor: 1, downscalingFactor: 1 },
      'warning smoothingFactor: has no effect beside upscalingFactor and downscalingFactor',
    ],
    [
      'rounding out of no band',
      { landing: { roundUp: true } },
      'warning landing.roundUp: has no effect while landing.tolerance is 0: there is no band to round out of',
    ],
    ['a factor of 0', { smoothingFactor: 0 }, 'error smoothingFactor: must be greater than 0, was 0'],
    ['replicas in quotes', { minReplicas: '2' }, 'error minReplicas: must be a number, was "2"'],
    [
      'a misspelt choice',
      { aggregation: 'meen' },
      'error aggregation: must be one of "mean", "max", "min", "last" (did you mean "mean"?), was "meen"',
    ],
    [
      'a misspelt key of a group',
      { signals: { query: { promlq: 'up', promql: 'up', target: 1, cap: 2 } } },
      'error signals.query.promlq: must be a known key (did you mean "promql"?)',
    ],
    [
      'windows that do not ascend',
      { signals: { arrivalRate: { windows: ['5m', '1m'] } } },
      'error signals.arrivalRate.windows: must ascend',
    ],
    [
      'a window that is too long',
      { signals: { arrivalRate: { windows: ['1m', '2h'] } } },
      'error signals.arrivalRate.windows.1: must be from 10s to 30m, was "2h"',
    ],
    [
      'a history that holds no week',
      { signals: { arrivalRate: { season: { history: '2d' } } } },
      'warning signals.arrivalRate.season.history: 2d of history hold no week: weekends and holidays are not told from other days',
    ],
    [
      'a look-back period that the arrival rate does not look at',
      { preset: 'arrival-rate', lookBackPeriod: '1m' },
      'warning lookBackPeriod: has no effect on the arrival rate, which has windows of its own and is read alone',
    ],
    [
      'a burst that nothing tells',
      { preset: 'arrival-rate', burst: { threshold: 2 } },
      'warning burst: has no effect while the arrival rate is read alone: a burst is told by ongoing requests',
    ],
    [
      'sleep that comes with a preset',
      { preset: 'arrival-rate', minReplicas: 0 },
      'warning minReplicas: zero is reached after 1m30s, sooner than a cold start takes (coldStart.default 5m)',
    ],
    [
      'a preset that nobody has',
      { preset: 'arrival-rates' },
      'error preset: must be one of "ray", "arrival-rate" (did you mean "arrival-rate"?), was "arrival-rates"',
    ],
  ])('tells of %s', (_, policy, issue) => {
    expect(told(policy)).toEqual([issue]);
  });

  it('lays what is given over its preset, each signal by itself', () => {
    const read = (policy: object) => readPolicy({ policy: 'p', maxReplicas: 4, ...policy });
    expect(read({ preset: 'arrival-rate' })).toEqual({
      issues: [],
      value: {
        maxReplicas: 4,
        upscaleDelay: 0,
        downscaleDelay: 90_000,
        delay: { apply: 'max' },
        signals: { only: 'arrivalRate', arrivalRate: {} },
      },
    });
    const signals = { arrivalRate: { perReplica: 2 } };
    expect(read({ preset: 'arrival-rate', downscaleDelay: '5m', signals }).value).toMatchObject({
      upscaleDelay: 0,
      downscaleDelay: 300_000,
      signals: { only: 'arrivalRate', arrivalRate: { perReplica: 2 } },
    });
    expect(read({ preset: 'ray' }).value).toEqual({ maxReplicas: 4 });
  });

  it('says nothing of a window that only takes the last value', () => {
    expect(told({ upscaleDelay: '0s', aggregation: 'last' })).toEqual([]);
  });

  it('checks the rules across fields also where another field is wrong', () => {
    expect(told({ minReplicas: 5, upscaleDelay: 30 }).length).toBe(2);
  });
});

describe('the documentation of policy fields', () => {
  it('knows every field, and its default is what holds', () => {
    const policy = resolvePolicy({ burst: { threshold: 1 }, buffer: {} });
    for (const key of Object.keys(PolicyFields.shape)) expect(POLICY_DOCS.has(key), key).toBe(true);
    for (const [path, { default: value }] of POLICY_DOCS) {
      if (value === undefined) continue;
      const written = at(PolicyFields.parse(nested(path, value)), path);
      expect(written, path).toEqual(at(policy, path));
    }
  });
});

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);
}

function nested(path: string, value: unknown): unknown {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

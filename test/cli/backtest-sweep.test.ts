import { describe, expect, it } from 'vitest';
import { sweepOver } from '../../src/cli/backtest-sweep.ts';
import { withPreset } from '../../src/core/presets.ts';
import { frontierOf } from '../../src/simulate/backtest/frontier.ts';

const BASE = { targetOngoingRequests: 7, downscaleDelay: 60_000, burst: { threshold: 2 } };
const labels = (...given: string[]) => sweepOver(BASE, given).map(({ label }) => label);
const fields = (base: object, ...given: string[]) =>
  sweepOver(base, given).map((contestant) => (contestant.kind === 'policy' ? contestant.fields : {}));

describe('a sweep', () => {
  it('is every combination, the last field fastest', () => {
    expect(labels('targetOngoingRequests=4..6', 'upscaleDelay=0s,30s')).toEqual([
      'targetOngoingRequests=4 upscaleDelay=0s',
      'targetOngoingRequests=4 upscaleDelay=30s',
      'targetOngoingRequests=5 upscaleDelay=0s',
      'targetOngoingRequests=5 upscaleDelay=30s',
      'targetOngoingRequests=6 upscaleDelay=0s',
      'targetOngoingRequests=6 upscaleDelay=30s',
    ]);
  });

  it('takes a range with a step, and says a value once', () => {
    expect(labels('targetOngoingRequests=2..9..3,5')).toEqual(
      [2, 5, 8].map((n) => `targetOngoingRequests=${n}`),
    );
  });

  it('varies only what it names', () => {
    expect(fields(BASE, 'upscaleDelay=5s')).toEqual([{ ...BASE, upscaleDelay: 5_000 }]);
  });

  it('reaches into groups and keeps what is beside it there', () => {
    expect(fields(BASE, 'burst.hold=30s')).toEqual([{ ...BASE, burst: { threshold: 2, hold: 30_000 } }]);
    const preset = withPreset('arrival-rate', { signals: { arrivalRate: { perReplica: 2 } } });
    expect(fields(preset, 'signals.arrivalRate.headroom=0.5')[0]?.signals).toEqual({
      only: 'arrivalRate',
      arrivalRate: { perReplica: 2, headroom: 0.5 },
    });
  });

  it('leaves the replica limits to the backtest, unless they are what is swept', () => {
    expect(fields(BASE, 'upscaleDelay=5s')[0]).not.toHaveProperty('maxReplicas');
    expect(fields(BASE, 'maxReplicas=3,4').map((each) => 'maxReplicas' in each && each.maxReplicas)).toEqual([
      3, 4,
    ]);
  });

  it.each([
    { given: ['targetOngoingRequest=4'], says: 'did you mean "targetOngoingRequests"?' },
    { given: ['upscaleDelay=5'], says: 'did you mean "5s"?' },
    { given: ['upscaleDelay'], says: 'must be field=values' },
    { given: ['upscaleDelay='], says: 'must be field=values' },
    { given: ['targetOngoingRequests=9..4'], says: 'a range must ascend' },
    { given: ['targetOngoingRequests=1..999999999'], says: 'a range must ascend to at most 200 values' },
    {
      given: ['targetOngoingRequests=1..150', 'upscaleDelay=0s,1s'],
      says: 'at most 200 settings, came to 300',
    },
    { given: ['upscaleDelay=0s', 'upscaleDelay=1s'], says: 'upscaleDelay is named twice' },
    { given: ['__proto__.x=1'], says: 'must be a known key' },
  ])('refuses $given', ({ given, says }) => {
    expect(() => sweepOver(BASE, given)).toThrow(says);
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe('the frontier', () => {
  it('is whom nobody beats in one without being beaten in the other', () => {
    const points = [
      { cost: 3, late: 0.1 },
      { cost: 1, late: 0.3 },
      { cost: 2, late: 0.3 },
      { cost: 2, late: 0.2 },
      { cost: 4, late: 0.1 },
    ];
    expect(frontierOf(points).map(({ cost, late }) => [cost, late])).toEqual([
      [1, 0.3],
      [2, 0.2],
      [3, 0.1],
    ]);
  });

  it('keeps equals', () => {
    expect(
      frontierOf([
        { cost: 1, late: 0 },
        { cost: 1, late: 0 },
      ]),
    ).toHaveLength(2);
  });
});

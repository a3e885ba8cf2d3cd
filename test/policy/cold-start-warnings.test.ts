import { describe, expect, it } from 'vitest';
import { bucketOf, COLD_START_BUCKETS, p95Of } from '../../src/core/cold-start.ts';
import { coldStartWarnings } from '../../src/policy/cold-start-warnings.ts';
import { bufferLead } from '../../src/policy/lead.ts';
import { aCalendar, aPolicy } from '../support/decision.ts';

const MIN = 60_000;
const nothing = { coldStartP95: null, nodeP95: null, calendar: null, cooldownPeriod: null };

/** As many starts of `ms` each. */
const counts = (...starts: readonly (readonly [ms: number, count: number])[]): number[] => {
  const all = Array.from({ length: COLD_START_BUCKETS.length + 1 }, () => 0);
  for (const [ms, count] of starts) all[bucketOf(ms)] = count;
  return all;
};

describe('the p95 of cold starts', () => {
  it.each<[string, number[], number | null]>([
    ['nothing', [], null],
    ['four', counts([60_000, 4]), null],
    ['five, rounded up to the bucket', counts([50_000, 5]), 60_000],
    ['one slow among nineteen', counts([50_000, 19], [400_000, 1]), 60_000],
    ['two slow among nineteen', counts([50_000, 18], [400_000, 2]), 420_000],
    ['some above the last bucket', counts([50_000, 1], [3_600_000, 9]), Number.POSITIVE_INFINITY],
  ])('of %s', (_, buckets, p95) => {
    expect(p95Of(buckets)).toBe(p95);
  });

  it('counts a bound into its own bucket, as Prometheus does', () => {
    expect(bucketOf(15_000)).toBe(0);
    expect(bucketOf(15_001)).toBe(1);
  });
});

describe('delays that must cover a cold start', () => {
  it('say nothing while nothing was measured, or where they are long enough', () => {
    const policy = aPolicy({ minReplicas: 0, downscaleToZeroDelay: 0 });
    expect(coldStartWarnings(nothing, policy)).toEqual([]);
    const enough = { ...nothing, coldStartP95: 5 * MIN, cooldownPeriod: 5 * MIN };
    expect(coldStartWarnings(enough, policy)).toEqual([]);
    expect(coldStartWarnings({ ...enough, cooldownPeriod: null }, policy)).toEqual([]);
  });

  it.each([
    [
      'downscaleToZeroDelay with cooldownPeriod',
      { coldStartP95: 5 * MIN, cooldownPeriod: 30_000 },
      { minReplicas: 0, downscaleToZeroDelay: 60_000 },
      'downscaleToZeroDelay (1m) and cooldownPeriod (30s) are together shorter than a cold start (p95 5m)',
    ],
    [
      'coldStart.max',
      { coldStartP95: 20 * MIN },
      { coldStart: { max: 10 * MIN } },
      'coldStart.max (10m) is shorter',
    ],
    [
      'coldStart.max where all buckets are exceeded',
      { coldStartP95: Number.POSITIVE_INFINITY },
      {},
      'coldStart.max (30m) is shorter than a cold start (p95 over 30m)',
    ],
    [
      'provisionTimeout',
      { nodeP95: 15 * MIN },
      {},
      'provisionTimeout (10m) is shorter than waiting for a node takes (p95 15m)',
    ],
    ['buffer.lead', { nodeP95: 5 * MIN }, { buffer: { lead: MIN } }, 'buffer.lead (1m) is shorter'],
  ])('warn of %s', (_, measured, fields, words) => {
    const warnings = coldStartWarnings({ ...nothing, ...measured }, aPolicy(fields));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(words);
  });

  it("warn of a window's own lead", () => {
    const calendar = {
      ...aCalendar({}),
      fixedLeads: [
        { window: 'open', lead: 2 * MIN },
        { window: 'noon', lead: 10 * MIN },
      ],
    };
    expect(coldStartWarnings({ ...nothing, calendar, coldStartP95: 5 * MIN }, aPolicy({}))).toEqual([
      'the lead of window open (2m) is shorter than a cold start (p95 5m): its floor comes late',
    ]);
  });

  it('lead pause pods in by what nodes took, unless the policy says', () => {
    expect(bufferLead(aPolicy({ buffer: {} }), null)).toBe(5 * MIN);
    expect(bufferLead(aPolicy({ buffer: {} }), 3 * MIN)).toBe(3 * MIN);
    expect(bufferLead(aPolicy({ buffer: { lead: MIN } }), 3 * MIN)).toBe(MIN);
    expect(bufferLead(aPolicy({ buffer: {}, coldStart: { max: 10 * MIN } }), Number.POSITIVE_INFINITY)).toBe(
      10 * MIN,
    );
  });
});

import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Calendar } from '../../src/calendar/calendar.ts';
import { Control } from '../../src/control/control.ts';
import type { Track } from '../../src/control/track.ts';
import type { PolicyFields } from '../../src/core/policy.ts';
import { withPreset } from '../../src/core/presets.ts';
import type { Sample } from '../../src/core/sample.ts';
import { ScalerError } from '../../src/core/scaler-error.ts';
import { BUCKET_MS } from '../../src/core/traffic-bucket.ts';
import { calendarOf } from '../support/calendar.ts';
import { aRevision, ScriptedSource, silent } from '../support/control.ts';
import { aSample } from '../support/decision.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** A midnight UTC. */
const MIDNIGHT = Math.floor(1_790_000_000_000 / DAY) * DAY;
const STEP = 5_000;

const fields: PolicyFields = {
  ...withPreset('arrival-rate', {
    signals: { arrivalRate: { perReplica: 1, headroom: 0, season: { history: 7 * DAY } } },
  }),
  maxReplicas: 50,
  coldStart: { default: 120_000 },
};

let open: Control[] = [];
afterEach(() => {
  for (const control of open) control.close();
  open = [];
});

interface World {
  readonly sample: (at: number) => Sample;
  /** Usual requests per second. */
  readonly usual: (at: number) => number;
  readonly start: number;
  readonly since?: number;
  readonly policy?: PolicyFields;
  readonly calendar?: Calendar;
}

/** A scaler with one fleet, whose history is read when `settled` resolves. */
async function running({ sample, usual, start, since, policy = fields, calendar }: World) {
  const clock = { now: start };
  const source = new ScriptedSource((_fleet, at) => sample(at), since);
  source.past = (_fleet, { from, until }) =>
    Array.from({ length: (until - from) / BUCKET_MS }, (_, index) => {
      const at = from + index * BUCKET_MS;
      const rate = usual(at);
      return { at, arrivals: rate, finished: rate, ongoing: rate * 5, waiting: 0, replicas: 2 };
    });
  const revision = (id: string, used?: Calendar) =>
    aRevision(
      { default: used ? { ...policy, calendar: 'c' } : policy },
      { id, calendars: used ? { c: used } : {} },
    );
  const control = new Control({
    revision: revision('1', calendar),
    source,
    log: silent,
    now: () => clock.now,
  });
  open.push(control);
  const fleet = control.resolve({ namespace: 'llm', name: 'vllm', metadata: { model: 'm' } });
  if (fleet instanceof ScalerError) throw fleet;
  const turn = async (at: number): Promise<number | null> => {
    clock.now = at;
    await control.turn(at);
    await new Promise(setImmediate);
    return control.answer(fleet).replicas;
  };
  const season = async () => {
    const record = await control.explain({ namespace: 'llm', name: 'vllm', role: 'replicas' });
    return record.steps.find(({ step }) => step === 'season')?.reason;
  };
  // A busy machine may take longer than one call waits.
  const settled = async () => {
    while (!(fleet as Track).settled) await control.settled(fleet);
  };
  return {
    control,
    source,
    turn,
    season,
    settled,
    reload: (used?: Calendar) => control.use(revision('2', used)),
  };
}

const steady =
  (rate: number) =>
  (at: number): Sample =>
    aSample(at, { ready: 4, running: rate * 5, arrived: (rate * STEP) / 1000, finished: 0 });

describe('weeks of traffic', () => {
  it('are read before the replay of a start, once, and only where the policy learns from them', async () => {
    const start = MIDNIGHT + 9 * HOUR - 120_000;
    const usual = (at: number): number => (at % DAY < 9 * HOUR ? 4 : 12);
    const scaler = await running({ sample: steady(4), usual, start });
    await scaler.settled();
    expect(await scaler.turn(start)).toBe(12);
    expect(await scaler.season()).toMatch(/^x (2\.9\d*|3): 12 requests\/s are usual/);
    await scaler.turn(start + STEP);
    expect(scaler.source.trafficAsked).toEqual([{ from: MIDNIGHT - 7 * DAY, until: MIDNIGHT }]);

    for (const policy of [
      { maxReplicas: 5 },
      { ...fields, signals: { arrivalRate: { season: { history: 0 } } } },
    ]) {
      const other = await running({ sample: steady(4), usual, start, policy });
      await other.settled();
      await other.turn(start);
      expect(other.source.trafficAsked).toEqual([]);
    }
  });

  it('are read anew each night, before they hold: an hour past midnight', async () => {
    const usual = (at: number): number => (at < MIDNIGHT ? 4 : 8);
    const scaler = await running({ sample: steady(4), usual, start: MIDNIGHT + 23 * HOUR });
    await scaler.settled();
    const days = async (at: number): Promise<string | undefined> => {
      await scaler.turn(at);
      return /\d+ days seen/.exec((await scaler.season()) ?? '')?.[0];
    };
    expect(await days(MIDNIGHT + DAY + 60_000)).toBe('5 days seen');
    expect(scaler.source.trafficAsked).toHaveLength(1);
    await days(MIDNIGHT + DAY + 5 * 60_000);
    expect(scaler.source.trafficAsked.at(-1)).toEqual({ from: MIDNIGHT - 6 * DAY, until: MIDNIGHT + DAY });
    const before = await scaler.season();
    await scaler.turn(MIDNIGHT + DAY + HOUR - STEP);
    expect(await scaler.season()).toBe(before);
    await scaler.turn(MIDNIGHT + DAY + HOUR);
    expect(await scaler.season()).not.toBe(before);
  });

  it('that hold now are read first by a process that starts in the hour before others hold', async () => {
    const start = MIDNIGHT + 30 * 60_000;
    const scaler = await running({ sample: steady(4), usual: () => 4, start });
    await scaler.settled();
    await scaler.turn(start);
    await scaler.turn(start + STEP);
    expect(scaler.source.trafficAsked.map(({ until }) => until)).toEqual([MIDNIGHT - DAY, MIDNIGHT]);
  });

  it('that cannot be read leave what was learned before, and are tried again after a minute', async () => {
    const start = MIDNIGHT + 12 * HOUR;
    const scaler = await running({ sample: steady(4), usual: () => 4, start });
    scaler.source.trafficFailure = new Error('down');
    await scaler.settled();
    expect(await scaler.turn(start)).toBe(4);
    expect(await scaler.season()).toBe('x 1: no history of days has been read');
    await scaler.turn(start + 30_000);
    expect(scaler.source.trafficAsked).toHaveLength(1);
    scaler.source.trafficFailure = null;
    await scaler.turn(start + 65_000);
    await scaler.turn(start + 70_000);
    expect(await scaler.season()).toContain('days seen');
  });

  it('are learned anew when a calendar tells the days apart differently, and not for any other reload', async () => {
    const shifted = (hours: string) =>
      calendarOf(`
calendar: c
timezone: UTC
sessions: {regular: {days: mon-fri, hours: "${hours}"}}
windows: []
`);
    const start = MIDNIGHT + 12 * HOUR;
    const scaler = await running({
      sample: steady(4),
      usual: () => 4,
      start,
      calendar: shifted('08:00-16:00'),
    });
    await scaler.settled();
    await scaler.turn(start);
    scaler.reload(shifted('08:00-16:00'));
    await scaler.turn(start + STEP);
    expect(scaler.source.trafficAsked).toHaveLength(1);
    scaler.reload(shifted('09:00-16:00'));
    await scaler.turn(start + 2 * STEP);
    await scaler.turn(start + 3 * STEP);
    expect(scaler.source.trafficAsked).toHaveLength(2);
    expect(await scaler.season()).toContain('session day 09:00-16:00');
  });
});

describe('a restart', () => {
  it('answers as the process that ran all along, for any traffic and at any instant', async () => {
    const traffic = fc.array(
      fc.record({ rate: fc.integer({ min: 0, max: 20 }), steps: fc.integer({ min: 1, max: 60 }) }),
      {
        minLength: 3,
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(
        traffic,
        fc.nat(100),
        fc.integer({ min: 0, max: 23 }),
        async (stretches, part, hour) => {
          const start = MIDNIGHT + hour * HOUR;
          const rates = stretches.flatMap(({ rate, steps }) => Array.from({ length: steps }, () => rate));
          const sample = (at: number): Sample => steady(rates[(at - start) / STEP] ?? 3)(at);
          const world = { sample, usual: (at: number) => 4 + 3 * Math.sin((at / DAY) * 60), since: start };
          const live = await running({ ...world, start });
          await live.turn(start);
          await live.settled();
          const at = start + Math.floor((rates.length * part) / 100) * STEP;
          for (let time = start + STEP; time < at; time += STEP) await live.turn(time);
          const restarted = await running({ ...world, start: at });
          await live.turn(at);
          await restarted.settled();
          const first = await restarted.turn(at);
          expect(first).toBe(await live.turn(at));
          for (let time = at + STEP; time <= at + 40 * STEP; time += STEP)
            expect(await restarted.turn(time)).toBe(await live.turn(time));
          live.control.close();
          restarted.control.close();
        },
      ),
      { seed: 16, numRuns: 8 },
    );
  });
});

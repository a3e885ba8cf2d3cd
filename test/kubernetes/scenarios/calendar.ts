import { expect, it } from 'vitest';
import { until } from '../harness/control-plane.ts';
import { readyAt, specsSince } from '../harness/timelines.ts';
import { aCalendar, aPolicy, clockAtNoon, loadFor, type WallClock } from './policies.ts';
import type { Scenario } from './scenario.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const calendarFiles = {
  'policy-calendar.yaml': aPolicy('calendar', { maxReplicas: 8 }),
};

export function calendar(scenario: Scenario): void {
  bell(scenario);
  early(scenario);
  burst(scenario);
}

export function bell({ world, calm, record }: Scenario): void {
  it('has the floor ready at the open with pods that take 60 s, and not before its lead', async () => {
    const open = Math.ceil(Date.now() / SECOND) * SECOND + 130 * SECOND;
    const window = { name: 'bell', from: open, to: open + 15 * SECOND, floor: 4, lead: '120s' };
    await calm().write('calendar-bell.yaml', aCalendar(window));
    const fleet = await world().fleet({
      namespace: 'bell',
      scaler: calm(),
      policy: 'calendar',
      load: 5,
      readyAfter: '60s',
      metadata: { calendar: 'bell' },
    });
    await until('the end of the window', () => Date.now() > open + 15 * SECOND, 240 * SECOND);
    await fleet.reaches(1);
    record('bell', fleet, [
      { at: open - 120 * SECOND, what: 'lead' },
      { at: open, what: 'open' },
      { at: window.to, what: 'close' },
    ]);
    expect(readyAt(fleet.timeline, open)).toBeGreaterThanOrEqual(4);
    expect(specsSince(fleet.timeline, 0)).toEqual([1, 4, 1]);
    const rise = fleet.timeline.moments.find(({ spec }) => spec === 4);
    expect(rise?.at).toBeGreaterThanOrEqual(open - 120 * SECOND);
  });
}

export function early({ world, calm, record }: Scenario): void {
  it('lets go at an early close, and not before', async () => {
    const file = 'calendar-early.yaml';
    await calm().write(file, aDay(null));
    const fleet = await world().fleet({
      namespace: 'early',
      scaler: calm(),
      policy: 'calendar',
      load: 5,
      metadata: { calendar: 'early' },
    });
    await fleet.settles(3);
    const close = Math.ceil((Date.now() + 10 * SECOND) / MINUTE) * MINUTE;
    await calm().write(file, aDay(close));
    fleet.timeline.mark('an early close is merged');
    await fleet.reaches(1);
    record('early', fleet, [{ at: close, what: 'early close' }]);
    expect(specsSince(fleet.timeline, 0)).toEqual([1, 3, 1]);
    const fall = fleet.timeline.moments.findLast(
      ({ spec }, index, all) => all[index - 1]?.spec === 3 && spec === 1,
    );
    expect(fall?.at).toBeGreaterThanOrEqual(close);
  });
}

export function burst({ world, calm, record }: Scenario): void {
  it('rises at once in a burst, where it would have waited, and does not fall while it lasts', async () => {
    await calm().write(
      'policy-burst.yaml',
      aPolicy('burst', { maxReplicas: 8, upscaleDelay: '10m', burst: '{threshold: 1.5, hold: 20s}' }),
    );
    const fleet = await world().fleet({ namespace: 'burst', scaler: calm(), policy: 'burst', load: 5 });
    await fleet.settles(1);
    const from = Date.now();
    fleet.timeline.mark('burst');
    fleet.load(loadFor(5));
    await fleet.settles(5);
    fleet.timeline.mark('quiet');
    fleet.load(5);
    await fleet.reaches(1);
    record('burst', fleet);
    expect(specsSince(fleet.timeline, from)).toEqual([1, 5, 1]);
    const fall = fleet.timeline.moments.findLast(({ spec }, i, all) => all[i - 1]?.spec === 5 && spec === 1);
    expect(fall?.at).toBeGreaterThanOrEqual(from + 20 * SECOND);
  });
}

/** A trading day around now, cut at `close`, a whole minute. */
function aDay(close: number | null): string {
  const clock = clockAtNoon(Date.now());
  return `calendar: early
timezone: ${clock.zone}
covers: {from: 2020-01-01, to: 2099-12-31}
sessions:
  day: {days: daily, hours: "01:00-23:00"}
earlyCloses:${close === null ? ' []' : `\n${earlyClose(clock, close)}`}
windows:
  - {name: day, on: day, floor: 3, lead: 0s}
`;
}

function earlyClose(clock: WallClock, close: number): string {
  const minutes = Math.round(clock.timeOfDay(close) / MINUTE);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `  - {date: ${clock.date(close)}, close: "${time}", name: half day}`;
}

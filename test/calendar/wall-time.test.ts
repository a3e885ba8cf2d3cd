import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, parseDate } from '../../src/calendar/civil-date.ts';
import { parseWallTime } from '../../src/calendar/hours.ts';
import { openZone, type Side, type Zone } from '../../src/calendar/wall-time.ts';

function zoneOf(name: string): Zone {
  const zone = openZone(name);
  if (!zone) throw new Error(`no zone ${name}`);
  return zone;
}

function instant(name: string, date: string, time: string, side: Side): string {
  const ms = zoneOf(name).instant(parseDate(date) ?? Number.NaN, parseWallTime(time) ?? Number.NaN, side);
  return new Date(ms).toISOString().replace(':00.000Z', 'Z');
}

describe('a wall time as an instant', () => {
  it.each([
    {
      what: 'New York, winter',
      zone: 'America/New_York',
      date: '2026-01-15',
      time: '09:30',
      start: '2026-01-15T14:30Z',
    },
    {
      what: 'New York, summer',
      zone: 'America/New_York',
      date: '2026-07-15',
      time: '09:30',
      start: '2026-07-15T13:30Z',
    },
    {
      what: 'New York, before the gap',
      zone: 'America/New_York',
      date: '2026-03-08',
      time: '01:59',
      start: '2026-03-08T06:59Z',
    },
    {
      what: 'New York, skipped: the first instant after',
      zone: 'America/New_York',
      date: '2026-03-08',
      time: '02:30',
      start: '2026-03-08T07:00Z',
    },
    {
      what: 'New York, end of the gap',
      zone: 'America/New_York',
      date: '2026-03-08',
      time: '03:00',
      start: '2026-03-08T07:00Z',
    },
    {
      what: 'New York, shown twice',
      zone: 'America/New_York',
      date: '2026-11-01',
      time: '01:30',
      start: '2026-11-01T05:30Z',
      end: '2026-11-01T06:30Z',
    },
    {
      what: 'New York, first shown twice',
      zone: 'America/New_York',
      date: '2026-11-01',
      time: '01:00',
      start: '2026-11-01T05:00Z',
      end: '2026-11-01T06:00Z',
    },
    {
      what: 'New York, once again',
      zone: 'America/New_York',
      date: '2026-11-01',
      time: '02:00',
      start: '2026-11-01T07:00Z',
    },
    {
      what: 'London, skipped',
      zone: 'Europe/London',
      date: '2026-03-29',
      time: '01:15',
      start: '2026-03-29T01:00Z',
    },
    {
      what: 'London, shown twice',
      zone: 'Europe/London',
      date: '2026-10-25',
      time: '01:15',
      start: '2026-10-25T00:15Z',
      end: '2026-10-25T01:15Z',
    },
    {
      what: 'Sydney, skipped',
      zone: 'Australia/Sydney',
      date: '2026-10-04',
      time: '02:45',
      start: '2026-10-03T16:00Z',
    },
    {
      what: 'Sydney, shown twice',
      zone: 'Australia/Sydney',
      date: '2026-04-05',
      time: '02:45',
      start: '2026-04-04T15:45Z',
      end: '2026-04-04T16:45Z',
    },
    {
      what: 'Lord Howe, half an hour skipped',
      zone: 'Australia/Lord_Howe',
      date: '2026-10-04',
      time: '02:10',
      start: '2026-10-03T15:30Z',
    },
    {
      what: 'Lord Howe, half an hour shown twice',
      zone: 'Australia/Lord_Howe',
      date: '2026-04-05',
      time: '01:45',
      start: '2026-04-04T14:45Z',
      end: '2026-04-04T15:15Z',
    },
    {
      what: 'Havana, midnight shown twice',
      zone: 'America/Havana',
      date: '2026-11-01',
      time: '00:00',
      start: '2026-11-01T04:00Z',
      end: '2026-11-01T05:00Z',
    },
    {
      what: 'Apia, a whole date skipped',
      zone: 'Pacific/Apia',
      date: '2011-12-30',
      time: '12:00',
      start: '2011-12-30T10:00Z',
    },
    {
      what: 'the next day',
      zone: 'America/New_York',
      date: '2026-03-07',
      time: '09:30+1d',
      start: '2026-03-08T13:30Z',
    },
    {
      what: '24:00 is the next midnight',
      zone: 'America/New_York',
      date: '2026-03-08',
      time: '24:00',
      start: '2026-03-09T04:00Z',
    },
  ])('$what: $date $time $zone', ({ zone, date, time, start, end }) => {
    expect(instant(zone, date, time, 'start')).toBe(start);
    expect(instant(zone, date, time, 'end')).toBe(end ?? start);
  });

  it('reads back as the same wall time wherever the clock shows it', () => {
    const zones = [
      'America/New_York',
      'Europe/London',
      'Australia/Sydney',
      'Asia/Tokyo',
      'Africa/Casablanca',
      'Pacific/Chatham',
    ];
    const day = fc.integer({ min: parseDate('2015-01-01') ?? 0, max: parseDate('2037-12-31') ?? 0 });
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        day,
        fc.integer({ min: 0, max: 1439 }),
        fc.constantFrom<Side>('start', 'end'),
        (name, date, minute, side) => {
          const zone = zoneOf(name);
          const found = zone.instant(date, minute, side);
          const clock = zone.wallClock(found);
          const shown = (clock.day - date) * DAY_MS + clock.ms;
          if (shown === minute * 60_000) return;
          // Only a gap moves the clock, and then to its end: a moment earlier the clock shows less than was asked for.
          const before = zone.wallClock(found - 1);
          expect(shown).toBeGreaterThan(minute * 60_000);
          expect((before.day - date) * DAY_MS + before.ms).toBeLessThan(minute * 60_000);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each(['Mars/Olympus', '', '+05:00', 'local', 'America/New York'])('knows no zone %j', (name) => {
    expect(openZone(name)).toBeUndefined();
  });
});

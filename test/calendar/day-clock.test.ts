import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dayClockOf } from '../../src/calendar/day-clock.ts';
import { at, calendarOf } from '../support/calendar.ts';

const text = readFileSync(new URL('../../calendars/us-equities.yaml', import.meta.url), 'utf8');
const clock = dayClockOf(calendarOf(text));
const NY = 'America/New_York';
const REGULAR = 'session day 09:30-16:00';

describe('the class of a day', () => {
  it.each([
    { name: 'a session day', when: '2026-11-24 09:45', slots: [{ kind: REGULAR, minute: 585 }] },
    { name: 'a weekend', when: '2026-11-28 12:00', slots: [{ kind: 'no session', minute: 720 }] },
    {
      name: 'a holiday resembles a day without session',
      when: '2026-11-26 12:00',
      slots: [
        { kind: 'holiday', minute: 720 },
        { kind: 'no session', minute: 720 },
      ],
    },
    {
      name: 'the morning of an early close resembles any morning',
      when: '2026-11-27 09:35',
      slots: [
        { kind: 'early close 09:30-13:00', minute: 575 },
        { kind: REGULAR, minute: 575 },
      ],
    },
    {
      name: 'an early close brings the closing rush forward',
      when: '2026-11-27 12:50',
      slots: [
        { kind: 'early close 09:30-13:00', minute: 770 },
        { kind: REGULAR, minute: 950 },
      ],
    },
    {
      name: 'after an early close it is as after any close',
      when: '2026-11-27 23:00',
      slots: [
        { kind: 'early close 09:30-13:00', minute: 1380 },
        { kind: REGULAR, minute: 1439 },
      ],
    },
    {
      name: 'the wall clock counts through the change of the clocks',
      when: '2026-11-02 09:30',
      slots: [{ kind: REGULAR, minute: 570 }],
    },
  ])('$name', ({ when, slots }) => {
    expect(clock.slots(at(`${when} ${NY}`))).toEqual(slots);
  });

  it('tells days with an event apart, which resemble those without', () => {
    const events = dayClockOf(
      calendarOf(`
calendar: c
timezone: ${NY}
sessions: {regular: {days: mon-fri, hours: "09:30-16:00"}}
events: [{name: fomc, date: 2026-12-09, hours: "13:45-15:30"}]
`),
    );
    expect(events.slots(at(`2026-12-09 14:00 ${NY}`))).toEqual([
      { kind: `${REGULAR} with fomc`, minute: 840 },
      { kind: REGULAR, minute: 840 },
    ]);
  });

  it('clips sessions that run through midnight to each date', () => {
    const futures = dayClockOf(
      calendarOf(`
calendar: futures
timezone: ${NY}
sessions: {globex: {days: sun-thu, hours: "18:00-17:00+1d", dated: close}}
`),
    );
    const kindOn = (date: string) => futures.slots(at(`${date} 12:00 ${NY}`))[0]?.kind;
    expect(kindOn('2026-11-22')).toBe('session day 18:00-24:00');
    expect(kindOn('2026-11-23')).toBe('session day 00:00-17:00 18:00-24:00');
    expect(kindOn('2026-11-27')).toBe('session day 00:00-17:00');
    expect(kindOn('2026-11-28')).toBe('no session');
  });

  it('is weekday or weekend in UTC without a calendar', () => {
    const plain = dayClockOf(null);
    expect(plain.slots(at('2026-11-27T23:59:59Z'))).toEqual([{ kind: 'weekday', minute: 1439 }]);
    expect(plain.slots(at('2026-11-28T00:00:00Z'))).toEqual([{ kind: 'weekend', minute: 0 }]);
  });
});

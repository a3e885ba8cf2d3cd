import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compileCalendar } from '../../src/calendar/compile.ts';
import { reviewCalendar } from '../../src/calendar/review.ts';
import { CalendarDocument } from '../../src/calendar/schema.ts';
import { shownIssue } from '../support/calendar.ts';
import { cpuMs } from '../support/cpu.ts';

function review(yaml: string, today = '2026-07-01'): readonly string[] {
  const document = CalendarDocument.parse(parse(yaml));
  const compiled = compileCalendar(document);
  if ('issues' in compiled) throw new Error(compiled.issues.map(shownIssue).join('\n'));
  return reviewCalendar({ document, calendar: compiled.calendar, today }).map(shownIssue);
}

const HEAD = 'calendar: c\ntimezone: America/New_York\ncovers: {from: 2026-01-01, to: 2026-12-31}\n';
const DESK = `${HEAD}sessions: {regular: {days: mon-fri, hours: "09:30-16:00"}}\n`;
const FOMC = '{name: fomc, date: 2026-03-18, hours: "13:45-15:30", source: Fed}';

describe('a window that is never reached', () => {
  it.each([
    {
      name: 'because its session only begins after the coverage',
      yaml: `${HEAD}sessions: {late: [{from: 2027-01-04, days: mon-fri, hours: "09:30-16:00"}]}\nwindows: [{name: w, on: late, floor: 2}]`,
      says: [
        'warning windows.0.on: is never reached: late has no date from 2026-01-01 to 2026-12-31 (add its rows, or delete the window)',
      ],
    },
    {
      name: 'because its dates have all passed',
      yaml: `${HEAD}events: [${FOMC}]\nwindows: [{name: w, on: fomc, floor: 2}]`,
      says: [
        'warning windows.0.on: is not reached any more: the last fomc was on 2026-03-18 (add the dates to come, or delete the window)',
      ],
    },
    {
      name: 'because nothing is left outside',
      yaml: `${HEAD}sessions: {always: {days: daily, hours: "00:00-24:00"}}\nwindows: [{name: nights, outside: always, ceiling: 1}]`,
      says: [
        'warning windows.0.outside: is never reached: always leaves no time over from 2026-01-01 to 2026-12-31 (c needs no such window: delete it)',
      ],
    },
    {
      name: 'because it is outside of a window that never ends',
      yaml: `${HEAD.replace('America/New_York', 'Asia/Tokyo')}sessions: {s: {days: daily, hours: "09:00-17:00"}}\nwindows: [{name: long, on: s, from: open-8h, to: close+8h, floor: 2}, {name: nights, outside: long, ceiling: 4}]`,
      says: [
        'warning windows.1.outside: is never reached: long leaves no time over from 2026-01-01 to 2026-12-31 (c needs no such window: delete it)',
      ],
    },
  ])('$name', ({ yaml, says }) => {
    expect(review(yaml)).toEqual(says);
  });

  it.each([
    [
      'an event that is still to come',
      `${HEAD}events: [${FOMC}]\nwindows: [{name: w, on: fomc, floor: 2}]`,
      '2026-03-18',
    ],
    [
      'nights outside of a session',
      `${DESK}windows: [{name: nights, outside: regular, ceiling: 1}]`,
      '2026-07-01',
    ],
    // The coverage's own warning says all.
    [
      'a calendar whose coverage has ended',
      `${DESK}windows: [{name: w, on: regular, floor: 2}]`,
      '2027-03-01',
    ],
    // compileCalendar says that the date has passed.
    [
      'a window that has expired',
      `${DESK}windows: [{name: w, on: regular, floor: 2, expires: 2026-02-01}]`,
      '2026-07-01',
    ],
  ])('is not said of %s', (_, yaml, today) => {
    expect(review(yaml, today)).toEqual([]);
  });
});

describe('a window that meets itself', () => {
  it('overlaps across midnight, and is told by how much', () => {
    const yaml = `${HEAD}sessions: {s: {days: mon-fri, hours: "08:00-20:00"}}\nwindows: [{name: w, on: s, from: open-6h, to: close+8h, floor: 2}]`;
    expect(review(yaml)).toEqual([
      'warning windows.0: overlaps itself: on 2026-01-02 it begins at 2026-01-02 02:00, before that of 2026-01-01 ends at 2026-01-02 04:00, so it does not end between them (shorten it by 2h)',
    ]);
  });

  it('is not said to where only the change of clocks makes a day shorter', () => {
    const yaml = `${HEAD}sessions: {s: {days: daily, hours: "09:00-17:00"}}\nwindows: [{name: w, on: s, from: open-8h, to: close+8h, floor: 2}]`;
    expect(review(yaml)).toEqual([]);
  });

  it('touches itself without overlapping, as a market does that never closes', () => {
    const yaml = `${HEAD}sessions: {s: {days: daily, hours: "00:00-24:00"}}\nwindows: [{name: w, on: s, floor: 2}]`;
    expect(review(yaml)).toEqual([]);
  });

  it.each([
    ['18h', '17h30m between 2026-01-01 and 2026-01-02'],
    ['17h30m', '17h30m between 2026-01-01 and 2026-01-02'],
  ])('by a lead of %s, which leaves nothing of the pause before it', (lead, pause) => {
    expect(review(`${DESK}windows: [{name: w, on: regular, floor: 2, lead: ${lead}}]`)).toEqual([
      `warning windows.0.lead: reaches back into the window before: there are only ${pause}, so the floor does not end between them (shorten it, or write auto)`,
    ]);
  });

  it.each(['17h29m', 'auto', '0s'])('not by a lead of %s', (lead) => {
    expect(review(`${DESK}windows: [{name: w, on: regular, floor: 2, lead: ${lead}}]`)).toEqual([]);
  });

  it('not by a lead without a floor, which has no effect at all', () => {
    expect(review(`${DESK}windows: [{name: w, on: regular, ceiling: 2, lead: 20h}]`)).toEqual([]);
  });
});

describe('a row or a window that nobody can judge', () => {
  it('is an event without a source, or with an empty one', () => {
    const bare = '{name: cpi, date: 2026-08-12, hours: "08:15-10:00"}';
    const empty = '{name: cpi, date: 2026-09-11, hours: "08:15-10:00", source: " "}';
    expect(review(`${HEAD}events: [${FOMC}, ${bare}, ${empty}]`)).toEqual([
      'warning events.1: has no source: add where the date was published, so that it can be checked',
      'warning events.2: has no source: add where the date was published, so that it can be checked',
    ]);
  });

  it('is a window without an effect that no other refers to', () => {
    expect(review(`${DESK}windows: [{name: w, on: regular, policy: {}}]`)).toEqual([
      'warning windows.0: changes nothing: give it a floor, a ceiling or a policy, or delete it',
    ]);
    const referred = '[{name: day, on: regular, from: open-1h}, {name: nights, outside: day, ceiling: 1}]';
    expect(review(`${DESK}windows: ${referred}`)).toEqual([]);
  });
});

describe('the cost of a review', () => {
  it('stays bounded for ten years and the most windows', () => {
    const windows = Array.from({ length: 64 }, (_, index) =>
      index % 2 === 0
        ? `  - {name: w${index}, on: regular, from: open-${index}m, floor: 1, lead: 1h}`
        : `  - {name: w${index}, outside: w${index - 1}, ceiling: 100}`,
    );
    const yaml = `${DESK.replace('2026-12-31', '2035-12-31')}windows:\n${windows.join('\n')}`;
    expect(cpuMs(() => expect(review(yaml)).toEqual([]))).toBeLessThan(2_000);
  });
});

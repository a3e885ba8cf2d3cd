import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { compileCalendar, furtherIssues } from '../../src/calendar/compile.ts';
import { CalendarDocument } from '../../src/calendar/schema.ts';
import { issuesOf, shownIssue } from '../support/calendar.ts';
import { cpuMs } from '../support/cpu.ts';

const HEAD = 'calendar: c\ntimezone: America/New_York\n';
const REGULAR = `${HEAD}sessions: {regular: {days: mon-fri, hours: "09:30-16:00"}}\n`;
const FUTURES = `${HEAD}sessions: {futures: {days: sun-thu, hours: "17:00-16:00+1d", dated: close}}\n`;
const TWO = `${HEAD}sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
  post: {days: mon-fri, hours: "16:00-20:00"}
`;

describe('a document that cannot be meant so', () => {
  it.each([
    {
      name: 'an unknown zone',
      yaml: 'calendar: c\ntimezone: America/NewYork\n',
      says: [
        'error timezone: must be an IANA time zone such as "America/New_York", was "America/NewYork" (did you mean "America/New_York"?)',
      ],
    },
    {
      name: 'covers that end before they begin',
      yaml: `${HEAD}covers: {from: 2026-12-31, to: 2026-01-01}`,
      says: ['error covers.to: must not be before covers.from (2026-12-31), was "2026-01-01"'],
    },
    {
      name: 'a close before the open',
      yaml: `${HEAD}sessions: {night: {days: daily, hours: "18:00-17:00"}}`,
      says: [
        'error sessions.night.hours: must close after it opens, was "18:00-17:00" (did you mean "18:00-17:00+1d"?)',
      ],
    },
    {
      name: 'intervals out of order',
      yaml: `${HEAD}sessions: {s: [{days: daily, hours: ["12:30-15:00", "09:00-11:30"]}]}`,
      says: [
        'error sessions.s.0.hours.1: must open at or after 15:00, when the interval before it closes, was "09:00-11:30"',
      ],
    },
    {
      name: 'entries that are open at once',
      yaml: `${HEAD}sessions: {s: [{days: mon-fri, hours: "09:00-12:00"}, {days: fri, hours: "11:00-16:00"}]}`,
      says: [
        'error sessions.s.0.hours: must not overlap the entries that apply with it, was open twice at 11:00 on fri',
      ],
    },
    {
      name: 'a session called by two of its days',
      yaml: `${HEAD}sessions: {s: [{days: mon, hours: "09:00-12:00"}, {days: tue, hours: "11:00-16:00", dated: close}]}`,
      says: ['error sessions.s.1.dated: must be "open" as in the first entry of the session, was "close"'],
    },
    {
      name: 'a holiday given twice',
      yaml: `${REGULAR}holidays: [{date: 2026-11-26}, {date: 2026-11-26, name: again}]`,
      says: [
        'error holidays.1.date: must be given once in holidays for the session regular, was a second 2026-11-26',
      ],
    },
    {
      name: 'an event given twice',
      yaml: `${HEAD}events: [{name: e, date: 2026-11-26, hours: "10:00-11:00"}, {name: e, date: 2026-11-26, hours: "10:00-11:00"}]`,
      says: ['error events.1.date: must be given once, was the same as events.0'],
    },
    {
      name: 'an event named like a session',
      yaml: `${REGULAR}events: [{name: regular, date: 2026-11-26, hours: "10:00-11:00"}]`,
      says: ['error events.0.name: must differ from the names of sessions, was "regular"'],
    },
    {
      name: 'a row for a session named nowhere',
      yaml: `${REGULAR}holidays: [{date: 2026-11-26, sessions: [regular, reguler]}]`,
      says: [
        'error holidays.0.sessions.1: must be the name of a session, was "reguler" (did you mean "regular"?)',
      ],
    },
    {
      name: 'an extra session named nowhere',
      yaml: `${REGULAR}extraSessions: [{session: night, date: 2026-11-28, hours: "10:00-11:00"}]`,
      says: ['error extraSessions.0.session: must be the name of a session, was "night" (sessions: regular)'],
    },
    {
      name: 'an early close of an overnight session without its day',
      yaml: `${FUTURES}earlyCloses: [{date: 2026-11-27, close: "12:00"}]`,
      says: [
        'error earlyCloses.0.close: must be inside "17:00-16:00+1d" of the session futures of 2026-11-27, counted from 2026-11-26 when it opens, was "12:00" (did you mean "12:00+1d"?)',
      ],
    },
    {
      name: 'an early close after the close',
      yaml: `${REGULAR}earlyCloses: [{date: 2026-11-27, close: "17:00"}]`,
      says: [
        'error earlyCloses.0.close: must be inside "09:30-16:00" of the session regular of 2026-11-27, was "17:00" (a later close belongs in lateCloses)',
      ],
    },
    {
      name: 'an early close that another session has not begun by',
      yaml: `${TWO}earlyCloses: [{date: 2026-11-27, close: "13:00"}]`,
      says: [
        'error earlyCloses.0.close: must be inside "16:00-20:00" of the session post of 2026-11-27, was "13:00" (narrow the row with sessions: [regular])',
      ],
    },
    {
      name: 'a late open before the open',
      yaml: `${REGULAR}lateOpens: [{date: 2026-11-27, open: "09:00"}]`,
      says: [
        'error lateOpens.0.open: must be inside "09:30-16:00" of the session regular of 2026-11-27, was "09:00" (an earlier open is written with its hours in extraSessions)',
      ],
    },
    {
      name: 'a late close before the close',
      yaml: `${REGULAR}lateCloses: [{date: 2026-11-27, close: "15:00"}]`,
      says: [
        'error lateCloses.0.close: must be after the close ("16:00") of the session regular of 2026-11-27, was "15:00" (an earlier close belongs in earlyCloses)',
      ],
    },
    {
      name: 'a late open after an early close',
      yaml: `${REGULAR}lateOpens: [{date: 2026-11-27, open: "14:00"}]\nearlyCloses: [{date: 2026-11-27, close: "13:00"}]`,
      says: [
        'error earlyCloses.0.close: must be after the late open ("14:00") of the same date, was "13:00"',
      ],
    },
    {
      name: 'an early and a late close together',
      yaml: `${REGULAR}lateCloses: [{date: 2026-11-27, close: "18:00"}]\nearlyCloses: [{date: 2026-11-27, close: "13:00"}]`,
      says: [
        'error earlyCloses.0.close: must not be given beside a late close of the same session, was "13:00"',
      ],
    },
    {
      name: 'a window on a session named nowhere',
      yaml: `${REGULAR}windows: [{name: day, on: reglar, floor: 2}]`,
      says: [
        'error windows.0.on: must be the name of a session or an event, was "reglar" (did you mean "regular"?)',
      ],
    },
    {
      name: 'a window on a window, and one outside nothing known',
      yaml: `${REGULAR}windows: [{name: day, on: regular}, {name: more, on: day}, {name: nights, outside: dey, ceiling: 1}]`,
      says: [
        'error windows.1.on: must be the name of a session or an event, was "day" (a window cannot be "on" another one)',
        'error windows.2.outside: must be the name of a session, an event or another window, was "dey" (did you mean "day"?)',
      ],
    },
    {
      name: 'a window with neither on nor outside, and one with both',
      yaml: `${REGULAR}windows: [{name: a, floor: 1}, {name: b, on: regular, outside: a}]`,
      says: [
        'error windows.0: must have "on" (a session or an event) or "outside", was neither',
        'error windows.1.outside: must not be given beside "on", was "a"',
      ],
    },
    {
      name: 'windows outside each other',
      yaml: `${REGULAR}windows: [{name: a, outside: b}, {name: b, outside: a}]`,
      says: ['error windows.1.outside: must not lead back to itself, was a outside b outside a'],
    },
    {
      name: 'two windows of one name',
      yaml: `${REGULAR}windows: [{name: a, on: regular, floor: 1}, {name: a, on: regular, floor: 2}]`,
      says: ['error windows.1.name: must differ from windows.0, was "a" too'],
    },
    {
      name: 'a window that ends before it begins',
      yaml: `${REGULAR}windows: [{name: a, on: regular, from: open+30m, to: open+10m}, {name: b, on: regular, from: close, to: open}, {name: d, on: regular, from: open+8h}]`,
      says: [
        'error windows.0.to: must come after "from" ("open+30m") on some day, was "open+10m"',
        'error windows.1.to: must come after "from" ("close") on some day, was "open" (for the time between sessions use outside)',
        'error windows.2.from: must come before the close on some day, was "open+8h"',
      ],
    },
    {
      name: 'from and to on a window outside',
      yaml: `${REGULAR}windows: [{name: a, outside: regular, from: open-5m, ceiling: 1}]`,
      says: [
        'error windows.0.from: must not be given with "outside", which begins and ends where regular does, was "open-5m"',
      ],
    },
    {
      name: 'leads and offsets longer than a week',
      yaml: `${REGULAR}windows: [{name: a, on: regular, floor: 1, lead: 8d}, {name: b, on: regular, from: open-200h}]`,
      says: [
        'error windows.0.lead: must be at most 7d, was 8d',
        'error windows.1.from: must lie within 7d of the open or close, was "open-200h"',
      ],
    },
    {
      name: "a floor above the window's own ceiling",
      yaml: `${REGULAR}windows: [{name: a, on: regular, floor: 3, ceiling: 2}]`,
      says: ["error windows.0.floor: must be at most the window's own ceiling 2, was 3"],
    },
    {
      name: 'a floor above the ceiling of a window that can coincide',
      yaml: `${REGULAR}covers: {from: 2026-01-01, to: 2026-12-31}
windows: [{name: day, on: regular, from: open-30m, floor: 4}, {name: nights, outside: regular, ceiling: 1}]`,
      says: [
        'error windows.0.floor: must be at most 1, the ceiling of the window nights in force at the same time, was 4, first at 2026-01-01 09:00 America/New_York (2026-01-01T14:00:00Z)',
      ],
    },
    {
      name: 'a floor above a ceiling on one date only',
      yaml: `${REGULAR}events: [{name: fomc, date: 2026-12-09, hours: "15:45-16:30"}]
windows: [{name: fomc, on: fomc, floor: 4}, {name: nights, outside: regular, ceiling: 1}]`,
      says: [
        'error windows.0.floor: must be at most 1, the ceiling of the window nights in force at the same time, was 4, first at 2026-12-09 16:00 America/New_York (2026-12-09T21:00:00Z)',
      ],
    },
    {
      name: 'one policy field overridden by two windows at once, under two names',
      yaml: `${REGULAR}covers: {from: 2026-11-23, to: 2026-12-31}
windows:
  - {name: day, on: regular, policy: {smoothingFactor: 1, upscaleDelay: 5s, burst: {hold: 10s}}}
  - {name: burst, on: regular, from: open-5m, to: open+30m, policy: {upscalingFactor: 2, burst: {threshold: 2}}}`,
      says: [
        'error windows.1.policy.upscalingFactor: must not override upscalingFactor while the window day does, was in force together with it, first at 2026-11-23 09:30 America/New_York (2026-11-23T14:30:00Z)',
      ],
    },
    {
      name: 'windows of a session that changes clocks apart once a year',
      yaml: `${HEAD}sessions: {night: {days: sun, hours: "01:00-05:00"}}
windows: [{name: a, on: night, to: open+3h, floor: 2}, {name: b, on: night, from: close-1h, ceiling: 1}]`,
      says: [
        'error windows.0.floor: must be at most 1, the ceiling of the window b in force at the same time, was 2, first at 2026-03-08 04:00 America/New_York (2026-03-08T08:00:00Z)',
      ],
    },
  ])('$name', ({ yaml, says }) => {
    expect(issuesOf(yaml).map(shownIssue)).toEqual(says);
  });
});

describe('a document that is risky', () => {
  it.each([
    {
      name: 'a holiday on a Saturday',
      yaml: `${REGULAR}holidays: [{date: 2026-07-04}]`,
      says: [
        'warning holidays.0.date: changes no session: regular has none dated Saturday 2026-07-04 (did you mean 2026-07-03?)',
      ],
    },
    {
      name: 'a holiday by the opening day of a session that is called by its close',
      yaml: `${FUTURES}holidays: [{date: 2026-11-29}]`,
      says: [
        'warning holidays.0.date: changes no session: futures has none dated Sunday 2026-11-29 (did you mean 2026-11-30, the date of the futures session open on that day?)',
      ],
    },
    {
      name: 'an early close on a holiday',
      yaml: `${REGULAR}holidays: [{date: 2026-11-26, name: Thanksgiving}]\nearlyCloses: [{date: 2026-11-26, close: "13:00"}]`,
      says: ['warning earlyCloses.0.date: changes nothing on 2026-11-26: it is a holiday (Thanksgiving)'],
    },
    {
      name: 'an early close under an extra session',
      yaml: `${REGULAR}extraSessions: [{session: regular, date: 2026-11-26, hours: "10:00-12:00"}]\nearlyCloses: [{date: 2026-11-26, close: "13:00"}]`,
      says: ['warning earlyCloses.0.date: changes nothing on 2026-11-26: an extra session gives its hours'],
    },
    {
      name: 'dates outside covers',
      yaml: `${REGULAR}covers: {from: 2026-01-01, to: 2026-12-31}
holidays: [{date: 2027-01-01}]
events: [{name: e, date: 2025-12-31, hours: "10:00-11:00"}]
windows: [{name: day, on: regular, floor: 1, expires: 2027-06-30}]`,
      says: [
        'warning holidays.0.date: is outside covers (2026-01-01 to 2026-12-31), was "2027-01-01"',
        'warning events.0.date: is outside covers (2026-01-01 to 2026-12-31), was "2025-12-31"',
        'warning windows.0.expires: is outside covers (2026-01-01 to 2026-12-31), was "2027-06-30"',
      ],
    },
    {
      name: 'a lead without a floor',
      yaml: `${REGULAR}windows: [{name: day, on: regular, ceiling: 1, lead: 5m}]`,
      says: ['warning windows.0.lead: has no effect: only a floor is asked for ahead of its window'],
    },
  ])('warns: $name', ({ yaml, says }) => {
    expect(issuesOf(yaml).map(shownIssue)).toEqual(says);
  });

  it('warns of what has expired where today is known', () => {
    const document = CalendarDocument.parse(
      parse(
        `${REGULAR}holidays: [{date: 2026-11-26, expires: 2026-06-01}]\nwindows: [{name: day, on: regular, floor: 1, expires: 2026-07-01}]`,
      ),
    );
    const compiled = compileCalendar(document, { today: '2026-07-01' });
    expect('warnings' in compiled && compiled.warnings.map(shownIssue)).toEqual([
      'warning holidays.0.expires: has passed, was "2026-06-01"',
    ]);
  });
});

describe('windows that meet without contradicting each other', () => {
  it.each([
    [
      'a ceiling that ends where the floor begins',
      'windows: [{name: day, on: regular, floor: 4}, {name: nights, outside: day, ceiling: 1}]',
    ],
    [
      'a floor that only its lead brings under the ceiling',
      'windows: [{name: day, on: regular, floor: 4, lead: 1h}, {name: nights, outside: day, ceiling: 1}]',
    ],
    [
      'different fields of one group',
      'windows: [{name: a, on: regular, policy: {burst: {hold: 5s}}}, {name: b, on: regular, policy: {burst: {threshold: 2}}}]',
    ],
    [
      'the same field one after the other',
      'windows: [{name: a, on: regular, to: open+1h, policy: {upscaleDelay: 0s}}, {name: b, on: regular, from: open+1h, policy: {upscaleDelay: 5s}}]',
    ],
  ])('%s', (_, rows) => {
    expect(issuesOf(`${REGULAR}${rows}`)).toEqual([]);
  });
});

describe('a document that the schema refuses', () => {
  it.each([
    ['an unknown key', { hollidays: [] }, []],
    [
      'a close that is no time',
      { earlyCloses: [{ date: '2026-11-27', close: 13 }] },
      ['earlyCloses', 0, 'close'],
    ],
    ['a date that does not exist', { holidays: [{ date: '2026-02-30' }] }, ['holidays', 0, 'date']],
    ['a lead without a unit', { windows: [{ name: 'a', on: 's', lead: 5 }] }, ['windows', 0, 'lead']],
    ['half a replica', { windows: [{ name: 'a', on: 's', floor: 1.5 }] }, ['windows', 0, 'floor']],
    [
      'a policy field that a window cannot override',
      { windows: [{ name: 'a', on: 's', policy: { mode: 'advisory' } }] },
      ['windows', 0, 'policy'],
    ],
  ])('%s', (_, part, path) => {
    const result = CalendarDocument.safeParse({ calendar: 'c', timezone: 'UTC', ...part });
    expect(result.error?.issues.map((issue) => issue.path)).toEqual([path]);
  });

  it('still hears what else is wrong in its sound parts, with their places in the file', () => {
    const found = furtherIssues(
      parse(`calendar: c
timezone: America/NewYork
sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
  broken: {days: mo, hours: "09:30-16:00"}
holidays: [{dat: 2026-11-26}, {date: 2026-11-26}, {date: 2026-11-26}]
windows: [{name: a, onn: regular}, {name: b, on: broken, floor: 1}, {name: d, on: nowhere, floor: 1}]
`),
    );
    expect(found.map(({ path }) => path.join('.'))).toEqual(['timezone', 'holidays.2.date', 'windows.2.on']);
  });

  it('never throws, whatever stands in the file', () => {
    const keys = fc.constantFrom(
      'calendar',
      'timezone',
      'covers',
      'sessions',
      'holidays',
      'earlyCloses',
      'windows',
      'events',
      'date',
      'hours',
      '__proto__',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>(null, 1, '09:30-16:00', '2026-01-01', 'open-30m', 'regular', ''),
        tie('list'),
        tie('map'),
      ),
      list: fc.array(tie('value'), { maxLength: 3 }),
      map: fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(value, (input) => {
        expect(Array.isArray(furtherIssues(input))).toBe(true);
        expect(typeof CalendarDocument.safeParse(input).success).toBe('boolean');
      }),
      { numRuns: 300 },
    );
  });
});

describe('the work that a document can cause', () => {
  const days = (count: number, from = 14_610) =>
    Array.from({ length: count }, (_, index) =>
      new Date((from + index * 7) * 86_400_000).toISOString().slice(0, 10),
    );
  const windows = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      name: `w${index}`,
      on: `s${index % 32}`,
      from: `open+${index}m`,
      ...(index % 2 === 0 ? { floor: index } : { ceiling: 1 }),
      policy: { upscaleDelay: `${index}s` },
    }));
  const sessions = Object.fromEntries(
    Array.from({ length: 32 }, (_, index) => [
      `s${index}`,
      { days: 'daily', hours: ['09:00-12:00', '13:00-16:00+6d'] },
    ]),
  );

  it.each([
    ['contradicting windows everywhere', { sessions, windows: windows(64) }],
    [
      'thirty years of them',
      { sessions, windows: windows(64), covers: { from: '2000-01-01', to: '2030-12-31' } },
    ],
    [
      'as many windows side by side as are judged',
      {
        sessions: { s: { days: 'daily', hours: '00:00-24:00' } },
        covers: { from: '2020-01-01', to: '2026-06-01' },
        windows: Array.from({ length: 64 }, (_, index) => ({
          name: `w${index}`,
          on: 's',
          from: `open+${index * 20}m`,
          to: `open+${index * 20 + 20}m`,
          policy: { upscaleDelay: '1s' },
        })),
      },
    ],
    [
      'two centuries of them',
      { sessions, windows: windows(64), covers: { from: '1970-01-01', to: '2199-12-31' } },
    ],
    [
      'as many rows as may be',
      {
        sessions,
        holidays: days(2_000).map((date) => ({ date })),
        earlyCloses: days(2_000, 14_612).map((date) => ({ date, close: '10:00' })),
      },
    ],
    [
      'a chain of windows outside each other',
      {
        sessions,
        windows: Array.from({ length: 64 }, (_, index) => ({
          name: `w${index}`,
          ...(index === 0 ? { on: 's0' } : { outside: `w${index - 1}` }),
          ...(index % 2 ? { ceiling: 1 } : { floor: 2 }),
        })),
      },
    ],
  ])('stays bounded: %s', (_, part) => {
    const document = CalendarDocument.parse({ calendar: 'c', timezone: 'America/New_York', ...part });
    expect(cpuMs(() => compileCalendar(document))).toBeLessThan(2_000);
  });
});

it('exports JSON Schema for editors: closed objects, both forms of hours, no transform left out', () => {
  const schema = z.toJSONSchema(CalendarDocument, { io: 'input' });
  expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  expect(schema.additionalProperties).toBe(false);
  const text = JSON.stringify(schema);
  expect(text).toContain('"lead"');
  expect(text).toContain('09:30-16:00');
  expect(schema.required).toEqual(['calendar', 'timezone']);
});

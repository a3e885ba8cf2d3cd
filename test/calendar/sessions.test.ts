import { describe, expect, it } from 'vitest';
import { calendarOf, utcSessions } from '../support/calendar.ts';

const HEAD = 'calendar: c\ntimezone: America/New_York\n';

describe('an overnight session', () => {
  const futures = (dated: string, rows = '') =>
    calendarOf(
      `${HEAD}sessions:\n  futures: {days: sun-thu, hours: "18:00-17:00+1d", dated: ${dated}}\n${rows}`,
    );

  it('is called by the day on which it closes when dated: close', () => {
    expect(utcSessions(futures('close'), '2026-11-22', '2026-11-28')).toEqual([
      '2026-11-23: 11-22T23:00/11-23T22:00',
      '2026-11-24: 11-23T23:00/11-24T22:00',
      '2026-11-25: 11-24T23:00/11-25T22:00',
      '2026-11-26: 11-25T23:00/11-26T22:00',
      '2026-11-27: 11-26T23:00/11-27T22:00',
    ]);
  });

  it('is called by the day on which it opens by default', () => {
    expect(
      futures('open')
        .sessions('2026-11-22', '2026-11-28')
        .map(({ date }) => date),
    ).toEqual(['2026-11-22', '2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26']);
  });

  it('takes dated rows by the same date, with times counted from its opening day', () => {
    const rows = `holidays: [{date: 2026-12-25}]
earlyCloses: [{date: 2026-11-27, close: "13:15+1d", name: half day}]
lateOpens: [{date: 2026-11-24, open: "20:00"}]
lateCloses: [{date: 2026-11-25, close: "17:30+1d"}]
`;
    const calendar = futures('close', rows);
    expect(utcSessions(calendar, '2026-11-27')).toEqual(['2026-11-27: 11-26T23:00/11-27T18:15']);
    expect(calendar.sessions('2026-11-27', '2026-11-27')[0]?.name).toBe('half day');
    expect(utcSessions(calendar, '2026-11-24')).toEqual(['2026-11-24: 11-24T01:00/11-24T22:00']);
    expect(utcSessions(calendar, '2026-11-25')).toEqual(['2026-11-25: 11-24T23:00/11-25T22:30']);
    expect(utcSessions(calendar, '2026-12-25')).toEqual([]);
  });

  it('is an hour shorter by the clock change of spring, and an hour longer by that of autumn', () => {
    const hours = (date: string) => {
      const [interval] = futures('close').sessions(date, date)[0]?.intervals ?? [];
      return ((interval?.close ?? 0) - (interval?.open ?? 0)) / 3_600_000;
    };
    expect(hours('2026-03-10')).toBe(23);
    const everyDay = calendarOf(`${HEAD}sessions: {day: {days: daily, hours: "00:00-24:00"}}`);
    const length = (date: string) => {
      const [interval] = everyDay.sessions(date, date)[0]?.intervals ?? [];
      return ((interval?.close ?? 0) - (interval?.open ?? 0)) / 3_600_000;
    };
    expect([length('2026-03-07'), length('2026-03-08'), length('2026-11-01')]).toEqual([24, 23, 25]);
  });

  it('can last a week', () => {
    const fx = calendarOf(`${HEAD}sessions: {fx: {days: sun, hours: "17:00-17:00+5d"}}`);
    expect(utcSessions(fx, '2026-11-22', '2026-11-28')).toEqual(['2026-11-22: 11-22T22:00/11-27T22:00']);
  });
});

describe('a session with a lunch break', () => {
  const tokyo = (rows = '') =>
    calendarOf(`calendar: tse
timezone: Asia/Tokyo
sessions:
  regular:
    - {days: mon-fri, hours: ["09:00-11:30", "12:30-15:00"]}
    - {from: 2024-11-05, days: mon-fri, hours: ["09:00-11:30", "12:30-15:30"]}
${rows}`);

  it('has both intervals, and its new close from the date that the list says', () => {
    expect(utcSessions(tokyo(), '2024-11-01', '2024-11-05')).toEqual([
      '2024-11-01: 11-01T00:00/11-01T02:30 11-01T03:30/11-01T06:00',
      '2024-11-04: 11-04T00:00/11-04T02:30 11-04T03:30/11-04T06:00',
      '2024-11-05: 11-05T00:00/11-05T02:30 11-05T03:30/11-05T06:30',
    ]);
  });

  it.each([
    ['inside the morning', '"11:00"', '12-30T00:00/12-30T02:00'],
    ['at the end of the morning', '"11:30"', '12-30T00:00/12-30T02:30'],
    ['in the break', '"12:00"', '12-30T00:00/12-30T02:30'],
    ['inside the afternoon', '"13:00"', '12-30T00:00/12-30T02:30 12-30T03:30/12-30T04:00'],
  ])('loses what comes after an early close %s', (_, close, hours) => {
    expect(utcSessions(tokyo(`earlyCloses: [{date: 2026-12-30, close: ${close}}]`), '2026-12-30')).toEqual([
      `2026-12-30: ${hours}`,
    ]);
  });

  it('loses what comes before a late open, and takes both changes on one date', () => {
    const rows = 'lateOpens: [{date: 2026-01-05, open: "10:00", name: ceremony}]\n';
    expect(utcSessions(tokyo(rows), '2026-01-05')).toEqual([
      '2026-01-05: 01-05T01:00/01-05T02:30 01-05T03:30/01-05T06:30',
    ]);
    const both = tokyo(`${rows}earlyCloses: [{date: 2026-01-05, close: "13:00", name: half day}]`);
    expect(utcSessions(both, '2026-01-05')).toEqual([
      '2026-01-05: 01-05T01:00/01-05T02:30 01-05T03:30/01-05T04:00',
    ]);
    expect(both.sessions('2026-01-05', '2026-01-05')[0]?.name).toBe('ceremony; half day');
  });
});

describe('the list form', () => {
  it('lets entries of the same `from` apply together, and has no session before the first', () => {
    const calendar = calendarOf(`${HEAD}sessions:
  desk:
    - {from: 2026-06-01, days: mon-thu, hours: "08:00-18:00"}
    - {from: 2026-06-01, days: fri, hours: "08:00-16:00"}
    - {from: 2026-06-08, days: sat, hours: "10:00-12:00"}
`);
    expect(utcSessions(calendar, '2026-05-25', '2026-06-14')).toEqual([
      '2026-06-01: 06-01T12:00/06-01T22:00',
      '2026-06-02: 06-02T12:00/06-02T22:00',
      '2026-06-03: 06-03T12:00/06-03T22:00',
      '2026-06-04: 06-04T12:00/06-04T22:00',
      '2026-06-05: 06-05T12:00/06-05T20:00',
      '2026-06-13: 06-13T14:00/06-13T16:00',
    ]);
  });
});

describe('dated rows', () => {
  it('are narrowed to the sessions that they name', () => {
    const calendar = calendarOf(`${HEAD}sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
  post: {days: mon-fri, hours: "16:00-20:00"}
earlyCloses: [{date: 2026-11-27, close: "13:00", sessions: [regular]}]
holidays: [{date: 2026-11-26, sessions: [post]}]
`);
    expect(utcSessions(calendar, '2026-11-26', '2026-11-27')).toEqual([
      '2026-11-26: 11-26T14:30/11-26T21:00',
      '2026-11-27: 11-27T14:30/11-27T18:00',
      '2026-11-27: 11-27T21:00/11-28T01:00',
    ]);
  });

  it('let an extra session outrank a holiday, an early close and the weekend', () => {
    const calendar = calendarOf(`${HEAD}sessions: {regular: {days: mon-fri, hours: "09:30-16:00"}}
holidays: [{date: 2026-11-09, name: holiday}]
extraSessions:
  - {session: regular, date: 2026-11-09, hours: "18:00-19:00", name: evening}
  - {session: regular, date: 2026-02-01, hours: ["09:30-12:00", "13:00-14:00"], name: Sunday}
`);
    expect(utcSessions(calendar, '2026-11-09')).toEqual(['2026-11-09: 11-09T23:00/11-10T00:00']);
    expect(utcSessions(calendar, '2026-02-01')).toEqual([
      '2026-02-01: 02-01T14:30/02-01T17:00 02-01T18:00/02-01T19:00',
    ]);
    expect(calendar.sessions('2026-02-01', '2026-02-01')[0]?.name).toBe('Sunday');
  });
});

it('orders sessions by their open and narrows them to one name', () => {
  const calendar = calendarOf(`${HEAD}sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
  futures: {days: sun-thu, hours: "18:00-17:00+1d", dated: close}
`);
  const names = calendar
    .sessions('2026-11-23', '2026-11-24')
    .map(({ session, date }) => `${session} ${date}`);
  expect(names).toEqual([
    'futures 2026-11-23',
    'regular 2026-11-23',
    'futures 2026-11-24',
    'regular 2026-11-24',
  ]);
  expect(calendar.sessions('2026-11-23', '2026-11-24', 'regular')).toHaveLength(2);
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { at, calendarOf, issuesOf } from '../support/calendar.ts';

const page = readFileSync(new URL('../../docs/calendar.md', import.meta.url), 'utf8');
const samples = [...page.matchAll(/^```yaml\n(calendar:.*?)^```$/gms)].map(([, yaml]) => yaml ?? '');

it('finds the samples of docs/calendar.md', () => {
  expect(samples.length).toBeGreaterThanOrEqual(5);
});

it.each(samples.map((yaml) => ({ name: parse(yaml).calendar as string, yaml })))(
  'the sample $name compiles without a warning',
  ({ yaml }) => {
    expect(issuesOf(yaml)).toEqual([]);
  },
);

it('the table of clock changes is what a calendar does', () => {
  const rows = [
    ...page.matchAll(
      /^\| (2026-\d\d-\d\d) (\d\d:\d\d)[^|]*\| (\d\d:\d\d) UTC[^|]*\| (\d\d:\d\d) UTC[^|]*\|$/gm,
    ),
  ];
  expect(rows).toHaveLength(5);
  for (const [, date = '', wall = '', start, end] of rows) {
    const session = (hours: string) => ({
      calendar: 'c',
      timezone: 'America/New_York',
      sessions: { s: { days: 'daily', hours } },
    });
    const [from] = calendarOf(session(`${wall}-12:00`)).sessions(date, date)[0]?.intervals ?? [];
    const [to] = calendarOf(session(`00:00-${wall}`)).sessions(date, date)[0]?.intervals ?? [];
    expect([from?.open, to?.close]).toEqual([at(`${date}T${start}:00Z`), at(`${date}T${end}:00Z`)]);
  }
});

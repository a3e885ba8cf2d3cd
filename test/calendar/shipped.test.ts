import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Day, formatDate, parseDate } from '../../src/calendar/civil-date.ts';
import { openZone, type Zone } from '../../src/calendar/wall-time.ts';
import { testCommand } from '../../src/cli/calendar-test.ts';
import { calendarIssues } from '../../src/config/check-calendar.ts';
import { parseYaml } from '../../src/config/yaml.ts';
import { calendarOf } from '../support/calendar.ts';

const folder = new URL('../../calendars/', import.meta.url);
const files = readdirSync(folder);
const names = files.filter((file) => !file.endsWith('.test.yaml')).map((file) => file.replace('.yaml', ''));
const textOf = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
const load = (name: string) => calendarOf(textOf(`${name}.yaml`));

describe('each shipped calendar', () => {
  it('is there', () => {
    expect(names).toEqual([
      'hkex',
      'lse',
      'office-hours-eu',
      'office-hours-us',
      'tse',
      'us-equities',
      'us-futures',
      'us-macro',
      'xetra',
    ]);
  });

  it.each(files)('%s begins with its schema, for editors', (file) => {
    const schema = file.endsWith('.test.yaml') ? 'test' : 'calendar';
    expect(textOf(file).split('\n')[0]).toBe(
      `# yaml-language-server: $schema=../deploy/schema/${schema}.json`,
    );
  });

  it.each(names)('%s is called as its file is, and has nothing that check would tell', (name) => {
    const [document] = parseYaml(textOf(`${name}.yaml`), `${name}.yaml`).documents;
    expect(document?.value).toMatchObject({ calendar: name });
    expect(calendarIssues(document?.value, Date.parse('2026-07-01T12:00:00Z'))).toEqual([]);
  });

  it.each(names)('%s has a source in every dated row', (name) => {
    const rows = textOf(`${name}.yaml`).match(/^ {2}- \{.*date: .*\}$/gm) ?? [];
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter((row) => !/source: "[^"]{8,}"/.test(row))).toEqual([]);
  });

  it.each(names)('%s meets the expectations beside it', async (name) => {
    const out: string[] = [];
    let exit = 0;
    const io = {
      out: (text: string) => void out.push(text),
      err: (text: string) => void out.push(text),
      setExitCode: (code: number) => {
        exit = code;
      },
      color: false,
    };
    const path = new URL(`${name}.test.yaml`, folder).pathname;
    await testCommand(io).parseAsync([path], { from: 'user' });
    expect([exit, out.at(-1)]).toEqual([0, expect.stringMatching(/^1 file, \d+ expectations, 0 not met$/)]);
  });
});

/** Sessions a year as exchange_calendars 4.13.2 and, for CME, pandas_market_calendars 5.5.0 count them. */
const COUNTS = [
  ['lse', 2025, 253],
  ['lse', 2026, 253],
  ['lse', 2027, 253],
  ['xetra', 2025, 253],
  ['xetra', 2026, 254],
  ['xetra', 2027, 256],
  ['tse', 2024, 245],
  ['tse', 2025, 243],
  ['tse', 2026, 242],
  ['tse', 2027, 244],
  ['hkex', 2025, 246],
  ['hkex', 2026, 247],
  ['hkex', 2027, 248],
  ['us-futures', 2026, 259],
  // One more than there: Good Friday 2027 is not published, and left a whole day here.
  ['us-futures', 2027, 259],
] as const;

describe('the sessions of a year', () => {
  it.each(COUNTS)('of %s in %i are %i', (name, year, count) => {
    expect(load(name).sessions(`${year}-01-01`, `${year}-12-31`)).toHaveLength(count);
  });
});

/** Gregorian Easter by Meeus, for the holidays that move with it. */
function easter(year: number): Day {
  const [a, b, c] = [year % 19, Math.floor(year / 100), year % 100];
  const d = (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30;
  const e = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - d - (c % 4)) % 7;
  const m = Math.floor((a + 11 * d + 22 * e) / 451);
  const month = Math.floor((d + e - 7 * m + 114) / 31);
  const day = ((d + e - 7 * m + 114) % 31) + 1;
  return Date.UTC(year, month - 1, day) / 86_400_000;
}

describe('holidays that follow Easter', () => {
  it.each([2025, 2026, 2027])('are kept in %i by those who keep them', (year) => {
    const [friday, monday] = [formatDate(easter(year) - 2), formatDate(easter(year) + 1)];
    for (const name of ['lse', 'xetra', 'hkex']) {
      const calendar = load(name);
      expect([name, calendar.sessions(friday, friday), calendar.sessions(monday, monday)]).toEqual([
        name,
        [],
        [],
      ]);
    }
    expect(load('tse').sessions(friday, friday)).toHaveLength(1);
  });
});

const ZONES = [...new Set(names.map((name) => load(name).timezone))];
const HOUR = 3_600_000;

/** The wall clock at an instant by Intl alone, as `2026-03-08 03:00`. */
function intlClock(zone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (at) => format.format(at);
}

/** Every hour of 2020-2030 after which Intl's clock does not show one hour more. */
function transitions(zone: string): readonly number[] {
  const clock = intlClock(zone);
  const shown = (at: number): number => Date.parse(`${clock(at).replace(' ', 'T')}Z`);
  const offset = (at: number): number => shown(at) - at;
  const found: number[] = [];
  const end = Date.UTC(2031, 0, 1);
  for (let at = Date.UTC(2020, 0, 1); at < end; at += 7 * 24 * HOUR) {
    if (offset(at) === offset(at + 7 * 24 * HOUR)) continue;
    let [low, high] = [at, at + 7 * 24 * HOUR];
    while (high - low > 60_000) {
      const middle = Math.floor((low + high) / 120_000) * 60_000;
      if (offset(middle) === offset(at)) low = middle;
      else high = middle;
    }
    found.push(high);
  }
  return found;
}

function zoneOf(name: string): Zone {
  const zone = openZone(name);
  if (!zone) throw new Error(`no zone ${name}`);
  return zone;
}

describe('clock changes of the shipped zones, 2020 to 2030', () => {
  it.each([
    ['America/New_York', 22],
    ['America/Chicago', 22],
    ['Europe/London', 22],
    ['Europe/Berlin', 22],
    ['Asia/Tokyo', 0],
    ['Asia/Hong_Kong', 0],
  ])('are those of %s: %i', (zone, count) => {
    expect(ZONES).toContain(zone);
    expect(transitions(zone)).toHaveLength(count);
  });

  it('are all of the zones there are', () => {
    expect(ZONES).toHaveLength(6);
  });

  it.each(ZONES)('in %s give each wall time the instants at which Intl shows it', (name) => {
    const clock = intlClock(name);
    const zone = zoneOf(name);
    const around = [...transitions(name), Date.UTC(2026, 6, 1)];
    fc.assert(
      fc.property(
        fc.constantFrom(...around),
        fc.integer({ min: -36 * 60, max: 36 * 60 }),
        (change, minutes) => {
          const wall = clock(change + minutes * 60_000);
          const day = parseDate(wall.slice(0, 10)) ?? Number.NaN;
          const minute = Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14, 16));
          // Every instant within two days at which Intl's clock shows this wall time.
          const from = Math.floor(change / 60_000) * 60_000 + minutes * 60_000 - 3 * HOUR;
          const showing = Array.from({ length: 6 * 60 + 1 }, (_, index) => from + index * 60_000).filter(
            (at) => clock(at) === wall,
          );
          expect([zone.instant(day, minute, 'start'), zone.instant(day, minute, 'end')]).toEqual([
            Math.min(...showing),
            Math.max(...showing),
          ]);
        },
      ),
      { numRuns: 120 },
    );
  });

  it.each(ZONES)('in %s end a skipped wall time at the first instant after the gap', (name) => {
    const clock = intlClock(name);
    const zone = zoneOf(name);
    const gaps = transitions(name).filter((at) => jump(clock, at) > 0);
    for (const at of gaps) {
      const before = clock(at - 60_000);
      const day = parseDate(before.slice(0, 10)) ?? Number.NaN;
      const first = Number(before.slice(11, 13)) * 60 + Number(before.slice(14, 16)) + 1;
      for (let minute = first; minute < first + jump(clock, at) / 60_000; minute += 7) {
        expect([zone.instant(day, minute, 'start'), zone.instant(day, minute, 'end')]).toEqual([at, at]);
      }
    }
    expect(gaps).toHaveLength(transitions(name).length / 2);
  });
});

/** How far the clock jumps at a change, ms. */
function jump(clock: (at: number) => string, at: number): number {
  const shown = (instant: number): number => Date.parse(`${clock(instant).replace(' ', 'T')}Z`);
  return shown(at) - shown(at - 60_000) - 60_000;
}

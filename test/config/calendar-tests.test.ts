import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runTestFile } from '../../src/config/calendar-tests.ts';
import { checkFiles } from '../../src/config/check.ts';
import { loadRevision } from '../../src/config/load.ts';
import { aConfiguration, aDirectory, told } from './files.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');

const DESK = `calendar: desk
timezone: America/New_York
covers: {from: 2026-01-01, to: 2027-12-31}
sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
  night: {days: sun-thu, hours: "18:00-17:00+1d", dated: close}
  tokyo: {days: mon-fri, hours: ["09:00-11:30", "12:30-15:00"]}
holidays:
  - {date: 2026-11-26, name: Thanksgiving Day, sessions: [regular]}
earlyCloses:
  - {date: 2026-11-27, close: "13:00", name: day after Thanksgiving, sessions: [regular]}
windows:
  - {name: market-hours, on: regular, from: open-30m, floor: 2, lead: auto, policy: {upscaleDelay: 0s}}
  - {name: quiet, outside: regular, ceiling: 5}
`;

async function run(rows: string, calendar = DESK) {
  const directory = await aDirectory({
    'desk.yaml': calendar,
    'desk.test.yaml': `calendar: desk.yaml\nexpect:\n${rows}\n`,
  });
  const { failures, problems, expectations } = await runTestFile(join(directory, 'desk.test.yaml'), NOW);
  return { expectations, said: told([...problems, ...failures.map(({ problem }) => problem)], directory) };
}

describe('a calendar test', () => {
  it('is met by what the calendar answers, in every form', async () => {
    const { said, expectations } = await run(`
  - {at: "2026-11-27 12:59", floor: 2, ceiling: none, windows: [market-hours], policy: {upscaleDelay: 0s}, covered: true}
  - {at: "2026-11-27T18:00:00Z", floor: 0, ceiling: 5, windows: [quiet], policy: {}}
  - {at: "2026-11-27 08:55", lead: 5m, floor: 2, windows: [quiet, market-hours], ceiling: 5}
  - {at: "2026-11-30 12:00", ceiling: null}
  - {at: "2028-11-27 12:00", covered: false}
  - {session: regular, date: 2026-11-27, opens: "09:30", closes: "13:00", intervals: "09:30-13:00"}
  - {session: regular, date: 2026-11-26, closed: true}
  - {session: night, date: 2026-11-30, opens: "18:00", closes: "17:00+1d", intervals: ["18:00-17:00+1d"]}
  - {session: tokyo, date: 2026-11-30, intervals: ["09:00-11:30", "12:30-15:00"], opens: "09:00", closes: "15:00"}`);
    expect([expectations, said]).toEqual([9, []]);
  });

  it.each([
    [
      'a floor, with the window and its line',
      '  - {at: "2026-11-30 09:00", floor: 0}',
      'desk.test.yaml:3:37 expect.0.floor: expected 0, got 2 at Mon 2026-11-30 09:00 America/New_York (2026-11-30T14:00:00Z): window market-hours (floor 2, desk.yaml:13), window quiet (ceiling 5, desk.yaml:14); Mon 2026-11-30 has night 18:00-1d-17:00, tokyo 09:00-11:30, 12:30-15:00, regular 09:30-16:00',
    ],
    [
      'a floor that is not there, with the dated row',
      '  - {at: "2026-11-27 13:00", floor: 2}',
      'desk.test.yaml:3:37 expect.0.floor: expected 2, got 0 at Fri 2026-11-27 13:00 America/New_York (2026-11-27T18:00:00Z): window quiet (ceiling 5, desk.yaml:14); Fri 2026-11-27 has night 18:00-1d-17:00, tokyo 09:00-11:30, 12:30-15:00, regular 09:30-13:00; early close: day after Thanksgiving (desk.yaml:11)',
    ],
    [
      'a session, with the row',
      '  - {session: regular, date: 2026-11-27, closes: "16:00"}',
      'desk.test.yaml:3:50 expect.0.closes: expected 16:00, got 13:00 for regular of Fri 2026-11-27: early close: day after Thanksgiving (desk.yaml:11)',
    ],
    [
      'a session on a holiday',
      '  - {session: regular, date: 2026-11-26, opens: "09:30"}',
      'desk.test.yaml:3:49 expect.0.opens: expected 09:30, got no session for regular of Thu 2026-11-26: holiday: Thanksgiving Day (desk.yaml:9)',
    ],
    [
      'a session that no row changes',
      '  - {session: regular, date: 2026-11-30, closed: true}',
      'desk.test.yaml:3:50 expect.0.closed: expected no session, got 09:30-16:00 for regular of Mon 2026-11-30: no dated row changes it, its weekly hours are at desk.yaml:5',
    ],
    [
      'a session that there is not',
      '  - {session: reglar, date: 2026-11-30, closed: true}',
      'desk.test.yaml:3:15 expect.0.session: expected a session, got "reglar" for reglar of Mon 2026-11-30: there is no such session (did you mean "regular"?)',
    ],
    [
      'coverage',
      '  - {at: "2028-01-03 12:00", covered: true}',
      'desk.test.yaml:3:39 expect.0.covered: expected true, got false at Mon 2028-01-03 12:00 America/New_York (2028-01-03T17:00:00Z): covers is 2026-01-01 to 2027-12-31 (desk.yaml:3)',
    ],
    [
      'a date that does not exist',
      '  - {at: "2026-02-30 12:00", floor: 0}',
      'desk.test.yaml:3:10 expect.0.at: expected a date and time that exist, got 2026-02-30 12:00 : nothing was asked',
    ],
  ])('that fails names %s', async (_, row, sentence) => {
    expect((await run(row)).said).toEqual([sentence]);
  });

  it('tells every failing field of every row', async () => {
    const { said } = await run(
      '  - {at: "2026-11-30 12:00", floor: 1, windows: [], policy: {}}\n  - {session: regular, date: 2026-11-30, opens: "10:00", closes: "15:00"}',
    );
    expect(said.map((each) => /expect[^:]*/.exec(each)?.[0])).toEqual([
      'expect.0.floor',
      'expect.0.windows',
      'expect.0.policy',
      'expect.1.opens',
      'expect.1.closes',
    ]);
  });

  it.each([
    [
      '  - {at: "2026-11-30 12:00"}',
      'must expect something of the instant: floor, ceiling, windows, policy, covered',
    ],
    ['  - {at: "2026-11-30 12:00", floor: 2, windws: []}', 'must be a known key (did you mean "windows"?)'],
    [
      '  - {at: "30.11.2026", floor: 2}',
      'must be a wall time "2026-11-27 13:00" in the calendar\'s zone, or an instant "2026-11-27T18:00:00Z"',
    ],
    ['  - {at: "2026-11-30 12:00", floor: 2, lead: 5}', 'a number needs a unit'],
    [
      '  - {session: regular, date: 2026-11-30}',
      'must expect something of the session: opens, closes, intervals, closed',
    ],
    [
      '  - {session: regular, date: 2026-11-30, closed: true, opens: "09:30"}',
      'must not expect hours of a session that is closed',
    ],
    ['  - {session: regular, date: 2026-11-31, closed: true}', 'must be a date that exists'],
    ['  []', 'must expect something'],
  ])('refuses the row %s', async (row, sentence) => {
    const { said, expectations } = await run(row);
    expect([said.length, expectations]).toEqual([1, 0]);
    expect(said[0]).toContain(sentence);
  });

  it.each([
    ['missing', 'other.yaml', DESK, 'desk.test.yaml:1:11 calendar: must be a file that can be read'],
    [
      'broken',
      'desk.yaml',
      DESK.replace('floor: 2', 'floor: x'),
      'desk.yaml:13:62 windows.0.floor: must be a whole number of replicas, was "x"',
    ],
    ['no YAML', 'desk.yaml', 'calendar: [', 'desk.yaml:1:12: must be valid YAML'],
    ['of another kind', 'desk.test.yaml', DESK, 'desk.test.yaml:1:1 timezone: must be'],
  ])('of a calendar that is %s says so', async (_, name, calendar, sentence) => {
    const directory = await aDirectory({
      'desk.yaml': calendar,
      'desk.test.yaml': `calendar: ${name}\nexpect: [{at: "2026-11-30 12:00", floor: 2}]\n`,
    });
    const { problems, expectations } = await runTestFile(join(directory, 'desk.test.yaml'), NOW);
    expect(told(problems, directory)).toEqual(expect.arrayContaining([expect.stringContaining(sentence)]));
    expect(expectations).toBe(0);
  });
});

describe('beside calendars', () => {
  const TEST = 'calendar: desk.yaml\nexpect: [{at: "2026-11-30 12:00", floor: 2, flor: 1}]\n';

  it('tests are known to check, which looks at their form', async () => {
    const directory = await aDirectory({ 'desk.yaml': DESK, 'desk.test.yaml': TEST });
    const { problems, skipped } = await checkFiles([directory], NOW);
    expect([told(problems, directory), skipped]).toEqual([
      ['desk.test.yaml:2:45 expect.0.flor: must be a known key (did you mean "floor"?)'],
      [],
    ]);
  });

  it('tests are left alone by the glob that loads calendars', async () => {
    const directory = await aConfiguration({ 'calendars/desk.test.yaml': TEST });
    const loaded = await loadRevision(join(directory, 'bellwether.yaml'));
    expect('revision' in loaded && [...loaded.revision.calendars.keys()]).toEqual(['desk']);
  });
});

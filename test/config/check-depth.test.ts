import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/check.ts';
import { checkFiles } from '../../src/config/check.ts';
import { aConfiguration, aDirectory, CALENDAR, POLICY, told } from './files.ts';

const NOW = Date.parse('2026-07-01T12:00:00Z');
const HEAD = 'calendar: desk\ntimezone: America/New_York\n';

async function problemsOf(files: Readonly<Record<string, string>>, now = NOW): Promise<readonly string[]> {
  const directory = await aDirectory(files);
  return told((await checkFiles([directory], now)).problems, directory);
}

describe('check of a calendar, in depth', () => {
  it('reviews a calendar by itself, and one that a bellwether.yaml loads, once', async () => {
    const calendar = `${CALENDAR}  - {name: idle, on: regular}\n`;
    const warning =
      'windows.1: warning: changes nothing: give it a floor, a ceiling or a policy, or delete it';
    expect(await problemsOf({ 'desk.yaml': calendar })).toEqual([`desk.yaml:7:5 ${warning}`]);
    const directory = await aConfiguration({ 'calendars/desk.yaml': calendar });
    const { problems } = await checkFiles([directory], NOW);
    expect(told(problems, directory)).toEqual([`calendars/desk.yaml:7:5 ${warning}`]);
  });

  it.each([
    ['91 days before', '2026-10-01T03:00:00Z', []],
    [
      '90 days before',
      '2026-10-03T05:00:00Z',
      [
        "desk.yaml:3:32 covers.to: warning: ends soon: after 2026-12-31 holidays and other dated rows are unknown (add the next year's rows, then move covers.to)",
      ],
    ],
    [
      'after',
      '2027-01-01T05:00:00Z',
      [
        "desk.yaml:3:32 covers.to: warning: has ended: after 2026-12-31 holidays and other dated rows are unknown (add the next year's rows, then move covers.to)",
      ],
    ],
  ])('tells of the end of coverage %s it by the clock it is given', async (_, now, says) => {
    const text = `${HEAD}covers: {from: 2026-01-01, to: 2026-12-31}\n`;
    expect(await problemsOf({ 'desk.yaml': text }, Date.parse(now))).toEqual(says);
  });

  it('tells of two calendars, and of two policies, of one name', async () => {
    const says = await problemsOf({
      'a.yaml': CALENDAR,
      'b/c.yaml': `# moved\n${CALENDAR}`,
      'p.yaml': 'policy: p\nmaxReplicas: 2\n---\npolicy: p\nmaxReplicas: 3\n',
    });
    expect(says.map((line) => line.replace(/at \S+\//, 'at '))).toEqual([
      'b/c.yaml:2:11 calendar: warning: has the name of the calendar at a.yaml:1: a configuration that loads both is refused (rename one)',
      'p.yaml:4:9 policy: warning: has the name of the policy at p.yaml:1: a configuration that loads both is refused (rename one)',
    ]);
  });

  it("tells of a floor above a policy's maxReplicas without a bellwether.yaml too", async () => {
    const files = { 'c.yaml': CALENDAR.replace('floor: 2', 'floor: 5'), 'p.yaml': POLICY };
    expect(await problemsOf(files)).toEqual([
      'p.yaml:3:11 calendar: warning: window "market-hours" has floor 5, above maxReplicas (4): only 4 will be asked for',
    ]);
  });
});

describe('a value in another notation', () => {
  const row = (value: string) => `${HEAD}holidays: [{date: ${value}}]\n`;
  const close = (value: string) => `${CALENDAR}earlyCloses: [{date: 2026-11-27, close: ${value}}]\n`;
  const hours = (value: string) => CALENDAR.replace('09:30-16:00', value);
  const policy = (value: string) => `${CALENDAR.replace('floor: 2}', `floor: 2, policy: ${value}}`)}`;
  it.each([
    ['a date without leading zeros', row('2026-1-5'), 'did you mean 2026-01-05?'],
    ['a date with slashes', row('2026/11/27'), 'did you mean 2026-11-27?'],
    ['a date as a number', row('20261127'), 'did you mean 2026-11-27?'],
    ['a timestamp', row('2026-11-27T00:00:00Z'), 'did you mean 2026-11-27?'],
    ['a German date', row('27.11.2026'), 'did you mean 2026-11-27?'],
    ['an American date', row('11/27/2026'), 'did you mean 2026-11-27?'],
    ['a date that may be either', row('11/12/2026'), 'did you mean 2026-11-12 or 2026-12-11?'],
    ['a duration for a date', row('1.5h'), 'that is a duration: a date is written 2026-11-27'],
    ['a time to the base of 60', close('780'), 'did you mean "13:00"?'],
    ['a time in four digits', close('1300'), 'did you mean "13:00" or "21:40"?'],
    ['a time without a leading zero', close('9:30'), 'did you mean "09:30"?'],
    ['a time with a dot', close('13.30'), 'did you mean "13:30"?'],
    ['a time with seconds', close('13:00:00'), 'did you mean "13:00"?'],
    ['a time of the afternoon', close('1pm'), 'did you mean "13:00"?'],
    ['noon', close('12:30 pm'), 'did you mean "12:30"?'],
    ['hours without leading zeros', hours('9:30 - 16:00'), 'did you mean "09:30-16:00"?'],
    ['hours with words', hours('9am to 5pm'), 'did you mean "09:00-17:00"?'],
    ['hours that are one number', hours('930'), 'write both times as quoted text, "09:30-16:00"'],
    ['no', policy('{guards: {consolidation: no}}'), 'YAML 1.2 reads no as text: write false'],
    ['on', policy('{guards: {consolidation: on}}'), 'YAML 1.2 reads on as text: write true'],
    ['a duration with a space', policy('{upscaleDelay: 30 sec}'), 'did you mean "30s"?'],
    ['a duration with a comma', policy('{upscaleDelay: "1,5h"}'), 'did you mean "1.5h"?'],
    ['a duration as a clock shows it', policy('{upscaleDelay: 0:30}'), 'did you mean "30m"?'],
    ['a date that is none in any notation', row('yesterday'), undefined],
  ])('%s', async (_, text, repair) => {
    const [message = '', more] = await problemsOf({ 'desk.yaml': text });
    expect(more).toBeUndefined();
    expect(message).toContain('must be ');
    expect(/\(([^()]+)\)$/.exec(message)?.[1]).toBe(repair);
  });

  it('is told with how to repair it where YAML itself refuses it', async () => {
    expect(await problemsOf({ 'a.yaml': 'calendar: a\nsessions:\n\ts: {days: daily}\n' })).toEqual([
      'a.yaml:3:1: must be valid YAML: tabs are not allowed as indentation (use spaces)',
    ]);
    expect(await problemsOf({ 'a.yaml': 'calendar: a\nholidays: []\nholidays: []\n' })).toEqual([
      'a.yaml:3:1: must be valid YAML: a key may stand only once in a map (delete one, or join their values)',
    ]);
  });
});

describe('check --format github', () => {
  const run = async (directory: string, args: readonly string[]) => {
    const out: string[] = [];
    const err: string[] = [];
    const io = {
      out: (text: string) => void out.push(text.replaceAll(`${directory}/`, '')),
      err: (text: string) => void err.push(text),
      setExitCode: () => {},
      color: false,
    };
    await checkCommand(io, () => NOW).parseAsync([...args], { from: 'user' });
    return { out, err };
  };

  it('prints annotations on stdout, escaped, a line each', async () => {
    const directory = await aDirectory({
      'a, b: 100%.yaml': 'policy: p\nmaxReplicas: 4\nupscaleDelay: "1\\n%"\ndownscaleDelay: 1s\n',
    });
    const { out, err } = await run(directory, [
      '--format',
      'github',
      directory,
      join(directory, 'none.yaml'),
    ]);
    expect(err).toEqual([]);
    expect(out).toEqual([
      '::error file=a%2C b%3A 100%25.yaml,line=3,col=15,title=upscaleDelay::upscaleDelay: must be a duration such as "250ms", "30s", "5m" or "1h30m", was "1\\n%25"',
      '::warning file=a%2C b%3A 100%25.yaml,line=4,col=17,title=downscaleDelay::downscaleDelay: downscaleDelay (1s) is shorter than lookBackPeriod (30s): the average lags behind the delay',
      '::error file=none.yaml::must be a file that can be read, was missing',
      '1 file, 2 errors, 1 warning',
    ]);
  });
});

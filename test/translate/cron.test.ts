import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cronHours, cronWeek, WEEK_MINUTES } from '../../src/translate/cron-week.ts';
import { translateCron } from '../../src/translate/translate-cron.ts';
import { weekEntries } from '../../src/translate/week-entries.ts';
import { at } from '../support/calendar.ts';
import { calendarOf, notesOf, sound, valuesOf } from './support.ts';

const scaledObject = (triggers: string, more = '') => `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: vllm, namespace: llm}
spec:
  scaleTargetRef: {name: vllm}
${more}  triggers:
${triggers}`;
const cron = (start: string, end: string, replicas = '"2"', zone = 'America/New_York') =>
  `    - {type: cron, metadata: {timezone: ${zone}, start: ${start}, end: ${end}, desiredReplicas: ${replicas}}}\n`;
const translate = (text: string) => sound(translateCron(text, { file: 'so.yaml' }));

describe('cronWeek', () => {
  it.each([
    ['30 8 * * 1-5', [1, 2, 3, 4, 5].map((day) => day * 1440 + 510)],
    ['30 8 * * mon-fri', [1, 2, 3, 4, 5].map((day) => day * 1440 + 510)],
    ['0 0 * * 0,7', [0]],
    ['0 */12 * * SAT', [6 * 1440, 6 * 1440 + 720]],
    ['5/30 9 ? * 3', [3 * 1440 + 545, 3 * 1440 + 575]],
    ['0 9-11/2 * * 1', [1440 + 540, 1440 + 660]],
  ])('reads %s', (expression, minutes) => {
    expect(cronWeek(expression)).toEqual(minutes);
  });

  it.each([
    ['0 8 1 * *', 'names days of the month or months: write those dates as events'],
    ['0 8 * 12 *', 'names days of the month or months: write those dates as events'],
    ['* * * * *', 'fires more than 200 times a week'],
    ['@daily', 'is not a cron expression of five fields'],
    ['0 0 8 * * 1', 'is not a cron expression of five fields'],
    ['0 24 * * *', 'is not a cron expression that can be read'],
    ['0 8 * * 5-1', 'is not a cron expression that can be read'],
    ['0 8 * * L', 'is not a cron expression that can be read'],
    ['0 8 * * 1#2', 'is not a cron expression that can be read'],
    ['0 8/0 * * *', 'is not a cron expression that can be read'],
  ])('says why %s is no hours of every week', (expression, why) => {
    expect(cronWeek(expression)).toEqual({ why });
  });
});

/** KEDA's own test, minute by minute: active while the next end comes no later than the next start. */
function kedaActive(starts: readonly number[], ends: readonly number[], minute: number): boolean {
  const wait = (times: readonly number[]) =>
    Math.min(...times.map((time) => (((time - minute - 1) % WEEK_MINUTES) + WEEK_MINUTES) % WEEK_MINUTES));
  return wait(ends) <= wait(starts);
}

describe('cronHours', () => {
  const times = fc.uniqueArray(
    fc.integer({ min: 0, max: 7 * 24 - 1 }).map((hour) => hour * 60),
    { minLength: 1, maxLength: 12 },
  );

  it('splits what KEDA holds into hours that a start opens and hours that bleed, and loses nothing', () => {
    fc.assert(
      fc.property(times, times, (starts, ends) => {
        const { spans, bleeds } = cronHours(
          starts.toSorted((a, b) => a - b),
          ends.toSorted((a, b) => a - b),
        );
        const held = (minute: number) =>
          [...spans, ...bleeds].some(
            ({ from, to }) =>
              (minute >= from && minute < to) ||
              (minute + WEEK_MINUTES >= from && minute + WEEK_MINUTES < to),
          );
        for (let minute = 30; minute < WEEK_MINUTES; minute += 60)
          expect([minute, held(minute)]).toEqual([minute, kedaActive(starts, ends, minute)]);
        for (const { from } of spans) expect(starts).toContain(from % WEEK_MINUTES);
        for (const { from } of bleeds) expect(starts).not.toContain(from % WEEK_MINUTES);
      }),
      { numRuns: 300 },
    );
  });

  it('becomes session entries that are open in the same hours', () => {
    fc.assert(
      fc.property(times, times, (starts, ends) => {
        const { spans } = cronHours(
          starts.toSorted((a, b) => a - b),
          ends.toSorted((a, b) => a - b),
        );
        fc.pre(spans.length > 0);
        const groups = weekEntries(spans);
        const calendar = calendarOf({
          calendar: 'c',
          timezone: 'UTC',
          sessions: Object.fromEntries(groups.map((entries, index) => [`s${index}`, entries])),
          windows: groups.map((_, index) => ({ name: `w${index}`, on: `s${index}`, floor: 1 })),
        });
        const sunday = Date.parse('2026-07-05T00:00:00Z');
        for (let minute = 30; minute < WEEK_MINUTES; minute += 180) {
          const open = spans.some(
            ({ from, to }) =>
              (minute >= from && minute < to) ||
              (minute + WEEK_MINUTES >= from && minute + WEEK_MINUTES < to),
          );
          expect([minute, calendar.boundsAt(sunday + minute * 60_000, 0).floor]).toEqual([
            minute,
            open ? 1 : 0,
          ]);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('translate keda-cron', () => {
  it('makes windows of triggers, in the calendar of their zone', () => {
    const translation = translate(
      scaledObject(cron('30 8 * * 1-5', '0 16 * * 1-5') + cron('0 9 * * 1-5', '0 10 * * 1-5', '4')),
    );
    const calendar = calendarOf(valuesOf(translation)[0]);
    const floorAt = (time: string) => calendar.boundsAt(at(`${time} America/New_York`), 0).floor;
    expect(
      ['08:29', '08:30', '09:00', '10:00', '15:59', '16:00'].map((time) => floorAt(`2026-03-09 ${time}`)),
    ).toEqual([0, 2, 4, 2, 2, 0]);
    expect(floorAt('2026-03-07 12:00')).toBe(0);
    expect(notesOf(translation)).toEqual([]);
  });

  it('tells of the weekend that an end on every day makes KEDA hold', () => {
    const translation = translate(scaledObject(cron('30 6 * * 1-5', '10 22 * * *')));
    expect(notesOf(translation)).toEqual([
      'differs 7: cron trigger 0: KEDA holds the replicas from Fri 22:10 to Sun 22:10 too, because an end without a start before it leaves its trigger active (kedacore/keda#4677); here they end at the first end',
    ]);
  });

  it('carries over nights, and the weekend that their last start opens', () => {
    const translation = translate(scaledObject(cron('0 22 * * 1-5', '0 6 * * 1-5')));
    expect(translation.documents[0]).toContain(
      '    - {days: mon-thu, hours: "22:00-06:00+1d"}\n    - {days: fri, hours: "22:00-06:00+3d"}',
    );
    expect(notesOf(translation)).toEqual([
      'differs 7: cron trigger 0: from Fri 22:00 the next end is 2d8h later, Mon 06:00: carried over as KEDA does it; cut it if a weekend was not meant',
    ]);
  });

  it('makes a window of each time that a day has, since a window lasts to the last close', () => {
    const translation = translate(scaledObject(cron('"0 8,18 * * *"', '"0 9,20 * * *"')));
    const calendar = calendarOf(valuesOf(translation)[0]);
    const floors = [8, 9, 12, 18, 20].map(
      (hour) =>
        calendar.boundsAt(at(`2026-03-09 ${String(hour).padStart(2, '0')}:00 America/New_York`), 0).floor,
    );
    expect(floors).toEqual([2, 0, 0, 2, 0]);
  });

  it('tells of starts that KEDA passes over', () => {
    expect(notesOf(translate(scaledObject(cron('"0 8,9 * * *"', '0 10 * * *'))))[0]).toContain(
      'the start at Sun 08:00 has no effect in KEDA',
    );
  });

  it('gives each zone its calendar, and says that a fleet follows one', () => {
    const translation = translate(
      scaledObject(cron('0 8 * * *', '0 9 * * *') + cron('0 8 * * *', '0 9 * * *', '3', 'Asia/Tokyo')),
    );
    expect(valuesOf(translation)).toMatchObject([
      { calendar: 'vllm', timezone: 'America/New_York' },
      { calendar: 'vllm-2', timezone: 'Asia/Tokyo' },
    ]);
    expect(translation.notes.map(({ text }) => text).join('\n')).toContain(
      'the triggers are in 2 time zones',
    );
  });

  it('says of everything else where it stays', () => {
    const other = '    - {type: prometheus, metadata: {threshold: "5"}}\n';
    const text = `${scaledObject(cron('0 8 * * *', '0 9 * * *') + cron('0 8 1 * *', '0 9 1 * *') + other, '  maxReplicaCount: 4\n')}---\nkind: Service\n`;
    expect(notesOf(translate(text))).toEqual([
      'lost 9: cron trigger 1: start 0 8 1 * * names days of the month or months: write those dates as events',
      "lost 10: trigger of type prometheus: a calendar holds hours only; demand is the policy's (docs/policy.md)",
      'lost 6: maxReplicaCount: a calendar has no such thing; keep it in the ScaledObject, and agree with the policy',
      'lost 12: a document of kind Service: left alone',
    ]);
  });

  it.each([
    ['no ScaledObject', 'kind: Service\n', 'must hold a ScaledObject with a trigger of type cron'],
    [
      'no cron trigger',
      scaledObject('    - {type: cpu}\n'),
      'must hold a ScaledObject with a trigger of type cron',
    ],
    [
      'a zone that is none',
      scaledObject(cron('0 8 * * *', '0 9 * * *', '"2"', 'Mars')),
      'must be a trigger that can be said as a window: cron trigger 0: timezone Mars is no IANA time zone',
    ],
    [
      'no number of replicas',
      scaledObject(cron('0 8 * * *', '0 9 * * *', 'many')),
      'must be a trigger that can be said as a window: cron trigger 0: desiredReplicas many is not a number of replicas',
    ],
  ])('refuses %s', (_, text, message) => {
    const translated = translateCron(text, { file: 'so.yaml' });
    expect('problems' in translated && translated.problems.map((problem) => problem.message)).toEqual([
      message,
    ]);
  });
});

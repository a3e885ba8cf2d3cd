import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseDate } from '../../src/calendar/civil-date.ts';
import { type CapacityDiff, diffCapacity } from '../../src/calendar/diff/diff.ts';
import { canonical } from '../../src/calendar/diff/pieces.ts';
import type { Side } from '../../src/calendar/diff/side.ts';
import { daysText, hoursText, overridesText, utcText, windowsText } from '../../src/calendar/diff/words.ts';
import { openZone } from '../../src/calendar/wall-time.ts';
import { at, calendarOf } from '../support/calendar.ts';

const BASE = `calendar: desk
timezone: America/New_York
covers: {from: 2026-01-01, to: 2027-12-31}
sessions:
  regular: {days: mon-fri, hours: "09:30-16:00"}
holidays:
  - {date: 2026-11-26, name: Thanksgiving Day}
  - {date: 2026-12-25, name: Christmas Day}
windows:
  - {name: market-hours, on: regular, from: open-30m, floor: 2}
`;

function side(yaml: string, limits: Side['limits'] = null): Side {
  const windows: readonly { readonly name: string }[] = parse(yaml).windows ?? [];
  const definitions = new Map(windows.map((each) => [each.name, JSON.stringify(canonical(each))]));
  return { calendar: calendarOf(yaml), definitions, limits };
}

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly zone?: string;
  readonly autoLeadMs?: number;
}

function diff(before: Side | string, after: Side | string, options: Options = {}): CapacityDiff {
  const { from = '2026-11-23', to = '2026-12-31', zone = 'America/New_York', autoLeadMs = 0 } = options;
  const opened = openZone(zone);
  if (!opened) throw new Error(zone);
  return diffCapacity({
    before: typeof before === 'string' ? side(before) : before,
    after: typeof after === 'string' ? side(after) : after,
    range: { from: parseDate(from) ?? 0, to: parseDate(to) ?? 0 },
    zone: opened,
    autoLeadMs,
  });
}

/** Each row in a line: when, hours, floor, ceiling, windows, replica-hours. */
function rows({ changes, timezone }: CapacityDiff): readonly string[] {
  const zone = openZone(timezone);
  if (!zone) throw new Error(timezone);
  return changes.map((change) => {
    const { before, after, windows, replicaHours, days } = change;
    const ceiling = before.ceiling === after.ceiling ? '' : ` ceiling ${before.ceiling}>${after.ceiling}`;
    const overrides = overridesText(change);
    return `${daysText(days)} | ${hoursText(change)} | ${utcText(change, zone)} | ${before.floor}>${after.floor}${ceiling} | ${windowsText(windows)} | ${replicaHours}${overrides && ` | ${overrides}`}`;
  });
}

const EARLY_CLOSE = `${BASE}earlyCloses:\n  - {date: 2026-11-27, close: "13:00", name: day after Thanksgiving}\n`;

describe('the diff of two calendars', () => {
  it('tells an early close as the hours that are lost, the session behind them and the first instant', () => {
    const found = diff(BASE, EARLY_CLOSE);
    expect(rows(found)).toEqual(['Fri 2026-11-27 | 13:00-16:00 | 18:00-21:00 | 2>0 | -market-hours | -6']);
    expect(found.firstEffect).toBe(at('2026-11-27 13:00 America/New_York'));
    expect(found.balance).toEqual({ gained: 0, lost: 6 });
    expect(found.weeks).toEqual([{ week: '2026-11-23', gained: 0, lost: 6 }]);
    expect(found.sessions).toMatchObject([
      {
        session: 'regular',
        before: '09:30-16:00',
        after: '09:30-13:00',
        why: 'early close: day after Thanksgiving',
      },
    ]);
  });

  it('tells the way back with the row that is gone', () => {
    const found = diff(EARLY_CLOSE, BASE);
    expect(rows(found)).toEqual(['Fri 2026-11-27 | 13:00-16:00 | 18:00-21:00 | 0>2 | +market-hours | 6']);
    expect(found.sessions[0]?.why).toBe('no longer early close: day after Thanksgiving');
  });

  it.each([
    ['comments and blank lines', `# a\n\n${BASE.replaceAll('\n', ' # b\n\n')}`],
    [
      'the order of rows and keys',
      BASE.replace('{date: 2026-11-26, name: Thanksgiving Day}', '{name: x, date: 2026-12-25}').replace(
        '{date: 2026-12-25, name: Christmas Day}',
        '{source: y, date: 2026-11-26}',
      ),
    ],
    ['hours as a list', BASE.replace('hours: "09:30-16:00"', 'hours: ["09:30-16:00"]')],
    ['another name of a window', BASE.replace('market-hours', 'trading')],
    ['an anchor written otherwise', BASE.replace('open-30m', 'open-0.5h')],
  ])('says nothing of %s', (_, changed) => {
    const found = diff(BASE, changed);
    expect([found.changes, found.sessions, found.notes, found.weeks]).toEqual([[], [], [], []]);
    expect(found.firstEffect).toBeNull();
  });

  it('folds equal effects on many days into one row and names the holidays between them', () => {
    const found = diff(BASE, BASE.replace('floor: 2', 'floor: 3'), { from: '2026-12-01' });
    expect(rows(found)).toEqual([
      'Mon-Fri from 2026-12-01 (not on 2026-12-25) | 09:00-16:00 | 14:00-21:00 | 2>3 | market-hours | 154',
    ]);
  });

  it('counts from a date on when a session changes from that date on', () => {
    const later = BASE.replace(
      '{days: mon-fri, hours: "09:30-16:00"}',
      '[{days: mon-fri, hours: "09:30-16:00"}, {from: 2026-12-07, days: mon-fri, hours: "09:30-17:00"}]',
    );
    expect(rows(diff(BASE, later))).toEqual([
      'Mon-Fri from 2026-12-07 (not on 2026-12-25) | 16:00-17:00 | 21:00-22:00 | 0>2 | +market-hours | 36',
    ]);
  });

  it('shows both hours in UTC where summer time begins or ends', () => {
    const found = diff(BASE, BASE.replace('floor: 2', 'floor: 3'), { from: '2026-10-26', to: '2026-11-06' });
    expect(rows(found)).toEqual([
      'Mon-Fri from 2026-10-26 | 09:00-16:00 | 13:00-20:00 or 14:00-21:00 | 2>3 | market-hours | 70',
    ]);
  });

  it('counts the hours of a night in which the clocks change as they really pass', () => {
    const night = (floor: number) =>
      `calendar: n\ntimezone: America/New_York\nsessions: {night: {days: sat, hours: "22:00-06:00+1d"}}\nwindows: [{name: w, on: night, floor: ${floor}}]\n`;
    const of = (from: string, to: string) => diff(night(1), night(2), { from, to }).balance.gained;
    expect([
      of('2026-03-07', '2026-03-08'),
      of('2026-10-31', '2026-11-01'),
      of('2026-11-07', '2026-11-08'),
    ]).toEqual([7, 9, 8]);
  });

  it('keeps a night at the edge of the range one with the others, and counts only what lies inside', () => {
    const nights = (floor: number) =>
      `calendar: n\ntimezone: UTC\nsessions: {night: {days: daily, hours: "18:00-06:00+1d"}}\nwindows: [{name: w, on: night, floor: ${floor}}]\n`;
    const found = diff(nights(1), nights(2), { from: '2026-11-02', to: '2026-11-09', zone: 'UTC' });
    expect(rows(found)).toEqual(['daily from 2026-11-01 | 18:00-06:00+1d | 18:00-06:00+1d | 1>2 | w | 96']);
    expect(found.firstEffect).toBe(Date.parse('2026-11-02T00:00:00Z'));
  });

  it('tells a ceiling that appears, and the replica-hours that ceilings allow', () => {
    const capped = (ceiling: number) =>
      `${BASE}  - {name: nights, outside: market-hours, ceiling: ${ceiling}}\n`;
    expect(rows(diff(BASE, capped(1), { from: '2026-11-24', to: '2026-11-24' }))).toEqual([
      'Mon 2026-11-23, Tue 2026-11-24 | 16:00-09:00+1d | 21:00-14:00+1d | 0>0 ceiling null>1 | +nights | 0',
    ]);
    const raised = diff(capped(1), capped(3), { from: '2026-11-24', to: '2026-11-24' });
    expect([raised.ceilingHours, raised.balance]).toEqual([34, { gained: 0, lost: 0 }]);
  });

  it('tells an override that changes although no floor does', () => {
    const found = diff(BASE, BASE.replace('floor: 2', 'floor: 2, policy: {upscaleDelay: 0s}'), {
      to: '2026-11-23',
    });
    expect(rows(found)).toEqual([
      'Mon 2026-11-23 | 09:00-16:00 | 14:00-21:00 | 2>2 | market-hours | 0 | upscaleDelay default -> 0s',
    ]);
  });

  it('counts a window that raises minReplicas as the floor that it is', () => {
    const found = diff(BASE, BASE.replace('floor: 2', 'floor: 2, policy: {minReplicas: 5}'), {
      to: '2026-11-23',
    });
    expect(rows(found)).toEqual(['Mon 2026-11-23 | 09:00-16:00 | 14:00-21:00 | 2>5 | market-hours | 21']);
  });

  it('counts a lead, and what auto stands for', () => {
    const fixed = BASE.replace('floor: 2', 'floor: 2, lead: 15m');
    expect(rows(diff(BASE, fixed, { to: '2026-11-23' }))).toEqual([
      'Mon 2026-11-23 | 08:45-09:00 | 13:45-14:00 | 0>2 | +market-hours | 0.5',
    ]);
    expect(rows(diff(BASE, fixed, { to: '2026-11-23', autoLeadMs: 15 * 60_000 }))).toEqual([]);
  });

  it('names the window whose definition changed and not those that are in force beside it', () => {
    const both = (floor: number) => `${BASE}  - {name: burst, on: regular, to: open+30m, floor: ${floor}}\n`;
    expect(rows(diff(both(4), both(5), { to: '2026-11-23' }))).toEqual([
      'Mon 2026-11-23 | 09:30-10:00 | 14:30-15:00 | 4>5 | burst | 0.5',
    ]);
  });

  it('notes another zone and another coverage', () => {
    const moved = BASE.replace('America/New_York', 'America/Chicago').replace('2027-12-31', '2028-12-31');
    const found = diff(BASE, moved, { to: '2026-11-23', zone: 'America/Chicago' });
    expect(found.notes).toEqual([
      'timezone: America/New_York -> America/Chicago',
      'covers: 2026-01-01 to 2027-12-31 -> 2026-01-01 to 2028-12-31',
    ]);
    expect(rows(found)).toEqual([
      'Mon 2026-11-23 | 08:00-09:00 | 14:00-15:00 | 2>0 | -market-hours | -2',
      'Mon 2026-11-23 | 15:00-16:00 | 21:00-22:00 | 0>2 | +market-hours | 2',
    ]);
  });

  it('tells a session that no window follows, though no capacity changes', () => {
    const bare = BASE.replace(/windows:[\s\S]*/, '');
    const found = diff(bare, `${bare}lateOpens:\n  - {date: 2026-11-30, open: "10:30"}\n`);
    expect([found.changes.length, found.sessions]).toMatchObject([
      0,
      [{ before: '09:30-16:00', after: '10:30-16:00', why: 'late open' }],
    ]);
  });
});

describe('the diff of two policies', () => {
  const limits = (minReplicas: number, maxReplicas: number) => ({ minReplicas, maxReplicas });

  it('counts minReplicas only where the calendar asks for less', () => {
    const found = diff(side(BASE, limits(1, 4)), side(BASE, limits(2, 4)), {
      from: '2026-11-24',
      to: '2026-11-24',
    });
    expect(found.balance).toEqual({ gained: 17, lost: 0 });
  });

  it('counts a floor only up to maxReplicas', () => {
    const found = diff(side(BASE, limits(1, 1)), side(BASE, limits(1, 4)), {
      from: '2026-11-24',
      to: '2026-11-24',
    });
    expect([found.balance, found.ceilingHours]).toEqual([{ gained: 7, lost: 0 }, 72]);
  });

  it('without a calendar lasts as long as is looked', () => {
    const alone = (minReplicas: number): Side => ({
      calendar: null,
      definitions: new Map(),
      limits: limits(minReplicas, 4),
    });
    expect(rows(diff(alone(1), alone(2), { to: '2026-11-29', zone: 'UTC' }))).toEqual([
      'Mon 2026-11-23 | 00:00 on | 00:00 on | 1>2 | - | 168',
    ]);
  });
});

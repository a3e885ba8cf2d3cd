import { parseInstant } from '../../core/instant.ts';
import { didYouMean } from '../../core/nearest.ts';
import type { PolicyFields } from '../../core/policy.ts';
import { writtenPolicy } from '../../core/written-policy.ts';
import type { Bounds, Session } from '../calendar.ts';
import { parseDate, weekdayOf } from '../civil-date.ts';
import { nameOf } from '../diff/days.ts';
import { canonical } from '../diff/pieces.ts';
import { localInstant } from '../diff/words.ts';
import { formatWallTime, parseHours, parseWallTime } from '../hours.ts';
import { localHours } from '../wall-hours.ts';
import type { Zone } from '../wall-time.ts';
import type { Failure, TestedCalendar } from './failure.ts';
import type { BoundsRow, CalendarTest, SessionRow } from './schema.ts';
import { sessionReason, sessionsOfDate, windowsInForce } from './why.ts';

/** Every expectation that the calendar does not meet, in the test's order; a row may fail in several fields. */
export function evaluate({ expect }: CalendarTest, tested: TestedCalendar): readonly Failure[] {
  return expect.flatMap((row, index) => {
    const path = ['expect', index];
    return 'at' in row ? boundsFailures(row, path, tested) : sessionFailures(row, path, tested);
  });
}

type Path = Failure['path'];

function boundsFailures(row: BoundsRow, path: Path, tested: TestedCalendar): readonly Failure[] {
  const { calendar, zone } = tested;
  const at = instantOf(row.at, zone);
  if (at === undefined)
    return [
      {
        path: [...path, 'at'],
        expected: 'a date and time that exist',
        got: row.at,
        of: '',
        why: 'nothing was asked',
      },
    ];
  const bounds = calendar.boundsAt(at, row.lead ?? 0);
  const why = `${windowsInForce(tested, bounds.windows)}; ${sessionsOfDate(tested, zone.wallClock(at).day)}`;
  return comparisons(row, bounds)
    .filter(({ expected, got }) => expected !== got)
    .map(({ field, expected, got }) => ({
      path: [...path, field],
      expected,
      got,
      of: `at ${localInstant(at, zone)}${row.lead === undefined ? '' : ' with its lead'}`,
      why: field === 'covered' ? coverage(tested) : why,
    }));
}

interface Comparison {
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** Each field that the row names, on both sides as text that is equal for what is equal. */
function comparisons(row: BoundsRow, bounds: Bounds): readonly Comparison[] {
  const found: Comparison[] = [];
  if (row.floor !== undefined)
    found.push({ field: 'floor', expected: String(row.floor), got: String(bounds.floor) });
  if (row.ceiling !== undefined)
    found.push({ field: 'ceiling', expected: ceilingText(row.ceiling), got: ceilingText(bounds.ceiling) });
  if (row.windows !== undefined)
    found.push({ field: 'windows', expected: setText(row.windows), got: setText(bounds.windows) });
  if (row.policy !== undefined)
    found.push({ field: 'policy', expected: policyText(row.policy), got: policyText(bounds.policy) });
  if (row.covered !== undefined)
    found.push({ field: 'covered', expected: String(row.covered), got: String(bounds.covered) });
  return found;
}

function ceilingText(ceiling: number | 'none' | null): string {
  return ceiling === null ? 'none' : String(ceiling);
}

function setText(names: readonly string[]): string {
  return `[${[...new Set(names)].sort().join(', ')}]`;
}

function policyText(policy: PolicyFields): string {
  return JSON.stringify(canonical(writtenPolicy(policy)));
}

function coverage({ calendar, placeOf }: TestedCalendar): string {
  if (calendar.covers === null) return 'the calendar has no covers, so it is never uncovered';
  return `covers is ${calendar.covers.from} to ${calendar.covers.to} (${placeOf(['covers'])})`;
}

/** Epoch ms of `2026-11-27 13:00` on the zone's clock (the first of two), or of an instant with its offset. */
function instantOf(text: string, zone: Zone): number | undefined {
  if (!text.includes(' ')) return parseInstant(text);
  const [day, minute] = [parseDate(text.slice(0, 10)), parseWallTime(text.slice(11))];
  return day === undefined || minute === undefined ? undefined : zone.instant(day, minute, 'start');
}

function sessionFailures(row: SessionRow, path: Path, tested: TestedCalendar): readonly Failure[] {
  const { calendar, zone } = tested;
  const day = parseDate(row.date) ?? 0;
  const of = `for ${row.session} of ${nameOf(weekdayOf(day))} ${row.date}`;
  if (!calendar.sessionNames.includes(row.session)) {
    const known = calendar.sessionNames;
    const why = `there is no such session${didYouMean(row.session, known) || ` (sessions: ${known.join(', ') || 'none'})`}`;
    return [{ path: [...path, 'session'], expected: 'a session', got: `"${row.session}"`, of, why }];
  }
  const [session] = calendar.sessions(row.date, row.date, row.session);
  const why = sessionReason(tested, row.session, row.date);
  return sessionComparisons(row, session, zone).map(({ field, expected, got }) => {
    return { path: [...path, field], expected, got, of, why };
  });
}

/** Only what differs. Wall times are counted from the opening day, as they are in the calendar file. */
function sessionComparisons(
  row: SessionRow,
  session: Session | undefined,
  zone: Zone,
): readonly Comparison[] {
  const opening = session ? zone.wallClock(session.intervals[0]?.open ?? 0).day : 0;
  const hours = session ? localHours(session, zone, opening) : 'no session';
  if (row.closed) return session ? [{ field: 'closed', expected: 'no session', got: hours }] : [];
  const expectations = [
    { field: 'opens', expected: wall(row.opens), got: hours.split('-')[0] },
    { field: 'closes', expected: wall(row.closes), got: hours.split('-').at(-1) },
    { field: 'intervals', expected: intervalsText(row.intervals), got: hours },
  ];
  return expectations.flatMap(({ field, expected, got = hours }) => {
    const found = session ? got : hours;
    return expected === undefined || expected === found ? [] : [{ field, expected, got: found }];
  });
}

/** `24:00` is `00:00+1d`: one writing for each time. */
function wall(text: string | undefined): string | undefined {
  const minute = parseWallTime(text ?? '');
  return minute === undefined ? undefined : formatWallTime(minute);
}

function intervalsText(hours: SessionRow['intervals']): string | undefined {
  if (hours === undefined) return undefined;
  return [hours]
    .flat()
    .map((each) => {
      const interval = parseHours(each);
      return interval ? `${formatWallTime(interval.open)}-${formatWallTime(interval.close)}` : each;
    })
    .join(', ');
}

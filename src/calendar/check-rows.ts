import { shown } from '../core/problem.ts';
import { type Day, formatDate, namedDate } from './civil-date.ts';
import { DAY_MINUTES, formatWallTime, parseWallTime, type WallMinute } from './hours.ts';
import type { Report } from './issue.ts';
import type { DatedRowModel } from './read-rows.ts';
import { type SessionDay, type SessionModel, sessionOn, weeklySession } from './session-model.ts';

export type ChangeKind = 'earlyClose' | 'lateOpen' | 'lateClose';

/** What a wall time does to one session: `outside` of it means that nothing sensible would be left. */
type Effect = 'changes' | 'nothing' | 'outside';

/** Reports a row whose time lies outside its session (an error with the fix) or that changes nothing (a warning). */
export function checkChange(report: Report, row: DatedRowModel, kind: ChangeKind): void {
  const usual = row.sessions.flatMap((session) => {
    const day = weeklySession(session, row.day);
    return day ? [{ session, day }] : [];
  });
  if (usual.length === 0) {
    warnNoSession(report, row);
    return;
  }
  const open = usual.filter(({ session }) => {
    const changes = session.changes.get(row.day);
    return !changes?.holiday && !changes?.extra;
  });
  if (open.length === 0) {
    warnOutranked(report, row, usual[0]?.session);
    return;
  }
  const minute = parseWallTime(row.time ?? '') ?? 0;
  const effects = open.map((target) => ({ ...target, effect: effectOf(kind, minute, target.day) }));
  const some = effects.some(({ effect }) => effect === 'changes');
  const wrong = effects.find(
    ({ effect }) => effect === 'outside' || (effect === 'nothing' && (row.narrowed || !some)),
  );
  if (wrong) reportOutside(report, row, { kind, minute, ...wrong, others: namesOf(effects, 'changes') });
  else for (const { session } of effects) checkTogether(report, row, kind, session);
}

function namesOf(
  effects: readonly { session: SessionModel; effect: Effect }[],
  wanted: Effect,
): readonly string[] {
  return effects.filter(({ effect }) => effect === wanted).map(({ session }) => session.name);
}

function effectOf(kind: ChangeKind, minute: WallMinute, { intervals }: SessionDay): Effect {
  const open = intervals[0]?.open ?? 0;
  const close = intervals.at(-1)?.close ?? 0;
  if (kind === 'lateClose') return minute > close ? 'changes' : 'nothing';
  if (minute > open && minute < close) return 'changes';
  const keepsAll = kind === 'earlyClose' ? minute >= close : minute <= open;
  return keepsAll ? 'nothing' : 'outside';
}

interface Misplaced {
  readonly kind: ChangeKind;
  readonly minute: WallMinute;
  readonly session: SessionModel;
  readonly day: SessionDay;
  /** Sessions of the same date that the row does fit. */
  readonly others: readonly string[];
}

function reportOutside(report: Report, row: DatedRowModel, misplaced: Misplaced): void {
  const { kind, session, day } = misplaced;
  const open = formatWallTime(day.intervals[0]?.open ?? 0);
  const close = formatWallTime(day.intervals.at(-1)?.close ?? 0);
  const opened =
    day.openingDay === row.day ? '' : `, counted from ${formatDate(day.openingDay)} when it opens`;
  const rule =
    kind === 'lateClose' ? `must be after the close ("${close}")` : `must be inside "${open}-${close}"`;
  report.error(
    [...row.path, kind === 'lateOpen' ? 'open' : 'close'],
    `${rule} of the session ${session.name} of ${formatDate(row.day)}${opened}, was ${shown(row.time)}${fixOf(misplaced)}`,
  );
}

/** What the writer should write instead: another day's wall time, another list, or fewer sessions. */
function fixOf({ kind, minute, day, others }: Misplaced): string {
  if (kind === 'lateClose' && effectOf('earlyClose', minute, day) === 'changes')
    return ' (an earlier close belongs in earlyCloses)';
  const moved = onAnotherDay(kind, minute, day);
  if (moved !== undefined) return ` (did you mean "${formatWallTime(moved)}"?)`;
  if (others.length > 0) return ` (narrow the row with sessions: [${others.join(', ')}])`;
  if (kind === 'earlyClose' && effectOf('lateClose', minute, day) === 'changes')
    return ' (a later close belongs in lateCloses)';
  if (kind === 'lateOpen' && effectOf(kind, minute, day) === 'nothing')
    return ' (an earlier open is written with its hours in extraSessions)';
  return '';
}

/** The same clock time on a day on which it fits the session: `12:00+1d` for `12:00`. */
function onAnotherDay(kind: ChangeKind, minute: WallMinute, day: SessionDay): WallMinute | undefined {
  const close = day.intervals.at(-1)?.close ?? 0;
  for (let moved = minute % DAY_MINUTES; moved < close + DAY_MINUTES; moved += DAY_MINUTES) {
    if (effectOf(kind, moved, day) === 'changes') return moved;
  }
  return undefined;
}

/** Two rows of one date that contradict each other, reported at the early close, or else the late open. */
function checkTogether(report: Report, row: DatedRowModel, kind: ChangeKind, session: SessionModel): void {
  if (kind !== 'earlyClose') return;
  const { lateOpen, lateClose, earlyClose } = session.changes.get(row.day) ?? {};
  if (!earlyClose) return;
  const path = [...row.path, 'close'];
  if (lateClose) {
    report.error(path, `must not be given beside a late close of the same session, was ${shown(row.time)}`);
  } else if (lateOpen && lateOpen.minute >= earlyClose.minute) {
    const rule = `must be after the late open ("${formatWallTime(lateOpen.minute)}") of the same date`;
    report.error(path, `${rule}, was ${shown(row.time)}`);
  }
}

function warnOutranked(report: Report, row: DatedRowModel, session: SessionModel | undefined): void {
  const changes = session?.changes.get(row.day);
  const holiday = changes?.holiday?.name === undefined ? 'a holiday' : `a holiday (${changes.holiday.name})`;
  const why = changes?.extra ? 'an extra session gives its hours' : `it is ${holiday}`;
  report.warn([...row.path, 'date'], `changes nothing on ${formatDate(row.day)}: ${why}`);
}

/** Warns of a row on a date without a session and says which session's date was probably meant. */
export function warnNoSession(report: Report, row: DatedRowModel): void {
  if (row.sessions.length === 0) return;
  const meant = probableDate(row.sessions, row.day);
  const hint = meant === undefined ? '' : ` (did you mean ${formatDate(meant.day)}${meant.why}?)`;
  const names = row.sessions.map((session) => session.name).join(', ');
  report.warn(
    [...row.path, 'date'],
    `changes no session: ${names} has none dated ${namedDate(row.day)}${hint}`,
  );
}

/** The date of a session that is open on `day` under another date's name, or else of the nearest session. */
function probableDate(sessions: readonly SessionModel[], day: Day): { day: Day; why: string } | undefined {
  const near = [1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7].map((step) => day + step);
  for (const candidate of near) {
    const open = sessions.find((session) => isOpenOn(weeklySession(session, candidate), day));
    if (open) return { day: candidate, why: `, the date of the ${open.name} session open on that day` };
  }
  const found = near.find((candidate) => sessions.some((session) => sessionOn(session, candidate) !== null));
  return found === undefined ? undefined : { day: found, why: '' };
}

function isOpenOn(session: SessionDay | null, day: Day): boolean {
  if (!session) return false;
  const { openingDay, intervals } = session;
  return intervals.some(
    ({ open, close }) =>
      openingDay + Math.floor(open / DAY_MINUTES) <= day &&
      day <= openingDay + Math.floor((close - 1) / DAY_MINUTES),
  );
}

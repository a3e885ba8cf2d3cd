import { didYouMean } from '../core/nearest.ts';
import { shown } from '../core/problem.ts';
import { type ChangeKind, checkChange, warnNoSession } from './check-rows.ts';
import { type Day, formatDate, parseDate } from './civil-date.ts';
import type { Draft } from './draft.ts';
import { parseWallTime } from './hours.ts';
import type { Issue, Report } from './issue.ts';
import type { EventModel } from './occurrences.ts';
import { readHours, type SessionDraft } from './read-sessions.ts';
import { type DatedChanges, weeklySession } from './session-model.ts';

export type RowList = 'holidays' | 'earlyCloses' | 'lateOpens' | 'lateCloses' | 'extraSessions';

/** One dated row, whichever list it stands in. */
export interface DatedRowModel {
  readonly list: RowList;
  readonly path: Issue['path'];
  readonly day: Day;
  readonly sessions: readonly SessionDraft[];
  /** The row names its sessions instead of meaning all. */
  readonly narrowed: boolean;
  readonly name: string | undefined;
  /** The wall time of an early close, late open or late close, as written. */
  readonly time: string | undefined;
}

export interface Context {
  readonly report: Report;
  readonly draft: Draft;
  readonly sessions: ReadonlyMap<string, SessionDraft | null>;
}

/** Reads every dated row into the sessions it changes, then tells the rows that change nothing or cannot be meant so. */
export function readRows(context: Context): readonly DatedRowModel[] {
  const rows = [
    ...readPlain(context, 'holidays', context.draft.holidays, () => undefined),
    ...readPlain(context, 'lateOpens', context.draft.lateOpens, (row) => row.open),
    ...readPlain(context, 'lateCloses', context.draft.lateCloses, (row) => row.close),
    ...readPlain(context, 'earlyCloses', context.draft.earlyCloses, (row) => row.close),
    ...readExtraSessions(context),
  ];
  for (const row of rows) {
    if (row.list === 'holidays') checkHoliday(context.report, row);
    else if (row.list !== 'extraSessions') checkChange(context.report, row, CHANGE_OF[row.list]);
  }
  return rows;
}

const CHANGE_OF = {
  lateOpens: 'lateOpen',
  lateCloses: 'lateClose',
  earlyCloses: 'earlyClose',
} as const satisfies Partial<Record<RowList, ChangeKind>>;

interface PlainRow {
  readonly date: string;
  readonly name?: string | undefined;
  readonly sessions?: readonly string[] | undefined;
}

function readPlain<R extends PlainRow>(
  context: Context,
  list: Exclude<RowList, 'extraSessions'>,
  rows: readonly (R | null)[],
  timeOf: (row: R) => string | undefined,
): readonly DatedRowModel[] {
  return rows.flatMap((row, index) => {
    const day = row ? parseDate(row.date) : undefined;
    if (!row || day === undefined) return [];
    const path = [list, index];
    const time = timeOf(row);
    const sessions = sessionsOf(context, row.sessions, [...path, 'sessions']);
    const model = { list, path, day, sessions, narrowed: row.sessions !== undefined, name: row.name, time };
    const minute = time === undefined ? 0 : (parseWallTime(time) ?? 0);
    const kept = record(context.report, model, (name): DatedChanges => {
      return list === 'holidays' ? { holiday: { name } } : { [CHANGE_OF[list]]: { minute, name } };
    });
    return kept ? [model] : [];
  });
}

function readExtraSessions(context: Context): readonly DatedRowModel[] {
  return context.draft.extraSessions.flatMap((row, index) => {
    const day = row ? parseDate(row.date) : undefined;
    if (!row || day === undefined) return [];
    const path = ['extraSessions', index];
    const hours = readHours(context.report, [...path, 'hours'], row.hours);
    const session = findSession(context, row.session, [...path, 'session']);
    if (!hours || !session) return [];
    const list = 'extraSessions' as const;
    const model = { list, path, day, sessions: [session], narrowed: true, name: row.name, time: undefined };
    return record(context.report, model, (name): DatedChanges => ({ extra: { hours, name } })) ? [model] : [];
  });
}

/** Lays the row on each of its sessions; false, and reported, when the same list already has one for that date. */
function record(
  report: Report,
  row: DatedRowModel,
  change: (name: string | undefined) => DatedChanges,
): boolean {
  const addition = change(row.name);
  const key = Object.keys(addition)[0] as keyof DatedChanges;
  const taken = row.sessions.find((session) => session.changes.get(row.day)?.[key] !== undefined);
  if (taken) {
    const rule = `must be given once in ${row.list} for the session ${taken.name}`;
    report.error([...row.path, 'date'], `${rule}, was a second ${formatDate(row.day)}`);
    return false;
  }
  for (const session of row.sessions)
    session.changes.set(row.day, { ...session.changes.get(row.day), ...addition });
  return true;
}

function sessionsOf(context: Context, names: readonly string[] | undefined, path: Issue['path']) {
  if (names === undefined) return [...context.sessions.values()].filter((session) => session !== null);
  const found = [...new Set(names)].map((name) => findSession(context, name, [...path, names.indexOf(name)]));
  return found.filter((session) => session !== null);
}

function findSession({ report, sessions }: Context, name: string, path: Issue['path']): SessionDraft | null {
  const session = sessions.get(name);
  if (session === undefined) {
    const known = [...sessions.keys()];
    const hint = didYouMean(name, known) || ` (sessions: ${known.join(', ') || 'none'})`;
    report.error(path, `must be the name of a session, was ${shown(name)}${hint}`);
  }
  return session ?? null;
}

function checkHoliday(report: Report, row: DatedRowModel): void {
  if (row.sessions.some((session) => weeklySession(session, row.day) !== null)) return;
  warnNoSession(report, row);
}

/** Events by name. An event must not share a session's name, since windows tell them apart by it. */
export function readEvents({ report, draft, sessions }: Context): ReadonlyMap<string, readonly EventModel[]> {
  const events = new Map<string, EventModel[]>();
  const seen = new Map<string, number>();
  for (const [index, row] of draft.events.entries()) {
    const day = row ? parseDate(row.date) : undefined;
    if (!row || day === undefined) continue;
    const hours = readHours(report, ['events', index, 'hours'], row.hours);
    if (sessions.has(row.name)) {
      report.error(
        ['events', index, 'name'],
        `must differ from the names of sessions, was ${shown(row.name)}`,
      );
    }
    const key = JSON.stringify([row.name, row.date, row.hours]);
    const first = seen.get(key);
    if (first !== undefined) {
      report.error(['events', index, 'date'], `must be given once, was the same as events.${first}`);
    }
    seen.set(key, index);
    const rows = events.get(row.name) ?? [];
    if (hours) rows.push({ day, hours });
    events.set(row.name, rows);
  }
  return events;
}

import type { DatedRow } from '../calendar.ts';
import { type Day, formatDate, weekdayOf } from '../civil-date.ts';
import { nameOf } from '../diff/days.ts';
import { rowLabel } from '../diff/sessions.ts';
import { localHours } from '../wall-hours.ts';
import type { TestedCalendar } from './failure.ts';

/** The windows in force, with what each asks for and where it stands; or that there is none. */
export function windowsInForce(tested: TestedCalendar, names: readonly string[]): string {
  if (names.length === 0) return 'no window is in force';
  const windows = tested.document.windows ?? [];
  return names
    .map((name) => {
      const index = windows.findIndex((window) => window.name === name);
      const { floor, ceiling } = windows[index] ?? {};
      const asks = [
        ...(floor === undefined ? [] : [`floor ${floor}`]),
        ...(ceiling === undefined ? [] : [`ceiling ${ceiling}`]),
      ];
      const place = tested.placeOf(['windows', Math.max(index, 0)]);
      return `window ${name} (${[...asks, place].join(', ')})`;
    })
    .join(', ');
}

/** The sessions of a date with their hours and the dated rows behind them. */
export function sessionsOfDate(tested: TestedCalendar, day: Day): string {
  const { calendar, zone } = tested;
  const date = formatDate(day);
  const held = calendar.sessions(date, date);
  const hours = held.map((session) => `${session.session} ${localHours(session, zone, day)}`);
  const rows = calendar.datedRows(date, date).map((row) => rowWithPlace(tested, row));
  return `${nameOf(weekdayOf(day))} ${date} has ${[hours.join(', ') || 'no session', ...rows].join('; ')}`;
}

/** What gives a session its hours on a date: dated rows, or its weekly shape. */
export function sessionReason(tested: TestedCalendar, session: string, date: string): string {
  const rows = tested.calendar.datedRows(date, date).filter((row) => row.sessions.includes(session));
  if (rows.length > 0) return rows.map((row) => rowWithPlace(tested, row)).join('; ');
  return `no dated row changes it, its weekly hours are at ${tested.placeOf(['sessions', session])}`;
}

const LIST_OF = {
  holiday: 'holidays',
  'early close': 'earlyCloses',
  'late open': 'lateOpens',
  'late close': 'lateCloses',
  'extra session': 'extraSessions',
  event: 'events',
} as const satisfies Record<DatedRow['kind'], string>;

function rowWithPlace(tested: TestedCalendar, row: DatedRow): string {
  const list = LIST_OF[row.kind];
  const index = (tested.document[list] ?? []).findIndex(
    ({ date, name }) => date === row.date && (name ?? null) === row.name,
  );
  return `${rowLabel(row)} (${tested.placeOf([list, Math.max(index, 0)])})`;
}

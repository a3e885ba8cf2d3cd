import { DateTime } from 'luxon';
import type { Calendar } from '../../calendar/calendar.ts';
import { KEDA, KEDA_AVERAGE, kedaCronPeers } from './keda-peers.ts';
import type { CronWindow } from './keda-triggers.ts';
import { KNATIVE } from './knative.ts';
import type { Peer } from './peer.ts';
import { RAY_SERVE } from './ray-serve.ts';
import { STATIC } from './static-replicas.ts';
import { WVA } from './wva.ts';

/** All peers; those with a cron trigger only where a calendar has hours that a crontab can say. */
export function peersFor(calendar: Calendar | null, span: { readonly from: number; readonly to: number }) {
  const cron = calendar === null ? null : cronWindowOf(calendar, span);
  return [
    KEDA,
    KEDA_AVERAGE,
    ...(cron === null ? [] : kedaCronPeers(cron)),
    RAY_SERVE,
    KNATIVE,
    WVA,
    STATIC,
  ] satisfies readonly Peer[];
}

/** How long before the bell an operator lets a crontab start replicas. */
const CRON_LEAD_MINUTES = 10;

/**
 * The crontab that somebody would write after a look at the calendar: its first session's usual hours on the weekdays that
 * it usually has, a little earlier. Null where it has no session in the span, or an overnight one.
 */
function cronWindowOf(
  calendar: Calendar,
  { from, to }: { readonly from: number; readonly to: number },
): CronWindow | null {
  const [name] = calendar.sessionNames;
  if (name === undefined) return null;
  const wall = (at: number) => DateTime.fromMillis(at, { zone: calendar.timezone });
  const sessions = calendar.sessions(wall(from).toISODate() ?? '', wall(to).toISODate() ?? '', name);
  const hours = sessions.flatMap(({ intervals }) => {
    const [first, last] = [intervals[0], intervals.at(-1)];
    if (first === undefined || last === undefined) return [];
    const open = wall(first.open);
    const close = wall(last.close);
    if (!open.hasSame(close, 'day')) return [];
    return [
      {
        weekday: open.weekday,
        start: open.minus({ minutes: CRON_LEAD_MINUTES }).toFormat('HH:mm'),
        end: close.toFormat('HH:mm'),
      },
    ];
  });
  if (hours.length === 0) return null;
  return {
    timezone: calendar.timezone,
    days: [...new Set(hours.map(({ weekday }) => weekday))].sort(),
    start: commonest(hours.map(({ start }) => start)),
    end: commonest(hours.map(({ end }) => end)),
  };
}

function commonest(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0] ?? '';
}

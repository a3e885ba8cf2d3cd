import type { TrafficBucket } from '../../core/traffic-bucket.ts';
import type { Calendar } from '../calendar.ts';
import { formatDate } from '../civil-date.ts';
import { dayClockOf } from '../day-clock.ts';
import { openZone, type Zone } from '../wall-time.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { type FittedWindow, fitWindows } from './fit.ts';
import { type DayNeeds, needsOf, SLOT_MINUTES } from './needs.ts';
import { type Outlier, outliersOf } from './outliers.ts';

export interface SuggestOptions {
  /** Requests per second that one replica carries. */
  readonly perReplica: number;
  /** What one replica too few costs, in replicas too many for the same time. */
  readonly shortage: number;
  /** Replicas that are there without any window (the policy's minReplicas). */
  readonly base: number;
  readonly maxFloor: number;
  /** Of the wall clock, where no market calendar gives one. */
  readonly timezone: string;
  /** Tells session days from holidays; windows are then laid on its session. */
  readonly market: Calendar | null;
}

/** Days that are alike, and the floors that they suggest. */
export interface SuggestedClass {
  /** `session days`, `mon-fri`, … */
  readonly name: string;
  /** The market's session that the windows stand on; null: a session of their own on `weekdays`. */
  readonly session: { readonly name: string; readonly open: number; readonly close: number } | null;
  readonly weekdays: readonly number[];
  readonly windows: readonly { readonly window: FittedWindow; readonly evidence: Evidence }[];
  readonly outliers: readonly Outlier[];
  /** Days that were fitted, outliers left out. */
  readonly days: number;
}

export interface Suggestion {
  readonly classes: readonly SuggestedClass[];
  readonly firstDate: string | null;
  readonly lastDate: string | null;
  /** Dates that the market calendar changes (holidays, early closes), which are not fitted. */
  readonly special: readonly {
    readonly date: string;
    readonly kind: string;
    readonly share: number | null;
  }[];
  /** shortage / (1 + shortage). */
  readonly quantile: number;
}

/** Windows that history suggests, for a person to review. Pure: equal history, equal suggestion. */
export function suggest(buckets: readonly TrafficBucket[], options: SuggestOptions): Suggestion {
  const zone = zoneOf(options);
  const days = needsOf(buckets, zone, options.perReplica);
  const quantile = options.shortage / (1 + options.shortage);
  const { groups, special } = groupsOf(days, options, zone);
  const classes = groups.map((group) => {
    const outliers = outliersOf(group.days);
    const usual = group.days.filter((day) => !outliers.some((outlier) => outlier.day === day));
    const windows = fitWindows(usual, options).map((window) => ({
      window,
      evidence: evidenceOf(usual, window, quantile),
    }));
    const { name, session, weekdays } = group;
    return { name, session, weekdays, windows, outliers, days: usual.length };
  });
  return {
    classes,
    firstDate: dateOf(days[0]),
    lastDate: dateOf(days.at(-1)),
    special,
    quantile,
  };
}

function zoneOf({ market, timezone }: SuggestOptions): Zone {
  const zone = openZone(market?.timezone ?? timezone);
  if (zone === undefined) throw new RangeError(`no time zone ${timezone}`);
  return zone;
}

const dateOf = (day: DayNeeds | undefined): string | null => (day === undefined ? null : formatDate(day.day));

interface Group {
  readonly name: string;
  readonly session: SuggestedClass['session'];
  readonly weekdays: readonly number[];
  readonly days: readonly DayNeeds[];
}

interface Grouped {
  readonly groups: readonly Group[];
  readonly special: Suggestion['special'];
}

const WEEKDAYS = [1, 2, 3, 4, 5];
const WEEKEND = [6, 0];

function groupsOf(days: readonly DayNeeds[], options: SuggestOptions, zone: Zone): Grouped {
  const of = (weekdays: readonly number[]): readonly DayNeeds[] =>
    days.filter(({ weekday }) => weekdays.includes(weekday));
  const plain = (name: string, weekdays: readonly number[]): Group => ({
    name,
    session: null,
    weekdays,
    days: of(weekdays),
  });
  if (options.market === null)
    return { groups: [plain('mon-fri', WEEKDAYS), plain('sat-sun', WEEKEND)], special: [] };
  return marketGroups(days, options.market, zone);
}

/** Session days of the usual hours, days without session, and apart from them those that a dated row changes. */
function marketGroups(days: readonly DayNeeds[], market: Calendar, zone: Zone): Grouped {
  const clock = dayClockOf(market);
  const byKind = new Map<string, DayNeeds[]>();
  for (const day of days) {
    const kind = clock.slots(zone.instant(day.day, 720, 'start'))[0]?.kind ?? '';
    byKind.set(kind, [...(byKind.get(kind) ?? []), day]);
  }
  const usualKind = [...byKind]
    .filter(([kind]) => kind.startsWith('session day') && !kind.includes(' with '))
    .sort(([, a], [, b]) => b.length - a.length)[0]?.[0];
  const usual = usualKind === undefined ? [] : (byKind.get(usualKind) ?? []);
  const free = byKind.get('no session') ?? [];
  const session = sessionOf(market, usual, zone);
  const typical = usual.reduce((sum, { requests }) => sum + requests, 0) / Math.max(1, usual.length);
  const special = [...byKind].flatMap(([kind, list]) =>
    kind === usualKind || kind === 'no session'
      ? []
      : list.map((day) => ({
          date: formatDate(day.day),
          kind,
          share: typical > 0 ? day.requests / typical : null,
        })),
  );
  const freeWeekdays = [...new Set(free.map(({ weekday }) => weekday))].sort((a, b) => a - b);
  return {
    groups: [
      { name: 'session days', session, weekdays: WEEKDAYS, days: session === null ? [] : usual },
      { name: 'days without session', session: null, weekdays: freeWeekdays, days: free },
    ],
    special: special.sort((a, b) => (a.date < b.date ? -1 : 1)),
  };
}

/** The session that these days have, and the quarters of an hour of its first open and last close. */
function sessionOf(market: Calendar, days: readonly DayNeeds[], zone: Zone): SuggestedClass['session'] {
  const last = days.at(-1);
  if (last === undefined) return null;
  const date = formatDate(last.day);
  const [session] = market.sessions(date, date);
  const [first, end] = [session?.intervals[0]?.open, session?.intervals.at(-1)?.close];
  if (session === undefined || first === undefined || end === undefined) return null;
  const quarter = (at: number): number => {
    const clock = zone.wallClock(at);
    return ((clock.day - last.day) * 1_440 + clock.ms / 60_000) / SLOT_MINUTES;
  };
  return { name: session.session, open: quarter(first), close: quarter(end) };
}

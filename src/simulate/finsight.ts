import { DateTime } from 'luxon';
import type { Calendar, Session } from '../calendar/calendar.ts';
import { createRandom, gamma, lognormal, poisson, type Random } from './random.ts';
import { OUTSIDE_SESSION, openingBurst, plateau } from './reverse-j.ts';
import { createTrace, type Trace } from './trace.ts';
import { drawTokens, type TokenLengths } from './workload.ts';

/** A financial research assistant: tenants whose people ask while their market trades. */
export interface FinSightOptions {
  readonly seed: string | number;
  /** Its sessions, early closes and holidays make the days. */
  readonly calendar: Calendar;
  /** First date, `YYYY-MM-DD` in the calendar's zone, and how many days. */
  readonly from: string;
  readonly days: number;
  /** Multiplies everything: 1 is 5 tenants x 2,000 questions a regular session. */
  readonly volume: number;
  readonly tokens: TokenLengths;
  /** How much more a volatile day brings; one session in 20 is one, at least one of five. */
  readonly volatileFactor: number;
  /** Only the days that overlap [from, to), epoch ms; each is what it is among all of them. Default: all. */
  readonly within?: { readonly from: number; readonly to: number };
}

const TENANTS = 5;
const PER_TENANT = 2_000;
/** Index of dispersion of a minute's count: 1 would be Poisson, traffic of people is burstier. */
const DISPERSION = 3;
/** Minutes after the bell in which all tenants rise and fall together. */
const SHARED_MINUTES = 30;
/** Share of a regular session's questions that one with an early close brings, and one with a late open. */
const SHORT_SESSION = 0.55;
/** On days without a session, relative to a regular session's mean. */
const CLOSED_DAY = 0.005;
/** Between the intervals of a session (a lunch break). */
const BREAK = 0.4;
const DAY_TO_DAY_SIGMA = 0.15;
const MINUTE_MS = 60_000;
/** Minutes of the regular session that a mean refers to. */
const SESSION_MINUTES = 390;
const DAY_MINUTES = 1_440;

/** First and last instant of the workload: midnights of the calendar's zone. */
export function finSightSpan({ calendar, from, days }: Pick<FinSightOptions, 'calendar' | 'from' | 'days'>) {
  const start = DateTime.fromISO(from, { zone: calendar.timezone });
  return { from: start.toMillis(), to: start.plus({ days }).toMillis() };
}

/** All requests of the days, in order of arrival. Each day and tenant draws for itself. */
export function finSight(options: FinSightOptions): Trace {
  const rows: { at: number; tenant: number }[] = [];
  const { within = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY } } = options;
  for (const day of tradingDays(options).filter(({ from, to }) => to > within.from && from < within.to))
    for (let tenant = 0; tenant < TENANTS; tenant++) {
      // Not spread: at twenty times the volume these are more than a call takes as arguments.
      for (const row of tenantDay(options, day, tenant)) rows.push(row);
    }
  rows.sort((a, b) => a.at - b.at);
  const random = createRandom(options.seed, 'finsight tokens');
  return createTrace(
    rows.map(({ at, tenant }) => ({ arrivedAt: at, tenant, ...drawTokens(random, options.tokens) })),
    Array.from({ length: TENANTS }, (_, index) => `tenant-${index + 1}`),
  );
}

interface TradingDay {
  readonly date: string;
  readonly from: number;
  readonly to: number;
  readonly session: Session | null;
  /** Questions of one tenant in a minute of intensity 1. */
  readonly perMinute: number;
}

function tradingDays({ seed, calendar, from, days, volume, volatileFactor }: FinSightOptions): TradingDay[] {
  const start = DateTime.fromISO(from, { zone: calendar.timezone });
  const dates = Array.from({ length: days }, (_, index) => start.plus({ days: index }));
  const name = calendar.sessionNames[0];
  const sessions = new Map<string, Session>();
  if (name !== undefined)
    for (const session of calendar.sessions(from, start.plus({ days: days - 1 }).toISODate() ?? from, name))
      sessions.set(session.date, session);
  const volatile = volatileDates(seed, [...sessions.keys()]);
  return dates.map((date) => {
    const key = date.toISODate() ?? '';
    const session = sessions.get(key) ?? null;
    const drawn = lognormal(createRandom(seed, 'finsight day', key), 1, DAY_TO_DAY_SIGMA);
    const busy = drawn * (volatile.has(key) ? volatileFactor : 1);
    const perMinute = (PER_TENANT * volume * busy) / SESSION_MINUTES;
    const shape = session ? shapeOf(session) : 1;
    return {
      date: key,
      from: date.toMillis(),
      to: date.plus({ days: 1 }).toMillis(),
      session,
      perMinute: perMinute * shape,
    };
  });
}

/** One session in 20; of five sessions or more, at least one. */
function volatileDates(seed: string | number, dates: readonly string[]): ReadonlySet<string> {
  const count = dates.length < 5 ? 0 : Math.max(1, Math.round(dates.length / 20));
  const random = createRandom(seed, 'finsight volatile');
  const left = [...dates];
  return new Set(
    Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)[0] ?? ''),
  );
}

/** What scales the intensities of a day so that all of it brings a regular day's questions, or a short day's share. */
function shapeOf(session: Session): number {
  const { open, close } = hoursOf(session);
  const minutes = Math.round((close - open) / MINUTE_MS);
  let sum = 0;
  for (let minute = minutes - DAY_MINUTES; minute < minutes; minute++)
    sum += Math.max(OUTSIDE_SESSION, inSession(session, open + (minute + 0.5) * MINUTE_MS));
  const short = Math.max(SHORT_SESSION, minutes / SESSION_MINUTES);
  return ((session.name === undefined ? 1 : Math.min(1, short)) * SESSION_MINUTES) / sum;
}

function hoursOf({ intervals }: Session): { readonly open: number; readonly close: number } {
  return { open: intervals[0]?.open ?? 0, close: intervals.at(-1)?.close ?? 0 };
}

function inSession(session: Session, at: number): number {
  const { open, close } = hoursOf(session);
  const sinceOpen = (at - open) / MINUTE_MS;
  const untilClose = (close - at) / MINUTE_MS;
  if (sinceOpen < 0 || untilClose <= 0) return plateau(sinceOpen, untilClose);
  const trading = session.intervals.some((interval) => at >= interval.open && at < interval.close);
  return trading ? plateau(sinceOpen, untilClose) + openingBurst(sinceOpen) : BREAK;
}

/** Poisson arrivals minute by minute, their mean modulated by a gamma that the tenants share after the bell. */
function* tenantDay(
  { seed }: FinSightOptions,
  day: TradingDay,
  tenant: number,
): Generator<{ readonly at: number; readonly tenant: number }> {
  const own = createRandom(seed, 'finsight', day.date, tenant);
  const shared = createRandom(seed, 'finsight shared', day.date);
  for (let start = day.from; start < day.to; start += MINUTE_MS) {
    const mean = day.perMinute * intensity(day, start + MINUTE_MS / 2);
    const together = day.session !== null && isOpening(day.session, start);
    const modulated = mean * modulation(together ? shared : own, together ? mean * TENANTS : mean);
    for (let count = poisson(own, modulated); count > 0; count--)
      yield { at: start + Math.floor(own() * MINUTE_MS), tenant };
  }
}

function intensity({ session }: TradingDay, at: number): number {
  return session === null ? CLOSED_DAY : Math.max(OUTSIDE_SESSION, inSession(session, at));
}

function isOpening(session: Session, at: number): boolean {
  const minutes = (at - hoursOf(session).open) / MINUTE_MS;
  return minutes >= 0 && minutes < SHARED_MINUTES;
}

/** Variance over mean of a count is 1 + mean x variance of its rate. */
function modulation(random: Random, mean: number): number {
  return mean <= 0 ? 1 : gamma(random, (DISPERSION - 1) / Math.max(mean, 1));
}

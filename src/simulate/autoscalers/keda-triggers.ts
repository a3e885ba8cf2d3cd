import { DateTime } from 'luxon';
import type { FleetView, PrometheusView, Trigger } from './autoscaler.ts';

export interface PrometheusTriggerOptions {
  readonly name: string;
  /** The instant query; null where it yields no element. */
  readonly query: (prometheus: PrometheusView) => number | null;
  readonly threshold: number;
  /** Default 0; active is strictly above it. */
  readonly activationThreshold?: number;
  /** KEDA's default true reads nothing as 0; false makes it an error, on which nothing is scaled. */
  readonly ignoreNullValues?: boolean;
}

/** KEDA's prometheus trigger, metricType AverageValue. */
export function prometheusTrigger(options: PrometheusTriggerOptions): Trigger {
  const { name, query, threshold, activationThreshold = 0, ignoreNullValues = true } = options;
  return {
    name,
    read(view) {
      const value = query(view.prometheus) ?? (ignoreNullValues ? 0 : null);
      if (value === null) return null;
      // KEDA hands the HPA milli-units, cut, and the threshold beside them.
      return { milli: Math.trunc(value * 1000) / threshold, active: value > activationThreshold };
    },
  };
}

/**
 * Requests that wait at the gateway, as its own exporter counts them: what wakes a fleet at zero, of which no vLLM series
 * exist. One is enough to be active; it asks for no more than one replica.
 */
export function gatewayTrigger(): Trigger {
  return {
    name: 'gateway',
    read: ({ atGateway }: FleetView) => ({ milli: atGateway > 0 ? 1000 : 0, active: atGateway > 0 }),
  };
}

/** `type: cron` on some days of the week, from `start` to `end` of the same day. */
export interface CronWindow {
  /** IANA. */
  readonly timezone: string;
  /** ISO: 1 is Monday, 7 Sunday. */
  readonly days: readonly number[];
  /** Wall times, HH:MM. */
  readonly start: string;
  readonly end: string;
}

/**
 * KEDA's cron trigger over [from, to): desiredReplicas inside the window, 0 outside. It knows no holidays and no early
 * closes, as KEDA's does not.
 */
export function cronTrigger(window: CronWindow, desiredReplicas: number, from: number, to: number): Trigger {
  const spans = spansOf(window, from, to);
  let next = 0;
  return {
    name: 'cron',
    read({ now }) {
      while ((spans[next]?.end ?? Number.POSITIVE_INFINITY) <= now) next++;
      const inside = (spans[next]?.start ?? Number.POSITIVE_INFINITY) <= now;
      return { milli: inside ? desiredReplicas * 1000 : 0, active: inside };
    },
  };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function spansOf({ timezone, days, start, end }: CronWindow, from: number, to: number): readonly Span[] {
  const spans: Span[] = [];
  const last = DateTime.fromMillis(to, { zone: timezone }).plus({ days: 1 });
  for (
    let day = DateTime.fromMillis(from, { zone: timezone }).startOf('day');
    day < last;
    day = day.plus({ days: 1 })
  ) {
    if (days.includes(day.weekday)) spans.push({ start: wallTime(day, start), end: wallTime(day, end) });
  }
  return spans;
}

function wallTime(day: DateTime, time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return day.set({ hour, minute }).toMillis();
}

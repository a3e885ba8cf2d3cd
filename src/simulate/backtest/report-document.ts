import { DateTime } from 'luxon';
import { formatInstant } from '../../core/instant.ts';
import { writtenPolicy } from '../../core/written-policy.ts';
import type { Trace } from '../trace.ts';
import type { BacktestResult, Row } from './backtest.ts';
import { NEED_SLOT_MS } from './backtest.ts';
import type { Contestant } from './contestant.ts';
import { gpuHours, meanReady, rowsWithin, type Scores } from './scores.ts';

/** Where the requests came from, in words and numbers that a reader can check. */
export interface SourceNote {
  readonly kind: 'trace' | 'workload' | 'prometheus';
  readonly name: string;
  /** Of the file's bytes, hexadecimal. */
  readonly sha256?: string;
  readonly notes: readonly string[];
}

export interface ReportContext {
  readonly source: SourceNote;
  readonly trace: Trace;
  /** Name and zone of the calendar, null without one. Days are the zone's. */
  readonly calendar: { readonly name: string; readonly timezone: string } | null;
}

export type ReportDocument = ReturnType<typeof reportDocument>;

/** `report.json`: everything that the page draws. No clock, no machine: equal inputs give equal bytes. */
export function reportDocument(result: BacktestResult, context: ReportContext) {
  return {
    report: 'bellwether backtest',
    version: 1,
    source: context.source,
    calendar: context.calendar,
    scenario: scenarioOf(result, context.trace),
    policies: result.rows.map((row) => policyOf(row)),
    days: daysOf(result, context),
    curves: curvesOf(result, context.trace),
  };
}

function scenarioOf({ plan }: BacktestResult, trace: Trace) {
  const { scenario, span, seeds } = plan;
  const { first, end } = rowsWithin(trace.arrivedAt, span);
  return {
    from: formatInstant(scenario.from),
    to: formatInstant(scenario.to),
    scored: { from: formatInstant(span.from), to: formatInstant(span.to), requests: end - first },
    requests: trace.length,
    seeds,
    objectiveSeconds: scenario.objectiveMs / 1000,
    clientTimeoutSeconds: scenario.clientTimeoutMs / 1000,
    minReplicas: scenario.minReplicas,
    maxReplicas: scenario.maxReplicas,
    initialReplicas: scenario.initialReplicas,
    gpusPerReplica: scenario.gpusPerReplica,
    router: scenario.router,
    gracePeriodSeconds: scenario.gracePeriodMs / 1000,
    coldStart: {
      ...scenario.coldStart,
      // JSON has no Infinity: null is "always one free".
      warmNodes: Number.isFinite(scenario.coldStart.warmNodes) ? scenario.coldStart.warmNodes : null,
    },
    profile: scenario.profile,
  };
}

function policyOf({ contestant, scores, within, gpuHours, gpuHoursMore, shown }: Row) {
  return {
    label: contestant.label,
    kind: contestant.kind,
    settings: settingsOf(contestant),
    ...(shown.short === undefined ? {} : { short: shown.short }),
    within: rounded(within),
    gpuHours: rounded(gpuHours),
    gpuHoursMore: gpuHoursMore && rounded(gpuHoursMore),
    seeds: scores.map(scoresOf),
    /** Of the first seed. */
    scaleEvents: shown.scaleEvents.map(({ at, from, to, why }) => ({ at: formatInstant(at), from, to, why })),
  };
}

function settingsOf(contestant: Contestant): Readonly<Record<string, unknown>> {
  switch (contestant.kind) {
    case 'policy':
      return { ...writtenPolicy(contestant.fields), calendar: contestant.calendar };
    case 'peer':
      return contestant.values;
    case 'oracle':
      return {};
  }
}

function scoresOf(scores: Scores) {
  const times = (quantiles: Scores['firstToken']) => ({
    p50: round(quantiles.p50, 3),
    p95: round(quantiles.p95, 3),
    p99: round(quantiles.p99, 3),
  });
  return {
    requests: scores.requests,
    within: round(scores.within, 6),
    firstTokenMs: times(scores.firstToken),
    perTokenMs: times(scores.perToken),
    failed: scores.failed,
    gpuHours: Object.fromEntries(
      Object.entries(scores.gpuHours).map(([part, hours]) => [part, round(hours, 4)]),
    ),
    scaleEvents: scores.scaleEvents,
    starts: scores.starts,
    shortMinutes: scores.shortMinutes,
  };
}

function daysOf(result: BacktestResult, { trace, calendar }: ReportContext) {
  const { span, scenario } = result.plan;
  const days = [];
  for (
    let day = DateTime.fromMillis(span.from, { zone: calendar?.timezone ?? 'utc' }).startOf('day');
    day.toMillis() < span.to;
    day = day.plus({ days: 1 })
  ) {
    const from = Math.max(span.from, day.toMillis());
    const to = Math.min(span.to, day.plus({ days: 1 }).toMillis());
    const { first, end } = rowsWithin(trace.arrivedAt, { from, to });
    days.push({
      date: day.toISODate() ?? '',
      weekday: day.toFormat('ccc'),
      requests: end - first,
      policies: result.rows.map(({ contestant, shown }) => ({
        label: contestant.label,
        late: sumOf(shown.late, result.slotMs, scenario.from, { from, to }),
        gpuHours: round(gpuHours({ pods: shown.pods, bufferMs: 0 }, { from, to }, scenario).total, 4),
      })),
    });
  }
  return days;
}

function sumOf(
  values: Float64Array,
  slotMs: number,
  origin: number,
  span: { readonly from: number; readonly to: number },
): number {
  let sum = 0;
  for (let slot = 0; slot < values.length; slot++) {
    const at = origin + slot * slotMs;
    if (at >= span.from && at < span.to) sum += values[slot] ?? 0;
  }
  return sum;
}

function curvesOf({ plan, slotMs, needed, rows }: BacktestResult, trace: Trace) {
  const { scenario } = plan;
  const slots = Math.ceil((scenario.to - scenario.from) / slotMs);
  const each = <T>(value: (slot: number) => T): T[] =>
    Array.from({ length: slots }, (_, slot) => value(slot));
  const perSlot = slotMs / NEED_SLOT_MS;
  return {
    slotSeconds: slotMs / 1000,
    from: scenario.from / 1000,
    requests: each((slot) => {
      const from = scenario.from + slot * slotMs;
      const { first, end } = rowsWithin(trace.arrivedAt, { from, to: from + slotMs });
      return end - first;
    }),
    /** The most that any minute of the slot needs. */
    needed: each((slot) => {
      const minutes = needed.subarray(slot * perSlot, (slot + 1) * perSlot);
      return minutes.length === 0 ? 0 : Math.max(...minutes);
    }),
    policies: rows.map(({ contestant, shown }) => ({
      label: contestant.label,
      ready: [...meanReady(shown.pods, scenario, slotMs)].map((value) => round(value, 2)),
      asked: askedBySlot(shown.scaleEvents, { slots, slotMs, ...scenario }),
      late: [...shown.late],
      /** ms; null: no request, -1: the p95 never came. */
      firstTokenP95: [...shown.firstTokenP95].map((ms) =>
        Number.isNaN(ms) ? null : Number.isFinite(ms) ? Math.round(ms) : -1,
      ),
    })),
  };
}

interface Slots {
  readonly slots: number;
  readonly slotMs: number;
  readonly from: number;
  readonly initialReplicas: number;
}

/** spec.replicas at the end of each slot. */
function askedBySlot(events: Row['shown']['scaleEvents'], { slots, slotMs, from, initialReplicas }: Slots) {
  let next = 0;
  let asked = initialReplicas;
  return Array.from({ length: slots }, (_, slot) => {
    for (let event = events[next]; event && event.at < from + (slot + 1) * slotMs; event = events[++next])
      asked = event.to;
    return asked;
  });
}

function rounded({ mean, plusMinus }: Row['within']) {
  return { mean: round(mean, 6), plusMinus: round(plusMinus, 6) };
}

function round<T extends number | null>(value: T, digits: number): T {
  return (value === null ? null : Math.round(value * 10 ** digits) / 10 ** digits) as T;
}

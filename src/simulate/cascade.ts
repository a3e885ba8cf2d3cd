import { DateTime } from 'luxon';
import type { Calendar } from '../calendar/calendar.ts';
import { compileCalendar } from '../calendar/compile.ts';
import { CalendarDocument } from '../calendar/schema.ts';
import type { PolicyFields } from '../core/policy.ts';
import { createBellwether } from './autoscalers/bellwether.ts';
import { type ColdStart, DEFAULT_COLD_START, type Draw } from './pod.ts';
import type { ReplicaProfile } from './profiles.ts';
import { createRandom } from './random.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { type FirstTokenStats, firstTokenStats } from './stats.ts';
import { createTrace, type Trace } from './trace.ts';
import { drawTokens, type TokenLengths } from './workload.ts';

/** The chaos scenario `cold_start_cascade`: everybody asks at once, at a fleet that may not be there. */
export interface CascadeOptions {
  readonly seed: number;
  readonly profile: ReplicaProfile;
  readonly start: Draw;
  /** Simultaneous requests. */
  readonly requests: number;
  readonly tokens: TokenLengths;
  /** After which a client without a first token hangs up, ms. */
  readonly clientTimeoutMs: number;
}

export type CascadeCase = 'zero' | 'floor' | 'lead';

export interface CascadeRow {
  readonly name: CascadeCase;
  readonly title: string;
  /** Replicas ready when the requests came, and when the last first token had come. */
  readonly readyAtBell: number;
  readonly readyAfter: number;
  /** Of clients that wait as long as it takes: what the first token took. */
  readonly patient: FirstTokenStats;
  /** Of clients that hang up: how many did. */
  readonly impatient: FirstTokenStats;
}

/** A regular session; the requests come with its bell. */
const DATE = '2026-11-23';
const ZONE = 'America/New_York';
const AFTER_MS = 900_000;

/** The ADR's DEFAULT policy, but that it may sleep at night: the scenario begins at zero. */
const POLICY: PolicyFields = {
  minReplicas: 0,
  maxReplicas: 4,
  targetOngoingRequests: 10,
  upscaleDelay: 30_000,
  downscaleDelay: 300_000,
  smoothingFactor: 0.5,
};

const MARKET_HOURS = {
  name: 'market-hours',
  on: 'regular',
  from: 'open-30m',
  to: 'close',
  floor: 2,
  policy: { smoothingFactor: 1 },
};
const OPENING = {
  name: 'opening-burst',
  on: 'regular',
  from: 'open-5m',
  to: 'open+30m',
  floor: 4,
  policy: { upscaleDelay: '0s' },
};

const CASES: readonly { name: CascadeCase; title: string; windows: readonly object[] }[] = [
  { name: 'zero', title: 'scaled to zero', windows: [] },
  { name: 'floor', title: 'market-hours floor of 2', windows: [{ ...MARKET_HOURS, lead: '0s' }] },
  { name: 'lead', title: "calendar's floors (2, 4 at the open) with lead", windows: [MARKET_HOURS, OPENING] },
];

/** The three fleets, each through the same simultaneous requests, with decide() behind KEDA and the HPA. */
export function simulateCascade(options: CascadeOptions): readonly CascadeRow[] {
  const bell = DateTime.fromISO(`${DATE}T09:30`, { zone: ZONE }).toMillis();
  const trace = traceAt(bell, options);
  return CASES.map(({ name, title, windows }) => {
    const calendar = windows.length === 0 ? null : calendarWith(windows);
    const patient = runCase(scenarioOf(bell, trace, options, Number.POSITIVE_INFINITY), calendar);
    const impatient = runCase(scenarioOf(bell, trace, options, options.clientTimeoutMs), calendar);
    return {
      name,
      title,
      readyAtBell: patient.readyAt(bell),
      readyAfter: patient.readyAt(bell + AFTER_MS),
      patient: patient.stats,
      impatient: impatient.stats,
    };
  });
}

function traceAt(bell: number, { seed, requests, tokens }: CascadeOptions): Trace {
  const random = createRandom(seed, 'cascade tokens');
  const rows = Array.from({ length: requests }, () => ({
    arrivedAt: bell,
    tenant: 0,
    ...drawTokens(random, tokens),
  }));
  return createTrace(rows, ['analysts']);
}

function scenarioOf(
  bell: number,
  trace: Trace,
  { seed, profile, start }: CascadeOptions,
  clientTimeoutMs: number,
): Scenario {
  const coldStart: ColdStart = { ...DEFAULT_COLD_START, start };
  return {
    trace,
    seed,
    from: bell - 2 * 3_600_000,
    to: bell + AFTER_MS,
    minReplicas: 0,
    maxReplicas: 4,
    initialReplicas: 0,
    profile,
    coldStart,
    objectiveMs: 2_000,
    clientTimeoutMs,
    gracePeriodMs: 30_000,
    router: 'round-robin',
    gpusPerReplica: 1,
  };
}

function runCase(scenario: Scenario, calendar: Calendar | null) {
  const autoscaler = createBellwether(scenario, { name: 'bellwether', fields: POLICY, calendar });
  const result = runScenario(scenario, autoscaler);
  if (result === null) throw new Error('a run without hooks ends by itself');
  const { firstTokenAt, finishedAt } = result.records;
  const { trace } = scenario;
  const records = Array.from({ length: trace.length }, (_, id) => {
    const came = !Number.isNaN(firstTokenAt[id] ?? Number.NaN);
    return {
      request: {
        id,
        arrivedAt: trace.arrivedAt[id] ?? 0,
        promptTokens: trace.promptTokens[id] ?? 0,
        outputTokens: trace.outputTokens[id] ?? 0,
        deadline: Number.POSITIVE_INFINITY,
      },
      firstTokenAt: came ? (firstTokenAt[id] ?? null) : null,
      finishedAt: Number.isNaN(finishedAt[id] ?? Number.NaN) ? null : (finishedAt[id] ?? null),
      failed: came ? null : ('timeout' as const),
    };
  });
  return {
    stats: firstTokenStats(records, scenario.objectiveMs),
    readyAt: (at: number) =>
      result.pods.filter(
        ({ readyAt, deletedAt }) => readyAt !== null && readyAt <= at && (deletedAt ?? at + 1) > at,
      ).length,
  };
}

function calendarWith(windows: readonly object[]): Calendar {
  const document = CalendarDocument.parse({
    calendar: 'cascade',
    timezone: ZONE,
    sessions: { regular: { days: 'mon-fri', hours: '09:30-16:00' } },
    windows,
  });
  const compiled = compileCalendar(document, { today: DATE });
  if ('issues' in compiled) throw new Error('the cascade’s own calendar compiles');
  return compiled.calendar;
}

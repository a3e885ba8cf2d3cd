import { DateTime } from 'luxon';
import { openBehavior } from '../core/hpa-spec.ts';
import type { KedaDriver, ScaledObjectSpec } from './keda-driver.ts';
import { DEFAULT_PROFILE, type ReplicaProfile } from './profiles.ts';
import type { FirstTokenStats } from './stats.ts';
import { CHAT_TOKENS, FORTY_ANALYSTS, tradingMorning } from './workload.ts';
import { createWorld, type ScaleEvent, type World } from './world.ts';

/** A regular session of the New York Stock Exchange: the Monday before Thanksgiving. */
export const DEMO_DATE = '2026-11-23';
export const DEMO_ZONE = 'America/New_York';

/** The instants of a morning, epoch ms. */
export interface MorningTimes {
  readonly start: number;
  readonly open: number;
  readonly end: number;
}

/** 07:30 to 10:30 around the bell at 09:30, New York. */
export function demoMorning(): MorningTimes {
  const at = (time: string) => DateTime.fromISO(`${DEMO_DATE}T${time}`, { zone: DEMO_ZONE }).toMillis();
  return { start: at('07:30'), open: at('09:30'), end: at('10:30') };
}

/** One of the fleets that live through the same morning. */
export interface Stage {
  readonly label: string;
  readonly scaledObject: ScaledObjectSpec;
  readonly deployment: string;
  readonly world: World;
}

/** A stage with somebody at its controls. */
export interface DrivenStage extends Stage {
  readonly driver: KedaDriver;
}

export interface StageOptions {
  readonly seed: number;
  readonly times: MorningTimes;
  readonly profile?: ReplicaProfile;
  /** More keys of the triggers' metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The same morning twice: the same questions, the same cold starts, the same policy; only the second has the calendar. Both
 * begin with the one warm replica that minReplicas asks for at night.
 */
export function createStages({
  seed,
  times,
  profile = DEFAULT_PROFILE,
  metadata,
}: StageOptions): readonly Stage[] {
  const requests = tradingMorning({
    seed,
    from: times.start,
    to: times.end,
    open: times.open,
    volume: 1,
    analysts: FORTY_ANALYSTS,
    tokens: CHAT_TOKENS,
    clientTimeoutMs: 30_000,
  });
  const stage = (label: string, namespace: string, calendar: Readonly<Record<string, string>>): Stage => ({
    label,
    deployment: 'vllm',
    scaledObject: {
      namespace,
      name: 'vllm',
      metadata: { model: profile.model, policy: 'default', ...metadata, ...calendar },
      minReplicaCount: 1,
      maxReplicaCount: 4,
      cooldownPeriodMs: 30_000,
      behavior: openBehavior(),
    },
    world: createWorld({ seed, start: times.start, requests, initialReplicas: 1, profile }),
  });
  return [
    stage('without calendar', 'without-calendar', {}),
    stage('with calendar', 'with-calendar', { calendar: 'us-equities' }),
  ];
}

/** What a morning came to for one fleet. Times in ms; null: that request got no first token. */
export interface MorningResult {
  readonly label: string;
  readonly namespace: string;
  readonly scaledObject: string;
  readonly readyAtOpen: number;
  /** The first ten minutes after the bell. */
  readonly opening: FirstTokenStats;
  readonly all: FirstTokenStats;
  readonly gpuHours: number;
  readonly peakReplicas: number;
  readonly scaleEvents: readonly ScaleEvent[];
}

export const OPENING_MS = 600_000;

export function resultOf(stage: Stage, times: MorningTimes, readyAtOpen: number): MorningResult {
  const { all, gpuHours, scaleEvents } = stage.world.stats();
  return {
    label: stage.label,
    namespace: stage.scaledObject.namespace,
    scaledObject: stage.scaledObject.name,
    readyAtOpen,
    opening: stage.world.statsBetween(times.open, times.open + OPENING_MS),
    all,
    gpuHours,
    peakReplicas: scaleEvents.reduce(
      (peak, { from }) => Math.max(peak, from),
      stage.world.fleet.specReplicas,
    ),
    scaleEvents,
  };
}

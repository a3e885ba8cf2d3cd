import { z } from 'zod';
import type { PolicyFields } from '../core/policy.ts';
import { absentSample, type Sample } from '../core/sample.ts';
import { decide } from '../decision/decide.ts';
import type { DecisionState } from '../decision/state.ts';

const Seconds = z.number();

/** The fields of Ray Serve's AutoscalingConfig that its default policy reads. */
export const RayConfig = z.object({
  min_replicas: z.int(),
  max_replicas: z.int(),
  target_ongoing_requests: z.number(),
  upscale_delay_s: Seconds,
  downscale_delay_s: Seconds,
  upscaling_factor: z.number().nullish(),
  downscaling_factor: z.number().nullish(),
  initial_replicas: z.int().nullish(),
  downscale_to_zero_delay_s: Seconds.nullish(),
});
export type RayConfig = z.infer<typeof RayConfig>;

/** One recorded run of Ray Serve's own autoscaling code, as `ray-serve-*.jsonl` holds it. */
export const RayStory = z.object({
  source: z.string().startsWith('ray'),
  config: RayConfig,
  columns: z.tuple([
    z.literal('time_s'),
    z.literal('ongoing'),
    z.literal('running_replicas'),
    z.literal('target_before'),
    z.literal('target_after'),
  ]),
  ticks: z.array(z.tuple([z.number(), z.number(), z.int(), z.int(), z.int()])),
});
export type RayStory = z.infer<typeof RayStory>;

/** A tick at which we and the recording differ, or at which our guards would have decided otherwise. */
export interface GoldenTick {
  readonly tick: number;
  readonly at: number;
  readonly ongoing: number;
  readonly running: number;
  readonly target: number;
  readonly recorded: number;
  readonly ours: number | null;
}

export interface GoldenResult {
  readonly ticks: number;
  /** Ticks at which decide(), guards off and look-back 0, does not answer what was recorded. */
  readonly differ: readonly GoldenTick[];
  /** Ticks at which the guards would have changed the answer. */
  readonly guarded: readonly GoldenTick[];
}

/** Ray Serve's configuration as a policy layer, with the parts switched off that Ray does not have. */
export function rayFields(config: RayConfig, consolidation: boolean): PolicyFields {
  const toZero = config.downscale_to_zero_delay_s;
  return {
    minReplicas: config.min_replicas,
    maxReplicas: config.max_replicas,
    targetOngoingRequests: config.target_ongoing_requests,
    upscaleDelay: config.upscale_delay_s * 1000,
    downscaleDelay: config.downscale_delay_s * 1000,
    ...(toZero === null || toZero === undefined ? {} : { downscaleToZeroDelay: toZero * 1000 }),
    upscalingFactor: config.upscaling_factor ?? 1,
    downscalingFactor: config.downscaling_factor ?? 1,
    lookBackPeriod: 0,
    guards: { consolidation },
  };
}

/**
 * Runs a story through decide(). Each tick starts from the recorded target, as the recording's own next tick does, so
 * one difference is reported once and does not hide the ticks after it.
 */
export function runRayStory(story: RayStory): GoldenResult {
  const plain = rayFields(story.config, false);
  const withGuards = rayFields(story.config, true);
  const differ: GoldenTick[] = [];
  const guarded: GoldenTick[] = [];
  let state: DecisionState = {
    target: null,
    wish: null,
    burstUntil: null,
    unschedulableSince: null,
    seenSince: 0,
    buffer: null,
  };
  for (const [tick, [seconds, ongoing, running, target, recorded]] of story.ticks.entries()) {
    const at = Math.round(seconds * 1000);
    const input = {
      at,
      calendar: null,
      samples: [tickSample(at, ongoing, running)],
      coldStartP95: null,
      evaluationInterval: 5_000,
    };
    const before = { ...state, target };
    const outcome = decide({ ...input, fields: plain }, before);
    const guardedAnswer = decide({ ...input, fields: withGuards }, before).decision.replicas;
    const row = { tick, at, ongoing, running, target, recorded };
    if (outcome.decision.replicas !== recorded) differ.push({ ...row, ours: outcome.decision.replicas });
    if (guardedAnswer !== outcome.decision.replicas) guarded.push({ ...row, ours: guardedAnswer });
    state = outcome.state;
  }
  return { ticks: story.ticks.length, differ, guarded };
}

function tickSample(at: number, ongoing: number, running: number): Sample {
  return {
    ...absentSample(at, ''),
    presence: 'fresh',
    why: null,
    observedAt: at,
    running: ongoing,
    waiting: 0,
    reporting: running,
    replicas: { spec: null, ready: running, starting: null, unschedulable: null, source: 'recorded' },
  };
}

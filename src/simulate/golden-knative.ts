import { z } from 'zod';
import { createKpa, KPA_DEFAULTS, withinScale } from './autoscalers/knative-kpa.ts';

/** One recorded run of Knative Serving's KPA, as `knative-kpa.jsonl` holds it. */
export const KnativeStory = z.object({
  source: z.string().startsWith('knative'),
  spec: z.object({
    minScale: z.int(),
    maxScale: z.int(),
    targetUtilization: z.number(),
    totalValue: z.number(),
    targetBurstCapacity: z.number(),
    maxScaleUpRate: z.number(),
    maxScaleDownRate: z.number(),
    panicThreshold: z.number(),
    stableWindow_s: z.int(),
    panicWindow_s: z.int(),
    scaleDownDelay_s: z.number(),
    activationScale: z.int(),
    reachable: z.boolean(),
    initialReady: z.int(),
    panicAtStart: z.boolean(),
    /** Whether the value of a tick's own second was written before the tick. */
    tickReads: z.enum(['same', 'previous']),
    /** Unix seconds of time_s 0. */
    t0: z.int(),
    /** What the load does, for people. */
    shape: z.string().optional(),
  }),
  /** By the second from t0 on; null: nothing was reported. */
  concurrency: z.array(z.number().nullable()),
  columns: z.tuple([
    z.literal('time_s'),
    z.literal('ready'),
    z.literal('desired_raw'),
    z.literal('desired_clamped'),
    z.literal('excess_burst_capacity'),
    z.literal('in_panic'),
  ]),
  /** `desired_raw` and `excess_burst_capacity` are null where Scale() was not valid. */
  ticks: z.array(z.tuple([z.int(), z.int(), z.int().nullable(), z.int(), z.int().nullable(), z.int()])),
});
export type KnativeStory = z.infer<typeof KnativeStory>;

/** The ticks of a story at which our KPA does not answer what was recorded. */
export function differingTicks(
  story: KnativeStory,
): readonly { readonly tick: number; readonly recorded: string; readonly ours: string }[] {
  const { spec, concurrency, ticks } = story;
  const kpa = createKpa(
    {
      containerTarget: spec.totalValue,
      targetUtilization: spec.targetUtilization,
      maxScaleUpRate: spec.maxScaleUpRate,
      maxScaleDownRate: spec.maxScaleDownRate,
      panicThreshold: spec.panicThreshold,
      stableWindowSeconds: spec.stableWindow_s,
      // The recordings name both windows; the share is Knative's default.
      panicWindowPercentage: KPA_DEFAULTS.panicWindowPercentage,
      scaleDownDelaySeconds: spec.scaleDownDelay_s,
      activationScale: spec.activationScale,
      targetBurstCapacity: spec.targetBurstCapacity,
      reachable: spec.reachable,
    },
    spec.t0,
    spec.panicAtStart ? spec.initialReady : 0,
  );
  let written = 0;
  let clamped = spec.initialReady;
  return ticks.flatMap(([second, ready, ...recorded], tick) => {
    const readable = spec.tickReads === 'same' ? second : second - 1;
    for (; written <= readable; written++) {
      const value = concurrency[written] ?? null;
      if (value !== null) kpa.record(spec.t0 + written, value);
    }
    const scaled = kpa.scale(spec.t0 + second, ready);
    if (scaled) clamped = withinScale(scaled.desired, spec.minScale, spec.maxScale);
    const ours = [
      scaled?.desired ?? null,
      clamped,
      scaled?.excessBurstCapacity ?? null,
      kpa.inPanic ? 1 : 0,
    ].map(String);
    const answers = recorded.map(String);
    return ours.every((value, index) => value === answers[index])
      ? []
      : [{ tick, recorded: answers.join('/'), ours: ours.join('/') }];
  });
}

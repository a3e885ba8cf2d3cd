import type { Autoscaler, FleetView } from './autoscaler.ts';
import { createKpa, KPA_DEFAULTS, type Kpa, type KpaSpec, withinScale } from './knative-kpa.ts';
import { ceilings, definePeer, floors, multiples } from './peer.ts';
import { loadTested } from './sizing.ts';

/** `tick-interval` of the multiscaler. */
const TICK_MS = 2_000;
/** `scale-to-zero-grace-period`. */
const GRACE_MS = 30_000;

export interface KnativeOptions {
  readonly spec: KpaSpec;
  readonly minScale: number;
  readonly maxScale: number;
}

/**
 * A Knative revision: the KPA of the golden file, fed by the second with the mean number of requests in flight, those that
 * the activator holds included, and its PodAutoscaler's reconciler around it. Of the latter only what changes a count is
 * here: min-scale and max-scale, one pod kept for the stable window and the grace period before zero.
 */
export function createKnative(name: string, { spec, minScale, maxScale }: KnativeOptions): Autoscaler {
  let kpa: Kpa | null = null;
  let ongoingMs = 0;
  let reason = 'no metric yet';
  /** Since when zero has been wanted, null while it is not. */
  let idleSince: number | null = null;

  function run(view: FleetView): number | null {
    const second = Math.floor(view.now / 1000);
    kpa ??= createKpa(spec, second, view.readyReplicas);
    // Both seconds of the tick get the mean of both: the sums that the windows make of them are the same.
    const mean = Math.max(0, view.ongoingMs - ongoingMs) / TICK_MS;
    ongoingMs = view.ongoingMs;
    // With no pods and nothing at the activator there is nobody who would report.
    if (view.readyReplicas > 0 || mean > 0) {
      kpa.record(second - 1, mean);
      kpa.record(second, mean);
    }
    const scaled = kpa.scale(second, view.readyReplicas);
    if (scaled === null) return null;
    const wanted = beforeZero(withinScale(scaled.desired, minScale, maxScale), view);
    if (wanted === view.specReplicas) return null;
    const mode = kpa.inPanic ? 'in panic' : 'stable';
    reason = `${mode}: ${scaled.stable} in flight over the stable window, ${scaled.panic} over the panic window`;
    return wanted;
  }

  function beforeZero(wanted: number, { now, specReplicas }: FleetView): number {
    if (wanted > 0 || specReplicas === 0) {
      idleSince = null;
      return wanted;
    }
    idleSince ??= now;
    // The windows have emptied already: only the grace period of the inactive revision is left.
    return now - idleSince >= GRACE_MS ? 0 : 1;
  }
  return { name, duties: [{ name: 'kpa-tick', everyMs: TICK_MS, run }], explain: () => reason };
}

type Knob =
  | 'target'
  | 'targetUtilizationPercentage'
  | 'stableWindowSeconds'
  | 'panicWindowPercentage'
  | 'panicThresholdPercentage'
  | 'scaleDownDelaySeconds'
  | 'maxScaleUpRate'
  | 'maxScaleDownRate'
  | 'activationScale'
  | 'minScale'
  | 'maxScale';

export const KNATIVE = definePeer<Knob>({
  name: 'knative',
  title: 'Knative Serving KPA',
  defaults: (setting) => ({
    // Of the target 70 % are aimed at, which is the load test's number again.
    target: Math.max(1, Math.round(loadTested(setting.profile).ongoing / KPA_DEFAULTS.targetUtilization)),
    targetUtilizationPercentage: 70,
    stableWindowSeconds: 60,
    panicWindowPercentage: 10,
    panicThresholdPercentage: 200,
    scaleDownDelaySeconds: 300,
    maxScaleUpRate: KPA_DEFAULTS.maxScaleUpRate,
    maxScaleDownRate: KPA_DEFAULTS.maxScaleDownRate,
    activationScale: 1,
    minScale: setting.minReplicas,
    maxScale: setting.maxReplicas,
  }),
  knobs: (setting, { target }) => ({
    target: multiples(target, [0.2, 0.35, 0.5, 0.75, 1, 1.5]),
    stableWindowSeconds: [60, 120, 300, 600],
    scaleDownDelaySeconds: [0, 300, 900],
    // 1000 % is the most that Knative takes, which is as good as never.
    panicThresholdPercentage: [200, 400, 1000],
    minScale: floors(setting),
    maxScale: ceilings(setting),
  }),
  build: (_setting, values) =>
    createKnative('knative', {
      spec: {
        ...KPA_DEFAULTS,
        containerTarget: values.target,
        targetUtilization: values.targetUtilizationPercentage / 100,
        stableWindowSeconds: values.stableWindowSeconds,
        panicWindowPercentage: values.panicWindowPercentage,
        panicThreshold: values.panicThresholdPercentage / 100,
        scaleDownDelaySeconds: values.scaleDownDelaySeconds,
        maxScaleUpRate: values.maxScaleUpRate,
        maxScaleDownRate: values.maxScaleDownRate,
        activationScale: values.activationScale,
      },
      minScale: values.minScale,
      maxScale: values.maxScale,
    }),
});

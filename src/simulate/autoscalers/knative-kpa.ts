import { createSecondsWindow } from './knative-window.ts';

/** What a revision's PodAutoscaler and `config-autoscaler` come to. Durations in whole seconds. */
export interface KpaSpec {
  /** `autoscaling.knative.dev/target`, or containerConcurrency: requests in flight that one pod may have. */
  readonly containerTarget: number;
  /** `container-concurrency-target-percentage` as a fraction. */
  readonly targetUtilization: number;
  readonly maxScaleUpRate: number;
  readonly maxScaleDownRate: number;
  /** `panic-threshold-percentage` as a multiple: 2 is 200 %. */
  readonly panicThreshold: number;
  readonly stableWindowSeconds: number;
  /** `panic-window-percentage` of the stable window, 10 for 10 %. */
  readonly panicWindowPercentage: number;
  readonly scaleDownDelaySeconds: number;
  /** Fewest pods once there is any load; at most 1 changes nothing. */
  readonly activationScale: number;
  readonly targetBurstCapacity: number;
  readonly reachable: boolean;
}

/** Knative's own defaults (config/core/configmaps/autoscaler.yaml) but for the target, which is a model's own. */
export const KPA_DEFAULTS = {
  targetUtilization: 0.7,
  maxScaleUpRate: 1_000,
  maxScaleDownRate: 2,
  panicThreshold: 2,
  stableWindowSeconds: 60,
  panicWindowPercentage: 10,
  scaleDownDelaySeconds: 0,
  activationScale: 1,
  targetBurstCapacity: 211,
  reachable: true,
} as const satisfies Omit<KpaSpec, 'containerTarget'>;

/** `Scale()`'s answer, before min-scale and max-scale; null where no metric came for a stable window. */
export interface KpaScale {
  readonly desired: number;
  /** Requests that the pods could take beyond what they have; below 0 the activator stays in the path. */
  readonly excessBurstCapacity: number;
  readonly stable: number;
  readonly panic: number;
}

/** One Decider: its windows, its panic, its scale-down delay. */
export interface Kpa {
  /** Concurrency of the whole revision during a second, as its pods and the activator report it. */
  record(second: number, concurrency: number): void;
  /** One tick, every 2 s; `ready` pods that take requests. */
  scale(second: number, ready: number): KpaScale | null;
  readonly inPanic: boolean;
}

const TARGET_MIN = 0.01;
const DELAY_BUCKET_SECONDS = 2;

/**
 * The Knative Pod Autoscaler (serving v0.51), concurrency with the linear average. A decider that starts with more than
 * one pod ready starts in panic, so that it cannot shrink a revision whose past it has not seen.
 */
export function createKpa(spec: KpaSpec, second: number, ready: number): Kpa {
  const stableWindow = createSecondsWindow(spec.stableWindowSeconds);
  const panicWindow = createSecondsWindow(panicSeconds(spec));
  const delay = createDelay(spec);
  const target = Math.max(TARGET_MIN, spec.containerTarget * spec.targetUtilization);
  let panicSince = ready > 1 ? second : null;
  let maxPanicPods = ready > 1 ? ready : 0;

  function notePanic(now: number, over: boolean): void {
    if (over) {
      panicSince = now;
    } else if (panicSince !== null && panicSince + spec.stableWindowSeconds < now) {
      panicSince = null;
      maxPanicPods = 0;
    }
  }

  return {
    get inPanic() {
      return panicSince !== null;
    },
    record(at, concurrency) {
      stableWindow.record(at, concurrency);
      panicWindow.record(at, concurrency);
    },
    scale(now, readyPods) {
      if (stableWindow.isEmpty(now)) return null;
      const stable = stableWindow.average(now);
      const panic = panicWindow.average(now);
      const base = Math.max(1, readyPods);
      const stablePods = limited(spec, Math.ceil(stable / target), base);
      const wantedInPanic = Math.ceil(panic / target);
      const panicPods = limited(spec, wantedInPanic, base);
      notePanic(now, wantedInPanic / base >= spec.panicThreshold);
      let desired = stablePods;
      if (panicSince !== null) {
        maxPanicPods = Math.max(maxPanicPods, stablePods, panicPods);
        desired = maxPanicPods;
      }
      return {
        desired: delay(now, desired),
        excessBurstCapacity: excessBurstCapacity(spec, readyPods, panic),
        stable,
        panic,
      };
    },
  };
}

/** A share of the stable window in whole seconds, halves up, at least one. */
function panicSeconds({ stableWindowSeconds, panicWindowPercentage }: KpaSpec): number {
  return Math.max(1, Math.round((stableWindowSeconds * panicWindowPercentage) / 100));
}

/** Within the rates, counted from the pods that are ready; then activation-scale where there is any load. */
function limited(spec: KpaSpec, wanted: number, ready: number): number {
  const up = Math.ceil(spec.maxScaleUpRate * ready);
  const down = spec.reachable ? Math.floor(ready / spec.maxScaleDownRate) : 0;
  const pods = Math.min(Math.max(wanted, down), up);
  return wanted > 0 && spec.activationScale > 1 ? Math.max(pods, spec.activationScale) : pods;
}

/** `scale-down-delay`: the highest wish of the delay, in buckets of 2 s of Unix time. */
function createDelay({
  reachable,
  scaleDownDelaySeconds,
}: KpaSpec): (now: number, desired: number) => number {
  const size = Math.ceil(scaleDownDelaySeconds / DELAY_BUCKET_SECONDS);
  if (!reachable || size === 0) return (_now, desired) => desired;
  // Descending wishes by bucket: the head is the maximum, and whatever a newer wish reaches is gone.
  let wishes: { readonly bucket: number; readonly desired: number }[] = [];
  return (now, desired) => {
    const bucket = Math.floor(now / DELAY_BUCKET_SECONDS);
    wishes = wishes.filter((wish) => wish.bucket > bucket - size && wish.desired > desired);
    wishes.push({ bucket, desired });
    return wishes[0]?.desired ?? desired;
  };
}

function excessBurstCapacity(spec: KpaSpec, ready: number, panic: number): number {
  if (spec.targetBurstCapacity === 0) return 0;
  if (spec.targetBurstCapacity < 0) return -1;
  return Math.floor(ready * spec.containerTarget - spec.targetBurstCapacity - panic);
}

/** min-scale and max-scale (0: none), which Knative applies outside Scale(): neither panic nor delay sees them. */
export function withinScale(desired: number, minScale: number, maxScale: number): number {
  if (desired < minScale) return minScale;
  return maxScale !== 0 && desired > maxScale ? maxScale : desired;
}

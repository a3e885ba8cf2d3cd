/** One key of a Ray AutoscalingConfig as it was found. */
export interface RayField {
  /** Empty for a positional argument or `**kwargs`. */
  readonly key: string;
  /** Undefined where only running the code would tell. */
  readonly value: unknown;
  readonly text: string;
  readonly line: number;
}

export interface RayConfig {
  /** What the source calls it: a variable, a class, a deployment. */
  readonly name: string;
  /** The deployment it belongs to, where that is known. */
  readonly deployment: string | undefined;
  readonly line: number;
  readonly lastLine: number;
  readonly fields: readonly RayField[];
}

/** Ray Serve's own defaults (ray.serve.config.AutoscalingConfig, 2.32 and later); Bellwether's differ in some. */
export const RAY_DEFAULTS = {
  minReplicas: 1,
  maxReplicas: 1,
  targetOngoingRequests: 2,
  upscaleDelay: 30,
  downscaleDelay: 600,
  lookBackPeriod: 30,
} as const;

/** What `num_replicas: auto` sets beside them (docs.ray.io, Ray Serve Autoscaling). */
export const RAY_AUTO = { minReplicas: 1, maxReplicas: 100, targetOngoingRequests: 2 } as const;

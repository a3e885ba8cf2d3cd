/** A Kubernetes quantity as behavior tolerances are written: `0.05`, `"0.05"`, `"50m"`. */
export type Quantity = string | number;

export interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodSeconds: number;
}

/** `behavior.scaleUp` or `behavior.scaleDown`, as a manifest has it. */
export interface ScalingRules {
  readonly stabilizationWindowSeconds?: number | null;
  readonly selectPolicy?: 'Max' | 'Min' | 'Disabled' | null;
  readonly policies?: readonly ScalingPolicy[] | null;
  readonly tolerance?: Quantity | null;
}

/** The fields of autoscaling/v2 that matter for one External metric with target 1 AverageValue. */
export interface HpaSpec {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Null stays null: only `{}` or a partial behavior gets the API's defaults. */
  readonly behavior: {
    readonly scaleUp?: ScalingRules | null;
    readonly scaleDown?: ScalingRules | null;
  } | null;
}

export interface ResolvedRules {
  readonly stabilizationWindowSeconds: number;
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly ScalingPolicy[];
}

const UP_POLICIES: readonly ScalingPolicy[] = [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
];
const DOWN_POLICIES: readonly ScalingPolicy[] = [{ type: 'Percent', value: 100, periodSeconds: 15 }];

/** `--horizontal-pod-autoscaler-tolerance`. */
const DEFAULT_TOLERANCE = 0.1;

/** scaleUp with the API server's defaults (pkg/apis/autoscaling/v2/defaults.go). */
export function resolveUp(rules: ScalingRules | null | undefined): ResolvedRules {
  return resolve(rules, 0, UP_POLICIES);
}

/** scaleDown with its defaults; without a window of its own the controller's flag holds, in seconds. */
export function resolveDown(rules: ScalingRules | null | undefined, flagSeconds: number): ResolvedRules {
  return resolve(rules, flagSeconds, DOWN_POLICIES);
}

function resolve(
  rules: ScalingRules | null | undefined,
  window: number,
  policies: readonly ScalingPolicy[],
): ResolvedRules {
  return {
    stabilizationWindowSeconds: rules?.stabilizationWindowSeconds ?? window,
    selectPolicy: rules?.selectPolicy ?? 'Max',
    policies: rules?.policies ?? policies,
  };
}

/** A side's tolerance as a fraction; the controller's 0.1 where the side names none. */
export function toleranceOf(quantity: Quantity | null | undefined): number {
  if (quantity === null || quantity === undefined) return DEFAULT_TOLERANCE;
  const text = String(quantity);
  return text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text);
}

/**
 * What the shipped ScaledObjects set, so that every delay has one owner (the scaler): no tolerance, no window upward,
 * open policies, and 30 s downward as a backstop.
 */
export function openBehavior(): NonNullable<HpaSpec['behavior']> {
  const policies: readonly ScalingPolicy[] = [
    { type: 'Percent', value: 900, periodSeconds: 15 },
    { type: 'Pods', value: 100, periodSeconds: 15 },
  ];
  return {
    scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies, tolerance: '0' },
    scaleDown: {
      stabilizationWindowSeconds: 30,
      selectPolicy: 'Max',
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
      tolerance: '0',
    },
  };
}

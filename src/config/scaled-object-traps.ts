import { type Issue, warningAt } from './issue.ts';
import { at } from './sources.ts';

const SPEC = ['spec'];
const BEHAVIOR = ['spec', 'advanced', 'horizontalPodAutoscalerConfig', 'behavior'];

/** Above so many replicas the HPA's default tolerance of 10 % hides a change by one. */
const EXACT_REPLICAS = 9;

/** Settings of a ScaledObject that keep its HPA from doing what Bellwether answers: warnings only. */
export function trapIssues(value: unknown): readonly Issue[] {
  return [
    ...toleranceIssues(value),
    ...windowIssues(value),
    ...policyIssues(value),
    ...zeroIssues(value),
    ...coldStartIssues(value),
  ];
}

function numberAt(value: unknown, path: readonly string[]): number | undefined {
  const found = at(value, path);
  return typeof found === 'number' ? found : undefined;
}

function toleranceIssues(value: unknown): readonly Issue[] {
  const max = numberAt(value, [...SPEC, 'maxReplicaCount']) ?? 100;
  if (max <= EXACT_REPLICAS) return [];
  return ['scaleUp', 'scaleDown'].flatMap((side) => {
    const path = [...BEHAVIOR, side, 'tolerance'];
    const tolerance = at(value, path);
    if (tolerance !== undefined && Number(tolerance) === 0) return [];
    const message = `should be "0" (Kubernetes 1.35): else the HPA ignores changes within 10 %, and up to ${max} replicas are allowed here`;
    return [warningAt(path, message)];
  });
}

/** Bellwether owns the delays; those of the HPA come on top. */
function windowIssues(value: unknown): readonly Issue[] {
  const up = numberAt(value, [...BEHAVIOR, 'scaleUp', 'stabilizationWindowSeconds']) ?? 0;
  const down = numberAt(value, [...BEHAVIOR, 'scaleDown', 'stabilizationWindowSeconds']);
  const issues: Issue[] = [];
  if (up > 0) {
    issues.push(
      warningAt(
        [...BEHAVIOR, 'scaleUp', 'stabilizationWindowSeconds'],
        `should be 0: it comes on top of upscaleDelay, was ${up}`,
      ),
    );
  }
  if (down === undefined || down > 60) {
    const was = down === undefined ? 'the default of 300' : String(down);
    issues.push(
      warningAt(
        [...BEHAVIOR, 'scaleDown', 'stabilizationWindowSeconds'],
        `should be 30: it comes on top of downscaleDelay, was ${was}`,
      ),
    );
  }
  return issues;
}

/** A small step is tested against the tolerance each time, and stops short of the answer. */
function policyIssues(value: unknown): readonly Issue[] {
  return ['scaleUp', 'scaleDown'].flatMap((side) => {
    const path = [...BEHAVIOR, side];
    if (at(value, [...path, 'selectPolicy']) === 'Disabled') {
      return [
        warningAt(
          [...path, 'selectPolicy'],
          `keeps the HPA from following ${side === 'scaleUp' ? 'rises' : 'falls'} at all`,
        ),
      ];
    }
    const policies = at(value, [...path, 'policies']);
    const max = numberAt(value, [...SPEC, 'maxReplicaCount']) ?? 100;
    if (
      !Array.isArray(policies) ||
      policies.length === 0 ||
      policies.some((policy) => isOpen(policy, max, side))
    )
      return [];
    return [
      warningAt(
        [...path, 'policies'],
        `should let the HPA go to the answer in one step (${side === 'scaleUp' ? 'Pods: 100' : 'Percent: 100'} each 15 s)`,
      ),
    ];
  });
}

/** Whether one policy lets the fleet go as far as it needs to within a period or two. */
function isOpen(policy: unknown, max: number, side: string): boolean {
  const size = numberAt(policy, ['value']) ?? 0;
  if (at(policy, ['type']) === 'Pods') return size >= Math.min(max, 100) / 2;
  return side === 'scaleUp' ? size >= 400 : size >= 50;
}

function zeroIssues(value: unknown): readonly Issue[] {
  const issues: Issue[] = [];
  const min = numberAt(value, [...SPEC, 'minReplicaCount']) ?? 0;
  if (min === 0 && numberAt(value, [...SPEC, 'fallback', 'replicas']) === 0) {
    const message =
      'should not be 0 with minReplicaCount 0: errors then scale the fleet to zero instead of holding it';
    issues.push(warningAt([...SPEC, 'fallback', 'replicas'], message));
  }
  const idle = numberAt(value, [...SPEC, 'idleReplicaCount']);
  if (idle !== undefined) {
    const message = `should be left out: below minReplicaCount KEDA and the HPA work against each other, was ${idle}`;
    issues.push(warningAt([...SPEC, 'idleReplicaCount'], message));
  }
  return issues;
}

/** Where zero is allowed KEDA's cooldownPeriod comes after downscaleToZeroDelay. */
function coldStartIssues(value: unknown): readonly Issue[] {
  const min = numberAt(value, [...SPEC, 'minReplicaCount']) ?? 0;
  const cooldown = numberAt(value, [...SPEC, 'cooldownPeriod']) ?? 300;
  if (min > 0 || cooldown <= 60) return [];
  const message = `should be 30 where zero is allowed: it comes on top of downscaleToZeroDelay, was ${cooldown}`;
  return [warningAt([...SPEC, 'cooldownPeriod'], message)];
}

import { formatDuration } from '../core/duration.ts';
import type { FleetConfig } from '../core/fleet.ts';
import { type PolicyFields, resolvePolicy } from '../core/policy.ts';
import { type Issue, warningAt } from './issue.ts';
import type { Known } from './metadata.ts';
import { at } from './sources.ts';

/**
 * Where a ScaledObject and the policy of its trigger contradict each other. Nothing is said without the policy, which
 * only a bellwether.yaml among the checked files makes known.
 */
export function fitIssues(value: unknown, fleet: FleetConfig, known: Known): readonly Issue[] {
  const fields = policyOf(fleet, known);
  if (fields === undefined || fleet.id.role !== 'replicas') return [];
  const policy = resolvePolicy(fields, fleet.overrides);
  const min = countAt(value, 'minReplicaCount') ?? 0;
  const max = countAt(value, 'maxReplicaCount') ?? 100;
  const cooldown = (countAt(value, 'cooldownPeriod') ?? 300) * 1000;
  const issues: Issue[] = [];
  if (max < policy.maxReplicas) {
    issues.push(
      warningAt(
        ['spec', 'maxReplicaCount'],
        `cuts what the policy may ask for (maxReplicas ${policy.maxReplicas}), was ${max}`,
      ),
    );
  }
  if (min > policy.minReplicas) {
    issues.push(
      warningAt(
        ['spec', 'minReplicaCount'],
        `is above minReplicas (${policy.minReplicas}), so the fleet never falls so far, was ${min}`,
      ),
    );
  }
  if (
    min === 0 &&
    policy.minReplicas === 0 &&
    policy.downscaleToZeroDelay + cooldown < policy.coldStart.default
  ) {
    const [delay, start] = [
      formatDuration(policy.downscaleToZeroDelay),
      formatDuration(policy.coldStart.default),
    ];
    const message = `should be longer: with downscaleToZeroDelay (${delay}) it is less than a cold start (${start})`;
    issues.push(warningAt(['spec', 'cooldownPeriod'], message));
  }
  return issues;
}

function policyOf({ policy }: FleetConfig, { policies, defaultPolicy }: Known): PolicyFields | undefined {
  const name = policy ?? defaultPolicy;
  return name !== undefined && policies !== undefined && 'get' in policies ? policies.get(name) : undefined;
}

function countAt(value: unknown, key: string): number | undefined {
  const found = at(value, ['spec', key]);
  return typeof found === 'number' ? found : undefined;
}

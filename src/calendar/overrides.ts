import type { PolicyFields } from '../core/policy.ts';

/**
 * The overrides of all windows in force as one layer, as written (a `smoothingFactor` stays one). No two of them set
 * the same field at the same time: compileCalendar refuses that.
 */
export function mergeOverrides(policies: readonly PolicyFields[]): PolicyFields {
  if (policies.length === 1 && policies[0]) return policies[0];
  const merged: Record<string, unknown> = {};
  for (const policy of policies) {
    for (const [field, value] of Object.entries(policy)) {
      const present = merged[field];
      merged[field] = isGroup(present) && isGroup(value) ? { ...present, ...value } : value;
    }
  }
  return merged as PolicyFields;
}

/**
 * The single fields that a layer sets, dotted: `upscaleDelay`, `burst.hold`. A `smoothingFactor` counts as the factors
 * it sets, each under the name that a person wrote.
 */
export function overriddenFields(policy: PolicyFields): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, readonly string[]>();
  for (const [field, value] of Object.entries(policy)) {
    if (value === undefined) continue;
    if (isGroup(value)) for (const key of Object.keys(value)) fields.set(`${field}.${key}`, [field, key]);
    else if (field !== 'smoothingFactor') fields.set(field, [field]);
  }
  if (policy.smoothingFactor !== undefined) {
    for (const factor of ['upscalingFactor', 'downscalingFactor']) {
      if (!fields.has(factor)) fields.set(factor, ['smoothingFactor']);
    }
  }
  return fields;
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

import { z } from 'zod';
import { formatDuration } from '../core/duration.ts';
import { PolicyFields, resolvePolicy } from '../core/policy.ts';
import { Preset, withPreset } from '../core/presets.ts';
import { arrivalIssues } from './arrival-issues.ts';
import { errorAt, type Issue, warningAt } from './issue.ts';
import { zodIssues } from './zod-issues.ts';

/** A document of policies/*.yaml: the fields of a policy, its name, and maxReplicas, which has no default. */
export const PolicyDocument = z.strictObject({
  policy: z.string().min(1).max(253).describe('Name by which triggers ask for it'),
  preset: Preset.optional(),
  ...PolicyFields.shape,
  maxReplicas: PolicyFields.shape.maxReplicas.unwrap(),
});
export type PolicyDocument = z.infer<typeof PolicyDocument>;

export interface ReadPolicy {
  /** Undefined when anything is wrong. */
  readonly value: PolicyFields | undefined;
  readonly issues: readonly Issue[];
}

/** Reads one policy document; the rules across fields are checked of whatever fields are right by themselves. */
export function readPolicy(document: unknown): ReadPolicy {
  const parsed = PolicyDocument.safeParse(document);
  const rules = policyIssues(rightFields(document), presetOf(document));
  if (!parsed.success)
    return { value: undefined, issues: [...zodIssues(parsed.error, PolicyDocument, document), ...rules] };
  if (rules.some((issue) => issue.severity === 'error')) return { value: undefined, issues: rules };
  const { policy: _, preset, ...fields } = parsed.data;
  return { value: withPreset(preset, fields), issues: rules };
}

function presetOf(document: unknown): Preset | undefined {
  const given = typeof document === 'object' && document !== null && 'preset' in document;
  return given ? Preset.safeParse(document.preset).data : undefined;
}

/** The fields of `value` that are right by themselves. */
function rightFields(value: unknown): PolicyFields {
  if (typeof value !== 'object' || value === null) return {};
  const given = new Map(Object.entries(value));
  const fields = Object.entries(PolicyFields.shape).flatMap(([key, schema]) => {
    const parsed = given.has(key) ? schema.safeParse(given.get(key)) : undefined;
    return parsed?.success ? [[key, parsed.data] as const] : [];
  });
  return Object.fromEntries(fields);
}

/** The rules across the fields of a whole policy, its preset's among them: contradictions are errors, traps are warnings. */
export function policyIssues(given: PolicyFields, preset?: Preset): readonly Issue[] {
  const fields = withPreset(preset, given);
  return [
    ...replicaIssues(fields),
    ...groupIssues(fields),
    ...delayIssues(fields, given),
    ...zeroIssues(fields, given),
    ...idleIssues(given),
    ...arrivalIssues(given, fields),
  ];
}

/** minReplicas <= initialReplicas <= maxReplicas, and nothing about a limit that is not given. */
export function replicaIssues({ minReplicas, maxReplicas, initialReplicas }: PolicyFields): readonly Issue[] {
  const issues: Issue[] = [];
  if (minReplicas !== undefined && maxReplicas !== undefined && minReplicas > maxReplicas) {
    issues.push(errorAt(['minReplicas'], `must be at most maxReplicas (${maxReplicas}), was ${minReplicas}`));
  }
  if (initialReplicas === undefined) return issues;
  if (initialReplicas < (minReplicas ?? 1)) {
    issues.push(
      errorAt(
        ['initialReplicas'],
        `must be at least minReplicas (${minReplicas ?? 1}), was ${initialReplicas}`,
      ),
    );
  }
  if (maxReplicas !== undefined && initialReplicas > maxReplicas) {
    issues.push(
      errorAt(['initialReplicas'], `must be at most maxReplicas (${maxReplicas}), was ${initialReplicas}`),
    );
  }
  return issues;
}

/** What the fields of one group say of each other. */
export function groupIssues({ signals, burst, buffer, coldStart }: PolicyFields): readonly Issue[] {
  const issues: Issue[] = [];
  const only = signals?.only;
  if (only !== undefined && only !== 'ongoing' && signals?.[only] === undefined) {
    issues.push(errorAt(['signals', 'only'], `must name a signal that is configured here, was "${only}"`));
  }
  if (buffer?.min !== undefined && buffer.max !== undefined && buffer.min > buffer.max) {
    issues.push(errorAt(['buffer', 'min'], `must be at most buffer.max (${buffer.max}), was ${buffer.min}`));
  }
  if (coldStart?.default !== undefined && coldStart.max !== undefined && coldStart.default > coldStart.max) {
    const max = formatDuration(coldStart.max);
    issues.push(
      errorAt(
        ['coldStart', 'default'],
        `must be at most coldStart.max (${max}), was ${formatDuration(coldStart.default)}`,
      ),
    );
  }
  if (burst !== undefined && burst.threshold === undefined) {
    issues.push(
      errorAt(
        ['burst', 'threshold'],
        'must be a number greater than 0, was missing (without it there is no burst)',
      ),
    );
  }
  return issues;
}

/**
 * A delay shorter than the look-back window ends before the average has seen what started it, so the wish flips on
 * the way (Ray Serve's users met it as ray-project/ray#26455).
 */
function delayIssues(fields: PolicyFields, given: PolicyFields): readonly Issue[] {
  const { lookBackPeriod, aggregation, ...policy } = resolvePolicy(fields);
  if (aggregation === 'last' || fields.signals?.only === 'arrivalRate') return [];
  return (['upscaleDelay', 'downscaleDelay'] as const)
    .filter((key) => policy[key] < lookBackPeriod)
    .map((key) => {
      const path = given[key] === undefined ? ['lookBackPeriod'] : [key];
      const window = `lookBackPeriod (${formatDuration(lookBackPeriod)})`;
      return warningAt(
        path,
        `${key} (${formatDuration(policy[key])}) is shorter than ${window}: the average lags behind the delay`,
      );
    });
}

/** Falling to zero sooner than a replica starts makes every pause in traffic a cold start. */
function zeroIssues(fields: PolicyFields, given: PolicyFields): readonly Issue[] {
  const { minReplicas, downscaleToZeroDelay, coldStart } = resolvePolicy(fields);
  if (minReplicas > 0 && fields.downscaleToZeroDelay !== undefined) {
    return [
      warningAt(
        ['downscaleToZeroDelay'],
        `has no effect while minReplicas is ${minReplicas}: zero is never reached`,
      ),
    ];
  }
  if (minReplicas > 0 || downscaleToZeroDelay >= coldStart.default) return [];
  const path = ['downscaleToZeroDelay', 'downscaleDelay', 'minReplicas']
    .filter((key) => key in given)
    .slice(0, 1);
  const [delay, start] = [formatDuration(downscaleToZeroDelay), formatDuration(coldStart.default)];
  return [
    warningAt(
      path,
      `zero is reached after ${delay}, sooner than a cold start takes (coldStart.default ${start})`,
    ),
  ];
}

/** Fields that are given and change nothing. */
function idleIssues(fields: PolicyFields): readonly Issue[] {
  const issues: Issue[] = [];
  const { smoothingFactor, upscalingFactor, downscalingFactor, landing } = fields;
  if (smoothingFactor !== undefined && upscalingFactor !== undefined && downscalingFactor !== undefined) {
    issues.push(warningAt(['smoothingFactor'], 'has no effect beside upscalingFactor and downscalingFactor'));
  }
  if (landing?.roundUp === true && (landing.tolerance ?? 0) === 0) {
    issues.push(
      warningAt(
        ['landing', 'roundUp'],
        'has no effect while landing.tolerance is 0: there is no band to round out of',
      ),
    );
  }
  return issues;
}

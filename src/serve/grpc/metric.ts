import type { Role } from '../../core/fleet.ts';
import { shown } from '../../core/problem.ts';
import { ScalerError } from '../../core/scaler-error.ts';
import type { GetMetricSpecResponse, GetMetricsResponse } from './messages.ts';

/** Names are URL path segments of the external metrics API and are not normalised by KEDA: only [a-z0-9-]. */
const METRIC_NAMES = {
  replicas: 'bellwether-replicas',
  buffer: 'bellwether-buffer',
} as const satisfies Record<Role, string>;

const SPECS = { replicas: specOf('replicas'), buffer: specOf('buffer') } as const;

/**
 * What GetMetricSpec and StreamMetricSpec answer: one metric with a target of 1, so that under AverageValue the value is
 * the replica count itself. It never changes: KEDA rebuilds the HPA's target only when it reconciles.
 */
export function metricSpec(role: Role): GetMetricSpecResponse {
  return SPECS[role];
}

function specOf(role: Role): GetMetricSpecResponse {
  return { metricSpecs: [{ metricName: METRIC_NAMES[role], targetSize: 1, targetSizeFloat: 1 }] };
}

/** Why the fleet has no metric called `asked`, or null if it has. KEDA strips its `sN-` prefix; other callers may not. */
export function unknownMetric(role: Role, asked: string): ScalerError | null {
  const ours = METRIC_NAMES[role];
  if (asked === ours || (asked.endsWith(ours) && /^s\d+-$/.test(asked.slice(0, -ours.length)))) return null;
  const was = asked === '' ? 'missing' : shown(asked);
  return new ScalerError(
    'invalid',
    `metricName: must be "${ours}" for a trigger of role ${role}, was ${was}`,
  );
}

/**
 * Exactly one value, under the name asked for: the HPA sums what it gets. Both fields are set, for KEDA reads the integer
 * where the float is not above 0. KEDA would make a silent 0 of NaN or a negative number, so neither leaves this house.
 */
export function metricValue(asked: string, replicas: number): GetMetricsResponse | ScalerError {
  if (!Number.isSafeInteger(replicas) || replicas < 0) {
    return new ScalerError('internal', `replicas: must be a whole number from 0 on, was ${replicas}`);
  }
  return { metricValues: [{ metricName: asked, metricValue: replicas, metricValueFloat: replicas }] };
}

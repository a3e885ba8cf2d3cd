import type { AutoscalerFacts } from '../../core/cluster-facts.ts';
import type { HpaSpec, Quantity, ScalingPolicy, ScalingRules } from '../../core/hpa-spec.ts';
import { countAt, isObject, type Json, listAt, metaOf, objectAt, textAt } from './objects.ts';
import { oneLine } from './pod.ts';
import { type TargetRef, targetRefOf } from './scaled-object.ts';

/** An HPA, and what it scales. */
export interface Autoscaler {
  readonly namespace: string;
  readonly facts: AutoscalerFacts;
  readonly target: TargetRef;
}

export function readAutoscaler(object: unknown): Autoscaler {
  const { namespace, name } = metaOf(object);
  const spec = objectAt(object, 'spec');
  const status = objectAt(object, 'status');
  return {
    namespace,
    target: targetRefOf(objectAt(spec, 'scaleTargetRef')),
    facts: {
      name,
      spec: specOf(spec),
      currentReplicas: countAt(status, 'currentReplicas'),
      desiredReplicas: countAt(status, 'desiredReplicas'),
      stopped: stoppedBy(listAt(status, 'conditions')),
    },
  };
}

function specOf(spec: Json): HpaSpec {
  const behavior = isObject(spec.behavior) ? spec.behavior : null;
  return {
    minReplicas: countAt(spec, 'minReplicas') ?? 1,
    maxReplicas: countAt(spec, 'maxReplicas') ?? Number.MAX_SAFE_INTEGER,
    behavior: behavior && { scaleUp: rulesOf(behavior.scaleUp), scaleDown: rulesOf(behavior.scaleDown) },
  };
}

function rulesOf(value: unknown): ScalingRules | null {
  if (!isObject(value)) return null;
  const select = textAt(value, 'selectPolicy');
  const policies = listAt(value, 'policies').flatMap(policyOf);
  const { tolerance } = value;
  return {
    stabilizationWindowSeconds: countAt(value, 'stabilizationWindowSeconds'),
    selectPolicy: select === 'Min' || select === 'Disabled' ? select : 'Max',
    policies: policies.length === 0 ? null : policies,
    tolerance: isQuantity(tolerance) ? tolerance : null,
  };
}

function policyOf(value: unknown): ScalingPolicy[] {
  const type = textAt(value, 'type');
  const [amount, periodSeconds] = [countAt(value, 'value'), countAt(value, 'periodSeconds')];
  if ((type !== 'Pods' && type !== 'Percent') || amount === null || periodSeconds === null) return [];
  return [{ type, value: amount, periodSeconds }];
}

function isQuantity(value: unknown): value is Quantity {
  return typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?m?$/.test(value));
}

/** At zero KEDA owns the target, and ScalingDisabled is how it should be. */
function stoppedBy(conditions: readonly unknown[]): string | null {
  for (const condition of conditions) {
    const type = textAt(condition, 'type');
    if (type !== 'ScalingActive' && type !== 'AbleToScale') continue;
    const reason = textAt(condition, 'reason');
    if (textAt(condition, 'status') !== 'False' || reason === 'ScalingDisabled') continue;
    return oneLine(`${reason}: ${textAt(condition, 'message')}`);
  }
  return null;
}

import { countAt, isObject, listAt, metaOf, objectAt, textAt, textsOf } from './objects.ts';

/** What a ScaledObject or an HPA scales. */
export interface TargetRef {
  /** As written, `Deployment` where the reference names none. */
  readonly kind: string;
  readonly name: string;
  /** `apps/v1`. */
  readonly apiVersion: string;
  /** The plural that KEDA found out, '' before it did. */
  readonly resource: string;
}

/** As much of a ScaledObject as is used. */
export interface ScaledObject {
  readonly namespace: string;
  readonly name: string;
  readonly target: TargetRef;
  /** Name of the HPA that KEDA makes of it. */
  readonly hpa: string;
  /** ms. */
  readonly cooldownPeriod: number;
  readonly triggers: readonly Trigger[];
}

export interface Trigger {
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export function readScaledObject(object: unknown): ScaledObject {
  const { namespace, name } = metaOf(object);
  const spec = objectAt(object, 'spec');
  const status = objectAt(object, 'status');
  const config = objectAt(objectAt(spec, 'advanced'), 'horizontalPodAutoscalerConfig');
  return {
    namespace,
    name,
    target: targetRefOf(
      objectAt(spec, 'scaleTargetRef'),
      textAt(objectAt(status, 'scaleTargetGVKR'), 'resource'),
    ),
    hpa: textAt(status, 'hpaName') || textAt(config, 'name') || `keda-hpa-${name}`,
    cooldownPeriod: (countAt(spec, 'cooldownPeriod') ?? 300) * 1000,
    triggers: listAt(spec, 'triggers')
      .filter(isObject)
      .map((trigger) => ({
        type: textAt(trigger, 'type'),
        metadata: textsOf(objectAt(trigger, 'metadata')),
      })),
  };
}

export function targetRefOf(ref: unknown, resource = ''): TargetRef {
  return {
    kind: textAt(ref, 'kind') || 'Deployment',
    name: textAt(ref, 'name'),
    apiVersion: textAt(ref, 'apiVersion') || 'apps/v1',
    resource,
  };
}

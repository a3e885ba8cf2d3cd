import { z } from 'zod';
import { PolicyFields } from '../core/policy.ts';

/** A policy field as a trigger names it: `burst.threshold`, with how its text becomes a value. */
export interface PolicyKey {
  readonly path: readonly string[];
  readonly schema: z.core.$ZodType;
  readonly kind: 'number' | 'boolean' | 'text';
}

/** Keys of our own. */
export const OUR_KEYS = [
  'model',
  'policy',
  'calendar',
  'role',
  'fleet',
  'scaleTarget',
  'matchLabels',
  'advisoryAnswer',
] as const;

/**
 * What KEDA reads, or once read, from the same metadata; it sends the whole map on
 * (kedacore/keda pkg/scalers/external_scaler.go).
 */
export const KEDA_KEYS: ReadonlySet<string> = new Set([
  'scalerAddress',
  'enableTLS',
  'unsafeSsl',
  'tlsCertFile',
  'caCert',
  'tlsClientCert',
  'tlsClientKey',
  'metricName',
  'metricType',
]);

/** Every policy field that metadata may override: all but `signals` (PromQL stays the operator's) and `calendar` (a key of its own). */
export const POLICY_KEYS: ReadonlyMap<string, PolicyKey> = new Map(
  Object.entries(PolicyFields.shape)
    .filter(([name]) => name !== 'signals' && name !== 'calendar')
    .flatMap(([name, schema]) => leaves([name], schema)),
);

function leaves(path: readonly string[], schema: z.core.$ZodType): readonly (readonly [string, PolicyKey])[] {
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.core.$ZodType) : schema;
  if (inner instanceof z.ZodObject) {
    return Object.entries<z.core.$ZodType>(inner.shape).flatMap(([key, child]) =>
      leaves([...path, key], child),
    );
  }
  const kind = inner instanceof z.ZodNumber ? 'number' : inner instanceof z.ZodBoolean ? 'boolean' : 'text';
  return [[path.join('.'), { path, schema: inner, kind }]];
}

export const ALL_KEYS: readonly string[] = [...OUR_KEYS, ...POLICY_KEYS.keys()];

import type { AnsweredFleet, Answering } from '../../control/scaler.ts';
import { shown } from '../../core/problem.ts';
import { ScalerError } from '../../core/scaler-error.ts';
import type { ScaledObjectRef } from './messages.ts';

/** At once where it is known by heart, which is the hot path. */
export type MaybeLater<T> = T | Promise<T>;

/** Goes on with what is there, or once it is. */
export function andThen<T, U>(value: MaybeLater<T>, next: (value: T) => MaybeLater<U>): MaybeLater<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** DNS subdomain of RFC 1123, which is what Kubernetes allows for names; at most 253 characters. */
const KUBERNETES_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** The fleet that a ScaledObjectRef off the wire describes, or why there is none. */
export function fleetOf(
  scaler: Answering,
  ref: ScaledObjectRef | null,
): MaybeLater<AnsweredFleet | ScalerError> {
  if (!ref) return new ScalerError('invalid', 'scaledObjectRef: must be given, was missing');
  if (!KUBERNETES_NAME.test(ref.namespace)) return badName('namespace', ref.namespace);
  if (!KUBERNETES_NAME.test(ref.name)) return badName('name', ref.name);
  return scaler.resolve({ namespace: ref.namespace, name: ref.name, metadata: ref.scalerMetadata });
}

function badName(field: 'namespace' | 'name', value: string): ScalerError {
  const was = value === '' ? 'empty' : shown(value);
  return new ScalerError('invalid', `${field}: must be a Kubernetes name (a-z, 0-9, "-", "."), was ${was}`);
}

import type { handleUnaryCall } from '@grpc/grpc-js';
import { ScalerError } from '../../core/scaler-error.ts';
import type { CallContext } from './context.ts';
import type { GetMetricSpecResponse, ScaledObjectRef } from './messages.ts';
import { metricSpec } from './metric.ts';
import { andThen, fleetOf } from './trigger.ts';
import { unary } from './unary.ts';

/** Answers at once for every valid trigger, data or no data: without a spec the ScaledObject never becomes Ready. */
export function getMetricSpec(context: CallContext): handleUnaryCall<ScaledObjectRef, GetMetricSpecResponse> {
  return unary(context, 'GetMetricSpec', (ref) => {
    return andThen(fleetOf(context.scaler, ref), (fleet) =>
      fleet instanceof ScalerError ? fleet : metricSpec(fleet.config.id.role),
    );
  });
}

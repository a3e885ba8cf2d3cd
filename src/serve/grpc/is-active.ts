import type { handleUnaryCall } from '@grpc/grpc-js';
import type { Answer } from '../../control/scaler.ts';
import { ScalerError } from '../../core/scaler-error.ts';
import { activity, currentAnswer, unknown } from './answers.ts';
import type { CallContext } from './context.ts';
import type { IsActiveResponse, ScaledObjectRef } from './messages.ts';
import { andThen, fleetOf } from './trigger.ts';
import { unary } from './unary.ts';

/**
 * Whether the same Snapshot that GetMetrics reads asks for more than zero replicas. It waits for a first decision as
 * GetMetrics does: behind a headless Service KEDA may ask this process for one and another for the other.
 */
export function isActive(context: CallContext): handleUnaryCall<ScaledObjectRef, IsActiveResponse> {
  return unary(context, 'IsActive', (ref) => {
    return andThen(fleetOf(context.scaler, ref), (fleet) => {
      if (fleet instanceof ScalerError) return fleet;
      return andThen(currentAnswer(context.scaler, fleet, context.settleMs), response);
    });
  });
}

function response(answer: Answer): IsActiveResponse | ScalerError {
  const active = activity(answer);
  return active === null ? unknown(answer) : { result: active };
}

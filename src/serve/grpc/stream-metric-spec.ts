import type { handleServerStreamingCall } from '@grpc/grpc-js';
import type { CallContext } from './context.ts';
import type { GetMetricSpecResponse, ScaledObjectRef } from './messages.ts';
import { metricSpec } from './metric.ts';
import { streaming } from './streaming.ts';

/** The spec once at open, then silence: it never changes, and KEDA reconciles the ScaledObject on every message. */
export function streamMetricSpec(
  context: CallContext,
): handleServerStreamingCall<ScaledObjectRef, GetMetricSpecResponse> {
  return streaming(context, 'StreamMetricSpec', (call, fleet) => {
    call.write(metricSpec(fleet.config.id.role));
    return () => {};
  });
}

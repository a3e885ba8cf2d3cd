import type { handleUnaryCall } from '@grpc/grpc-js';
import type { Answer } from '../../control/scaler.ts';
import { ScalerError } from '../../core/scaler-error.ts';
import { currentAnswer, unknown } from './answers.ts';
import type { CallContext } from './context.ts';
import type { GetMetricsRequest, GetMetricsResponse } from './messages.ts';
import { metricValue, unknownMetric } from './metric.ts';
import { andThen, fleetOf } from './trigger.ts';
import { unary } from './unary.ts';

/** How many replicas. A fleet that is held answers by value; UNAVAILABLE only while nothing is known. */
export function getMetrics(context: CallContext): handleUnaryCall<GetMetricsRequest, GetMetricsResponse> {
  return unary(context, 'GetMetrics', ({ scaledObjectRef, metricName }) => {
    return andThen(fleetOf(context.scaler, scaledObjectRef), (fleet) => {
      if (fleet instanceof ScalerError) return fleet;
      const wrongName = unknownMetric(fleet.config.id.role, metricName);
      if (wrongName) return wrongName;
      const answer = currentAnswer(context.scaler, fleet, context.settleMs);
      return andThen(answer, (known) => response(metricName, known));
    });
  });
}

function response(metricName: string, answer: Answer): GetMetricsResponse | ScalerError {
  return answer.replicas === null ? unknown(answer) : metricValue(metricName, answer.replicas);
}

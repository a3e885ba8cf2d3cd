import { type handleUnaryCall, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { ScalerError } from '../../core/scaler-error.ts';
import type { CallContext } from './context.ts';
import { toCallStatus } from './status.ts';

type Outcome<Response> = Response | ScalerError;

/**
 * A unary handler out of a function from request to response. Errors are values; whatever is thrown is ours to mend, so it
 * is logged here, once, and answered as INTERNAL. Synchronous answers stay synchronous: that is the hot path.
 */
export function unary<Request, Response extends object>(
  context: CallContext,
  method: string,
  handle: (request: Request) => Outcome<Response> | Promise<Outcome<Response>>,
): handleUnaryCall<Request, Response> {
  function reply(
    call: ServerUnaryCall<Request, Response>,
    callback: sendUnaryData<Response>,
    outcome: Outcome<Response>,
  ): void {
    if (!(outcome instanceof ScalerError)) {
      context.ended(method, call.cancelled ? status.CANCELLED : status.OK);
      callback(null, outcome);
      return;
    }
    if (outcome.code === 'internal')
      context.log.error({ err: outcome, cause: outcome.cause, method }, 'call failed');
    const callStatus = toCallStatus(outcome);
    context.ended(method, call.cancelled ? status.CANCELLED : callStatus.code);
    callback(callStatus);
  }

  return (call, callback) => {
    let outcome: Outcome<Response> | Promise<Outcome<Response>>;
    try {
      outcome = handle(call.request);
    } catch (thrown) {
      outcome = ScalerError.from(thrown);
    }
    if (!(outcome instanceof Promise)) {
      reply(call, callback, outcome);
      return;
    }
    outcome.catch(ScalerError.from).then((settled) => reply(call, callback, settled));
  };
}

import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import type { AnsweredFleet } from '../../control/scaler.ts';
import { ScalerError } from '../../core/scaler-error.ts';
import type { CallContext } from './context.ts';
import type { ScaledObjectRef } from './messages.ts';
import { toCallStatus } from './status.ts';
import { fleetOf, type MaybeLater } from './trigger.ts';

/**
 * A stream handler out of a function that starts sending and returns how to stop. A stream stays open until the client
 * leaves or the server drains; only a trigger that is wrong ends it with an error.
 */
export function streaming<Message>(
  context: CallContext,
  method: string,
  start: (call: ServerWritableStream<ScaledObjectRef, Message>, fleet: AnsweredFleet) => () => void,
): handleServerStreamingCall<ScaledObjectRef, Message> {
  function refuse(call: ServerWritableStream<ScaledObjectRef, Message>, error: ScalerError): void {
    if (error.code === 'internal')
      context.log.error({ err: error, cause: error.cause, method }, 'call failed');
    const callStatus = toCallStatus(error);
    context.ended(method, callStatus.code);
    call.emit('error', callStatus);
  }

  function open(call: ServerWritableStream<ScaledObjectRef, Message>, fleet: AnsweredFleet): void {
    let stop: (() => void) | null = null;
    let over = false;
    const adopted = context.streams.adopt(call, (code) => {
      over = true;
      stop?.();
      context.ended(method, code);
    });
    if (adopted && !over) stop = start(call, fleet);
  }

  return (call) => {
    let fleet: MaybeLater<AnsweredFleet | ScalerError>;
    try {
      fleet = fleetOf(context.scaler, call.request);
    } catch (thrown) {
      fleet = ScalerError.from(thrown);
    }
    const goOn = (known: AnsweredFleet | ScalerError): void =>
      known instanceof ScalerError ? refuse(call, known) : open(call, known);
    if (fleet instanceof Promise) void fleet.catch(ScalerError.from).then(goOn);
    else goOn(fleet);
  };
}

import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import type { Answer } from '../../control/scaler.ts';
import { activity } from './answers.ts';
import type { CallContext } from './context.ts';
import type { IsActiveResponse, ScaledObjectRef } from './messages.ts';
import { streaming } from './streaming.ts';

/**
 * How often `true` is said again while it stays true, by the decisions' own instants. Seldom, for KEDA patches the status
 * at each; not never, for KEDA drops a push that comes while its list of our metrics is incomplete.
 */
export const REASSERT_MS = 30_000;
/** Multiples of it, without their whole part, lie evenly between 0 and 1 however many there are. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

type ActivityStream = ServerWritableStream<ScaledObjectRef, IsActiveResponse>;

/**
 * Pushes the state at open, `true` whenever the fleet turns active, and `true` again every REASSERT_MS; the first time sooner, by a
 * share of that which differs from stream to stream, for KEDA opens all of them when it starts. It does not push a
 * change to inactive: KEDA leaves that to its poll loop and its cooldownPeriod, ignores the message since 2.18, and before
 * that obeyed it over the heads of the other triggers. While nothing is known it says nothing.
 */
export function streamIsActive(
  context: CallContext,
): handleServerStreamingCall<ScaledObjectRef, IsActiveResponse> {
  let opened = 0;
  return streaming(context, 'StreamIsActive', (call: ActivityStream, fleet) => {
    const sooner = ((opened++ * GOLDEN) % 1) * REASSERT_MS;
    const pushes = latestOnly(call);
    let active: boolean | null = null;
    let assertedAt = Number.NEGATIVE_INFINITY;

    function observe(answer: Answer): void {
      const now = activity(answer);
      if (now === null) return;
      if (!now) pushes.withdraw();
      const at = answer.at ?? assertedAt;
      const turned = active !== true;
      if (now && (turned || at - assertedAt >= REASSERT_MS)) {
        assertedAt = turned ? at - sooner : at;
        pushes.send(true);
      }
      active = now;
    }

    const first = context.scaler.answer(fleet);
    if (activity(first) === false) pushes.send(false);
    observe(first);
    return context.scaler.subscribe(fleet, observe);
  });
}

interface Pushes {
  send(result: boolean): void;
  /** Takes back what waits to be written. */
  withdraw(): void;
}

/**
 * Writes one message at a time and remembers only the newest of those that came meanwhile: a reader that is slow, or
 * gone without a word, costs one flag and no queue, and never gets to read what is no longer true.
 */
function latestOnly(call: ActivityStream): Pushes {
  let writing = false;
  let owed: boolean | null = null;

  function write(result: boolean): void {
    if (!call.writable) return;
    writing = true;
    call.write({ result }, () => {
      writing = false;
      const next = owed;
      owed = null;
      if (next !== null) write(next);
    });
  }

  return {
    send(result) {
      if (writing) owed = result;
      else write(result);
    },
    withdraw() {
      owed = null;
    },
  };
}

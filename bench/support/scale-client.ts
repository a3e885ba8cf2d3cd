/**
 * `scale-client.ts ADDRESS CALLS_PER_SECOND`: KEDA's calls of bench/scale.ts, in a process of its own so that what it makes and collects does
 * not stop the clock of its calls. Registers all fleets and says 'ready'; from 'poll' on it calls at a constant rate whatever the
 * answers take, and answers 'stop' with the calls. Plain HTTP/2 with requests written ahead: a client of grpc-js takes as long
 * for a call as the server, on the same two cores. Ends with its parent.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { abreast, PlainCalls } from '../../test/support/plain-calls.ts';
import { SCALE, scaleRef } from './scale-world.ts';

export interface Call {
  /** Epoch ms at which it was sent. */
  readonly at: number;
  /** Infinite for one that failed. */
  readonly ms: number;
}

/** What 'stop' is answered with. */
export interface Polled {
  readonly calls: readonly Call[];
  /** How long this process itself stood still at most, ms: a call may have waited for that too. */
  readonly blocked: number;
}

const [address = '', callsPerSecond = '0'] = process.argv.slice(2);
const plain = new PlainCalls(address, 'GetMetrics');
const requests = Array.from({ length: SCALE.fleets }, (_, index) =>
  plain.write({ scaledObjectRef: scaleRef(index), metricName: 'bellwether-replicas' }),
);

function getMetrics(fleet: number): Promise<boolean> {
  return plain.call(requests[fleet] ?? Buffer.alloc(0));
}

/** One after the other, as 10,000 triggers that are polled on their own come. */
function poll(calls: Call[]): () => void {
  const began = performance.now();
  let sent = 0;
  let next = 0;
  const send = (): void => {
    const started = performance.now();
    const at = Date.now();
    next = (next + 7) % SCALE.fleets;
    void getMetrics(next).then((ok) =>
      calls.push({ at, ms: ok ? performance.now() - started : Number.POSITIVE_INFINITY }),
    );
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1_000) * Number(callsPerSecond);
    for (; sent < due; sent++) send();
  }, 5);
  return () => clearInterval(timer);
}

// Before the first cycle nothing is known of a fleet: UNAVAILABLE, but registered.
await abreast(SCALE.fleets, 64, getMetrics);
const calls: Call[] = [];
const delay = monitorEventLoopDelay({ resolution: 1 });
let stop = (): void => {};
process.on('message', (message) => {
  if (message === 'poll') {
    delay.enable();
    stop = poll(calls);
  } else if (message === 'stop') {
    stop();
    const polled: Polled = { calls, blocked: delay.max / 1e6 };
    process.send?.(polled);
  }
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

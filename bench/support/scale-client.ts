/**
 * `scale-client.ts ADDRESS STREAMS CALLS_PER_SECOND`: KEDA's side of bench/scale.ts, in a process of its own so that what it makes and collects does not stop
 * the clock of its calls. Registers all fleets, opens streams, and says 'ready'; from 'poll' on it calls at a constant rate
 * whatever the answers take, and answers 'stop' with the calls. Ends with its parent.
 */
import { setMaxListeners } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { KedaClient } from '../../test/support/keda-client.ts';
import { SCALE, scaleRef } from './scale-world.ts';

export interface Call {
  /** Epoch ms at which it was sent. */
  readonly at: number;
  readonly ms: number;
}

/** What 'stop' is answered with. */
export interface Polled {
  readonly calls: readonly Call[];
  /** How long this process itself stood still at most, ms: a call may have waited for that too. */
  readonly blocked: number;
}

const METRIC = 'bellwether-replicas';
const [address = '', streams = '0', callsPerSecond = '0'] = process.argv.slice(2);
const keda = new KedaClient(address);

async function register(): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < SCALE.fleets) {
      // Before the first cycle nothing is known of a fleet: UNAVAILABLE, but registered.
      await keda.getMetrics(scaleRef(next++), METRIC).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
}

function openStreams(): void {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const sleep = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_000));
  for (let stream = 0; stream < Number(streams); stream++)
    void keda.followActivity(scaleRef(stream), { onMessage: () => {}, sleep, signal });
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
    keda.getMetrics(scaleRef(next), METRIC).then(
      () => calls.push({ at, ms: performance.now() - started }),
      () => calls.push({ at, ms: Number.POSITIVE_INFINITY }),
    );
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1_000) * Number(callsPerSecond);
    for (; sent < due; sent++) send();
  }, 10);
  return () => clearInterval(timer);
}

await register();
openStreams();
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

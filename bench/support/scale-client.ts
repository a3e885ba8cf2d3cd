/**
 * `scale-client.ts ADDRESS CALLS_PER_SECOND`: KEDA's calls of bench/scale.ts, in a process of its own so that what it makes and collects does
 * not stop the clock of its calls. Registers all fleets and says 'ready'; from 'poll' on it calls at a constant rate whatever the
 * answers take, and answers 'stop' with the calls. Plain HTTP/2 with requests written ahead: a client of grpc-js takes as long
 * for a call as the server, on the same two cores. Ends with its parent.
 */
import { once } from 'node:events';
import { type ClientHttp2Stream, connect } from 'node:http2';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loadExternalScaler } from '../../src/serve/grpc/proto.ts';
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

const METHOD = loadExternalScaler().GetMetrics;
const HEADERS = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };
const [address = '', callsPerSecond = '0'] = process.argv.slice(2);
const session = connect(`http://${address}`);

/** The request of each fleet: a byte that says it is not compressed, its length, and the message. */
const requests = Array.from({ length: SCALE.fleets }, (_, index) => {
  const request = { scaledObjectRef: scaleRef(index), metricName: 'bellwether-replicas' };
  const message = METHOD?.requestSerialize(request) ?? Buffer.alloc(0);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
});

/** Whether it was answered with OK. */
function getMetrics(fleet: number): Promise<boolean> {
  const call: ClientHttp2Stream = session.request({ ...HEADERS, ':path': METHOD?.path ?? '' });
  return new Promise((resolve) => {
    let ok = false;
    const read = (headers: Readonly<Record<string, unknown>>): void => {
      ok = String(headers['grpc-status']) === '0';
    };
    // An answer without a message has its status in front.
    call
      .on('response', read)
      .on('trailers', read)
      .on('error', () => {});
    call.resume().once('close', () => resolve(ok));
    call.end(requests[fleet]);
  });
}

async function register(): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    // Before the first cycle nothing is known of a fleet: UNAVAILABLE, but registered.
    while (next < SCALE.fleets) await getMetrics(next++);
  };
  await Promise.all(Array.from({ length: 64 }, worker));
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

await once(session, 'connect');
await register();
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

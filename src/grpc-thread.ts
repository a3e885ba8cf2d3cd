import { parentPort } from 'node:worker_threads';
import { ScalerError } from './core/scaler-error.ts';
import { createLog, type LogLevel } from './log.ts';
import { type GrpcServer, startGrpcServer } from './serve/grpc/server.ts';
import { type FromThread, refusalOf, type ThreadData, type ToThread } from './serve/grpc/thread/messages.ts';
import { RemoteScaler } from './serve/grpc/thread/remote-scaler.ts';

/** The thread that answers KEDA: the gRPC server, over answers that the thread of the fleets sends. */
const post = (message: FromThread, transfer: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, [...transfer]);
const scaler = new RemoteScaler(post);
let calls = new Map<string, number>();
let server: GrpcServer | null = null;

parentPort?.on('message', (message: ToThread) => {
  if (message.kind === 'start') void start(message.data);
  else if (message.kind === 'count') tellCount(message.call);
  else if (message.kind === 'drain') void server?.drain().then(() => tellCount(message.call));
  else scaler.take(message);
});

function tellCount(call: number): void {
  post({ kind: 'counted', call, calls });
  calls = new Map();
}

async function start({ address, tls, limits, logLevel }: ThreadData): Promise<void> {
  const destination = { write: (line: string) => post({ kind: 'log', line }) };
  try {
    server = await startGrpcServer({
      scaler,
      address,
      log: createLog({ level: logLevel as LogLevel, destination }),
      onCall(method, code) {
        const call = `${method} ${code}`;
        calls.set(call, (calls.get(call) ?? 0) + 1);
      },
      ...(tls && { tls }),
      ...(limits && { limits }),
    });
    post({ kind: 'serving', port: server.port, address: server.address });
  } catch (thrown) {
    post({ kind: 'failed', refusal: refusalOf(ScalerError.from(thrown)) });
  }
}

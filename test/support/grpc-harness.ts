import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { Logger } from 'pino';
import { onTestFinished } from 'vitest';
import type { Answer } from '../../src/control/scaler.ts';
import { createLog } from '../../src/log.ts';
import { type GrpcServer, type GrpcServerOptions, startGrpcServer } from '../../src/serve/grpc/server.ts';
import { type FakeScaler, fakeScaler } from './fake-scaler.ts';
import { aRef, KedaClient } from './keda-client.ts';

export interface CapturedLog {
  readonly log: Logger;
  readonly lines: Record<string, unknown>[];
}

/** The real logger, its lines kept as objects. */
export function captureLog(): CapturedLog {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()));
      done();
    },
  });
  return { log: createLog({ level: 'debug', destination }), lines };
}

export interface Wire extends CapturedLog {
  readonly scaler: FakeScaler;
  readonly server: GrpcServer;
  readonly keda: KedaClient;
  /** `METHOD CODE` of each call that the server counted. */
  readonly calls: string[];
}

/** The real server on a free port of 127.0.0.1 with a client on it; both are closed when the test ends. */
export async function aWire(
  options: Partial<GrpcServerOptions> & { scaler?: FakeScaler } = {},
): Promise<Wire> {
  const captured = captureLog();
  const scaler = options.scaler ?? fakeScaler();
  const calls: string[] = [];
  const server = await startGrpcServer({
    address: '127.0.0.1:0',
    log: captured.log,
    onCall: (method, code) => calls.push(`${method} ${code}`),
    ...options,
    scaler,
    limits: { graceMs: 300, ...options.limits },
  });
  const keda = new KedaClient(server.address);
  onTestFinished(async () => {
    keda.close();
    await server.drain();
  });
  return { ...captured, scaler, server, keda, calls };
}

/** A call for a fleet that nobody has decided yet: it runs until `settle`. */
export async function aRunningCall({
  scaler,
  keda,
}: {
  readonly scaler: FakeScaler;
  readonly keda: KedaClient;
}) {
  let settle: (answer: Answer) => void = () => {};
  scaler.settle(new Promise((resolve) => (settle = resolve)));
  const call = keda.getMetrics(aRef());
  await until(() => scaler.waited === 1, 'the call to wait');
  return { call, settle };
}

/** Waits until `condition` holds; fails after 20 s with what was waited for. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited 20 s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export interface Proxy {
  readonly address: string;
  /** Resets every connection. */
  cut(): void;
  /** Forwards nothing any more, in either direction, and closes nothing: a node that vanished. */
  freeze(): void;
}

/** A TCP proxy to `port` of 127.0.0.1 that can fail as networks do; closed when the test ends. */
export async function aProxy(port: number): Promise<Proxy> {
  const sockets: Socket[] = [];
  const server = createServer((inbound) => {
    const outbound = connect(port, '127.0.0.1');
    for (const socket of [inbound, outbound]) {
      sockets.push(socket);
      socket.on('error', () => {});
    }
    inbound.pipe(outbound).pipe(inbound);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}

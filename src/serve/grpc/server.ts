import { isIPv6 } from 'node:net';
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Answering } from '../../control/scaler.ts';
import { ScalerError } from '../../core/scaler-error.ts';
import type { CallContext } from './context.ts';
import { getMetricSpec } from './get-metric-spec.ts';
import { getMetrics } from './get-metrics.ts';
import { addHealth } from './health.ts';
import { isActive } from './is-active.ts';
import { listen } from './listener.ts';
import { OpenStreams } from './open-streams.ts';
import { loadExternalScaler } from './proto.ts';
import { statusName } from './status.ts';
import { streamIsActive } from './stream-is-active.ts';
import { streamMetricSpec } from './stream-metric-spec.ts';
import type { TlsFiles } from './tls-files.ts';

export interface GrpcLimits {
  /** Open streams of all clients together; KEDA holds two for each external-push trigger. */
  readonly streams: number;
  readonly connections: number;
  /** Largest request, bytes. A ScaledObject's metadata is a few hundred. Headers are bounded to 64 KiB by Node itself. */
  readonly receiveBytes: number;
  /** A connection is pinged this often, and cut when it does not answer in time: KEDA itself never pings. */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  /** How long a unary call may wait for a fleet's first decision. */
  readonly settleMs: number;
  /** How long a stop waits for calls before it cuts the connections. */
  readonly graceMs: number;
  readonly tlsRefreshMs: number;
}

export const DEFAULT_LIMITS: GrpcLimits = {
  streams: 20_000,
  connections: 1_000,
  receiveBytes: 64 * 1024,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  settleMs: 1_500,
  graceMs: 5_000,
  tlsRefreshMs: 10_000,
};

/** Calls that one connection may hold beside the streams. At HTTP/2's limit grpc-go waits instead of failing. */
const CALLS_BESIDE_STREAMS = 1_000;

export interface GrpcServerOptions {
  readonly scaler: Answering;
  /** `host:port`, `[::]:port`; port 0 takes a free one. */
  readonly address: string;
  /** Folder of externalscaler.proto; default the package's own. */
  readonly protoDir?: string;
  readonly tls?: TlsFiles;
  readonly log: Logger;
  /** Told of each ended call with the name of its status, `OK`, `INVALID_ARGUMENT`, … */
  readonly onCall?: (method: string, code: string) => void;
  readonly limits?: Partial<GrpcLimits>;
}

export interface GrpcServer {
  readonly port: number;
  /** `host:port` with the port that was taken. */
  readonly address: string;
  /** What grpc.health.v1 says; serving from the start. */
  setServing(serving: boolean): void;
  /** Graceful stop: NOT_SERVING, streams end with OK, running calls finish, at most `graceMs`. Never rejects. */
  drain(): Promise<void>;
}

/** Serves KEDA's external scaler contract. Rejects with ScalerError when the address or the TLS files are no good. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { host, port } = splitAddress(options.address);
  const streams = new OpenStreams(limits.streams);
  const server = new Server(serverOptions(limits));
  const context: CallContext = {
    scaler: options.scaler,
    log: options.log,
    streams,
    settleMs: limits.settleMs,
    ended: (method, code) => options.onCall?.(method, statusName(code)),
  };
  server.addService(loadExternalScaler(options.protoDir), handlers(context));
  const health = addHealth(server, streams);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = await listen({
    host,
    port,
    tls: options.tls,
    tlsRefreshMs: limits.tlsRefreshMs,
    maxConnections: limits.connections,
    log: options.log,
    accept: (socket) => injector.injectConnection(socket),
  });

  async function stop(): Promise<void> {
    health.setServing(false);
    const left = listener.close();
    streams.endAll();
    // Newer versions of Node tell grpc-js that its server is closed while calls still run on its connections.
    const finished = await within(limits.graceMs, (done) => server.tryShutdown(() => void left.then(done)));
    if (finished) return;
    options.log.warn(
      { graceMs: limits.graceMs, streams: streams.size },
      'calls still open, connections are cut',
    );
    server.forceShutdown();
    // grpc-js forgets its connections when channelz is off; the listener does not.
    listener.destroy();
  }

  let stopping: Promise<void> | null = null;
  return {
    port: listener.port,
    address: `${isIPv6(host) ? `[${host}]` : host}:${listener.port}`,
    setServing: (serving) => health.setServing(serving),
    drain() {
      stopping ??= stop();
      return stopping;
    },
  };
}

function serverOptions(limits: GrpcLimits) {
  return {
    'grpc.max_receive_message_length': limits.receiveBytes,
    'grpc.max_concurrent_streams': limits.streams + CALLS_BESIDE_STREAMS,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    // Bookkeeping for a debugging service that is not served.
    'grpc.enable_channelz': 0,
  };
}

function handlers(context: CallContext): UntypedServiceImplementation {
  return {
    IsActive: isActive(context),
    StreamIsActive: streamIsActive(context),
    GetMetricSpec: getMetricSpec(context),
    GetMetrics: getMetrics(context),
    StreamMetricSpec: streamMetricSpec(context),
  };
}

function splitAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || port > 65_535) {
    throw new ScalerError('invalid', `listen.grpc: must be "host:port", was ${JSON.stringify(address)}`);
  }
  return { host, port };
}

/** True if `start` called its callback within `ms`. */
async function within(ms: number, start: (done: () => void) => void): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const done = new Promise<boolean>((resolve) => start(() => resolve(true)));
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

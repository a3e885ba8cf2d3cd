import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Logger } from 'pino';
import { ScalerError } from '../../core/scaler-error.ts';
import { hasExpired, readTlsFiles, sameMaterial, type TlsFiles, type TlsMaterial } from './tls-files.ts';

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  /** How often the TLS files are looked at, ms. */
  readonly tlsRefreshMs: number;
  readonly maxConnections: number;
  readonly log: Logger;
  /** Takes each connection that is ready for HTTP/2. */
  readonly accept: (socket: Socket) => void;
}

/**
 * The listening socket. It is ours and not grpc-js's, which hides its own: so certificates rotate through Node's public
 * API with the last good ones kept, a refused handshake is logged with its reason, connections are bounded, and a forced
 * stop reaches all of them.
 */
export interface Listener {
  readonly port: number;
  /** No new connections; those that are open stay. Resolves once none is. */
  close(): Promise<void>;
  /** Cuts every connection. */
  destroy(): void;
}

export async function listen(options: ListenerOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = options.tls
    ? await tlsServer(options, options.tls)
    : createServer({ noDelay: true }, options.accept);
  server.maxConnections = options.maxConnections;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A peer that resets its connection is no event of ours; without a listener it would end the process.
    socket.on('error', () => {});
  });
  server.on('drop', (peer) => {
    options.log.warn(
      { peer: peer?.remoteAddress, maxConnections: options.maxConnections },
      'connection refused: too many are open',
    );
  });
  const port = await bound(server, options);
  return {
    port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
    destroy: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function bound(server: Server, { host, port, log }: ListenerOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `listen.grpc: must be an address that can be bound, was ${host}:${port} (${cause.code ?? cause.message})`;
      reject(new ScalerError('invalid', message, { cause }));
    });
    server.listen({ host, port }, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', (err) => log.error({ err }, 'listening socket failed'));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

async function tlsServer(options: ListenerOptions, files: TlsFiles): Promise<TlsServer> {
  const { log } = options;
  const first = await readTlsFiles(files);
  tellCertificate(log, first, 'TLS certificate loaded');
  const mutual = files.clientCaFile !== undefined;
  const server = createTlsServer({
    ...first.options,
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
    requestCert: mutual,
    rejectUnauthorized: mutual,
    handshakeTimeout: 10_000,
    noDelay: true,
  });
  const { shown, stop } = rotate(server, files, first, options);
  server.once('close', stop);
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {});
    options.accept(socket);
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    // Node cuts a client whose certificate it refuses with a plain "socket hang up"; why stands on the socket.
    const refusal: unknown = socket.authorizationError;
    const code = refusal ? String(refusal) : error.code;
    const reason = handshakeReason(code ?? '', error.message, shown());
    const fields = { peer: socket.remoteAddress, code, reason };
    // A peer that just leaves is mostly a TCP probe, which comes every few seconds.
    if (code === 'ECONNRESET') log.debug(fields, 'TLS handshake not finished');
    else log.warn(fields, 'TLS handshake refused');
  });
  return server;
}

function tellCertificate(log: Logger, material: TlsMaterial, what: string): void {
  const { subject, names, validTo } = material;
  if (hasExpired(material))
    log.error({ subject, names, validTo }, `${what}, which has expired: clients refuse it`);
  else log.info({ subject, names, validTo }, what);
}

/**
 * Why a handshake failed, with what to do about the cases that KEDA's users meet. A client in Go says "bad certificate" of
 * every certificate that it refuses, so all that may be wrong with the `shown` one is told.
 */
export function handshakeReason(code: string, message: string, shown: TlsMaterial): string {
  if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') {
    return 'the client sent no certificate: KEDA takes tlsClientCert and tlsClientKey from a TriggerAuthentication only, never from trigger metadata';
  }
  if (code === 'ERR_SSL_HTTP_REQUEST' || code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return 'the client spoke without TLS: set enableTLS, or caCert in a TriggerAuthentication';
  }
  if (/_ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_)/.test(code)) {
    if (hasExpired(shown)) return `the client refused our certificate, which has expired (${shown.validTo})`;
    return `the client refused our certificate: the host of scalerAddress must be one of its names (${shown.names || 'it has none'}), and KEDA takes its CA as caCert in a TriggerAuthentication`;
  }
  if (code === 'CERT_HAS_EXPIRED') return "the client's certificate has expired";
  if (/^(UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CERT_|INVALID_)/.test(code)) {
    return `the client's certificate is not of clientCaFile (${code})`;
  }
  return message;
}

/**
 * Looks at the files every `tlsRefreshMs` (reading beats watching: a mounted Secret swaps a symlink) and gives changed ones
 * to new handshakes; connections that are open stay as they are. Files that do not fit together, as in the middle of a
 * rotation, change nothing and are said once.
 */
function rotate(
  server: TlsServer,
  files: TlsFiles,
  first: TlsMaterial,
  options: ListenerOptions,
): { shown(): TlsMaterial; stop(): void } {
  const { log } = options;
  let current = first;
  let complaint = '';
  async function look(): Promise<void> {
    try {
      const read = await readTlsFiles(files);
      complaint = '';
      if (sameMaterial(read, current)) return;
      server.setSecureContext({ ...read.options, minVersion: 'TLSv1.2' });
      current = read;
      tellCertificate(log, read, 'TLS certificate rotated');
    } catch (thrown) {
      const reason = ScalerError.from(thrown).message;
      if (reason !== complaint) log.error({ reason }, 'TLS files refused, the last good ones stay');
      complaint = reason;
    }
  }
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    look().finally(() => {
      busy = false;
    });
  }, options.tlsRefreshMs);
  timer.unref();
  return { shown: () => current, stop: () => clearInterval(timer) };
}

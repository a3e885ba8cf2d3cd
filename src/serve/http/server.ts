import type { Server } from 'node:http';
import { isIP } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Scaler } from '../../control/scaler.ts';
import { ScalerError } from '../../core/scaler-error.ts';
import { createApp } from './app.ts';
import { loadAssets } from './assets.ts';
import { bearerToken } from './bearer.ts';
import type { Log } from './log.ts';

export interface HttpServerOptions {
  readonly scaler: Scaler;
  /** The scaler's own metrics as Prometheus text. */
  readonly metricsText: () => Promise<string>;
  /** `host:port`, `[::]:8080` or `:8080`; port 0 takes a free one. */
  readonly address: string;
  /** Holds the token that closes everything but the probes. */
  readonly bearerTokenFile?: string | undefined;
  readonly log: Log;
  /** The scaler's clock, epoch ms; the demo's is virtual. */
  readonly now?: () => number;
}

export interface HttpServer {
  readonly port: number;
  /** Stops listening, lets running answers end for a second, then cuts. */
  close(): Promise<void>;
}

const GRACE = 1_000;

/** Serves explain, the page, metrics and probes. Rejects when the address is taken or the token file has no token. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { scaler, metricsText, address, bearerTokenFile, log, now = Date.now } = options;
  const token = bearerTokenFile === undefined ? undefined : await bearerToken(bearerTokenFile, log);
  const app = createApp({ scaler, metricsText, assets: loadAssets(), now, token, log });
  // Without createServer options this is always node:http's own server.
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  server.requestTimeout = 10_000;
  server.headersTimeout = 5_000;
  server.keepAliveTimeout = 65_000;
  const port = await listen(server, parseAddress(address));
  return { port, close: () => close(server) };
}

interface Address {
  readonly host: string | undefined;
  readonly port: number;
}

/** Host and port of `host:port`; an empty host is every interface. Throws on anything else. */
export function parseAddress(address: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  const [, v6, host] = match ?? [];
  if (!match || port > 65_535 || (v6 !== undefined && isIP(v6) !== 6)) {
    throw new ScalerError('invalid', `listen.http: must be host:port, was ${JSON.stringify(address)}`);
  }
  return { host: v6 ?? (host === '' ? undefined : host), port };
}

function listen(server: Server, { host, port }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException): void => {
      const where = `${host ?? ''}:${port} (${cause.code ?? cause.message})`;
      reject(
        new ScalerError('invalid', `listen.http: must be an address that can be bound, was ${where}`, {
          cause,
        }),
      );
    };
    server.once('error', refuse);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', refuse);
      const bound = server.address();
      resolve(bound !== null && typeof bound === 'object' ? bound.port : port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    const cut = setTimeout(() => server.closeAllConnections(), GRACE);
    server.close((error) => {
      clearTimeout(cut);
      if (error) reject(error);
      else resolve();
    });
    server.closeIdleConnections();
  });
}

import { Agent } from 'undici';
import { type WatchedFile, watchedFile } from './watched-file.ts';

/** How to reach and convince a server; secrets only by file (contract 2). Durations in ms. */
export interface HttpAccessOptions {
  readonly timeout: number;
  readonly bearerTokenFile?: string | undefined;
  readonly basicAuth?: { readonly username: string; readonly passwordFile: string } | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Connections at most; null: as many as are asked for at once. Default: as a cycle has built-in queries. */
  readonly connections?: number | null | undefined;
}

/** Connections and headers of one server, renewed when the files behind them change. */
export interface HttpAccess {
  /** Rejects with a system error when a file cannot be read. */
  prepare(): Promise<{ readonly agent: Agent; readonly headers: Readonly<Record<string, string>> }>;
  close(): Promise<void>;
}

const CONNECTIONS = 8;

export function createHttpAccess(options: HttpAccessOptions): HttpAccess {
  const token = optionalFile(options.bearerTokenFile);
  const password = optionalFile(options.basicAuth?.passwordFile);
  const pems = [options.caFile, options.certFile, options.keyFile].map(optionalFile);
  let agent: Agent | undefined;
  let agentPems: readonly (string | undefined)[] = [];

  async function currentAgent(): Promise<Agent> {
    const now = await Promise.all(pems.map((file) => file?.read()));
    if (agent && now.every((pem, index) => pem === agentPems[index])) return agent;
    // The old agent finishes what is under way; nobody waits for it.
    void agent?.close().catch(() => undefined);
    agentPems = now;
    agent = newAgent(options, now);
    return agent;
  }

  return {
    async prepare() {
      const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
      if (token) headers.authorization = `Bearer ${(await token.read()).trim()}`;
      if (password && options.basicAuth) {
        const pair = `${options.basicAuth.username}:${(await password.read()).replace(/\r?\n$/, '')}`;
        headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
      }
      return { agent: await currentAgent(), headers };
    },
    async close() {
      await agent?.destroy();
    },
  };
}

function newAgent(options: HttpAccessOptions, [ca, cert, key]: readonly (string | undefined)[]): Agent {
  return new Agent({
    connections: options.connections === undefined ? CONNECTIONS : options.connections,
    connect: {
      timeout: options.timeout,
      rejectUnauthorized: options.insecureSkipVerify !== true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  });
}

function optionalFile(path: string | undefined): WatchedFile | undefined {
  return path === undefined ? undefined : watchedFile(path);
}

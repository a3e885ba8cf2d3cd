import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Agent } from 'undici';
import { createHttpAccess } from '../http-access.ts';

/** Where the API server is, and how it is convinced. */
export interface Credentials {
  /** Without a trailing slash. */
  readonly server: string;
  /** What says so in logs: `the pod's service account`, the kubeconfig's path. */
  readonly origin: string;
  /** For the next request; tokens and certificates that changed are read again. Rejects when they cannot be read. */
  prepare(): Promise<{ readonly agent: Agent; readonly headers: Readonly<Record<string, string>> }>;
  /** The server no longer takes what prepare() gave (401): get anew what was kept. */
  renew(): void;
  close(): Promise<void>;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const CONNECT_TIMEOUT = 10_000;

/**
 * What a pod knows of its cluster; null outside of one, and in a pod that was given no token
 * (`automountServiceAccountToken: false`). The token is read again when the kubelet has renewed it.
 */
export function inClusterCredentials(env: NodeJS.ProcessEnv, folder = SERVICE_ACCOUNT): Credentials | null {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port || !existsSync(`${folder}/token`)) return null;
  const access = createHttpAccess({
    timeout: CONNECT_TIMEOUT,
    // Each watch keeps one.
    connections: null,
    caFile: `${folder}/ca.crt`,
    bearerTokenFile: `${folder}/token`,
  });
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    origin: "the pod's service account",
    prepare: () => access.prepare(),
    renew() {},
    close: () => access.close(),
  };
}

/** KubeConfig as far as it is used here; the library's own types lead to all of its generated API. */
interface KubeConfig {
  loadFromString(text: string): void;
  makePathsAbsolute(folder: string): void;
  loadFromDefault(): void;
  getCurrentCluster(): {
    readonly server: string;
    readonly skipTLSVerify?: boolean;
    readonly tlsServerName?: string;
  } | null;
  applyToHTTPSOptions(options: HttpsOptions): Promise<void>;
}

/** What applyToHTTPSOptions fills in. */
interface HttpsOptions {
  headers?: Record<string, string>;
  ca?: Buffer | string;
  cert?: Buffer | string;
  key?: Buffer | string;
  auth?: string;
  servername?: string;
  rejectUnauthorized?: boolean;
}

/** How long what a kubeconfig gave is used before it is asked again: exec plugins are processes. */
const KEPT_FOR = 60_000;

/**
 * A kubeconfig's current context: `file`, or where kubectl looks. Exec plugins, OIDC and client certificates work as
 * they do there, by `@kubernetes/client-node`, which is loaded here and nowhere else. Rejects when it cannot be read.
 */
export async function kubeconfigCredentials(
  file: string | undefined,
  now: () => number,
): Promise<Credentials> {
  const load = async (): Promise<KubeConfig> => {
    const { KubeConfig: Loader } = await import('@kubernetes/client-node');
    const config: KubeConfig = new Loader();
    if (file === undefined) config.loadFromDefault();
    else {
      config.loadFromString(await readFile(file, 'utf8'));
      config.makePathsAbsolute(folderOf(file));
    }
    return config;
  };
  const first = await load();
  const cluster = first.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig has no current context');
  if (cluster.server.startsWith('http:') && cluster.skipTLSVerify !== true)
    throw new Error('an http:// server needs insecure-skip-tls-verify: true in the kubeconfig');
  let config: KubeConfig | null = first;
  let kept: Prepared | null = null;
  return {
    server: cluster.server.replace(/\/+$/, ''),
    origin: file ?? 'the default kubeconfig',
    async prepare() {
      if (kept !== null && now() < kept.until) return kept;
      config ??= await load();
      kept = await preparedFrom(config, kept, now() + KEPT_FOR);
      return kept;
    },
    renew() {
      config = null;
      if (kept !== null) kept = { ...kept, until: 0 };
    },
    async close() {
      await kept?.agent.destroy();
    },
  };
}

interface Prepared {
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
  /** What the agent was made of; the same again keeps its connections. */
  readonly tls: string;
  readonly until: number;
}

async function preparedFrom(config: KubeConfig, before: Prepared | null, until: number): Promise<Prepared> {
  const cluster = config.getCurrentCluster();
  const options: HttpsOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const connect = {
    timeout: CONNECT_TIMEOUT,
    rejectUnauthorized: cluster?.skipTLSVerify !== true && options.rejectUnauthorized !== false,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(cluster?.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
  };
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
  if (options.auth !== undefined)
    headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const tls = JSON.stringify(connect, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
  if (before !== null && before.tls === tls) return { ...before, headers, until };
  // What is under way ends by itself; nobody waits for it.
  void before?.agent.close().catch(() => undefined);
  return { agent: new Agent({ connect }), headers, tls, until };
}

function folderOf(file: string): string {
  const slash = file.lastIndexOf('/');
  return slash === -1 ? '.' : file.slice(0, slash + 1);
}

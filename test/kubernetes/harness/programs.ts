import { join } from 'node:path';
import { connect } from 'node:tls';
import { freePort } from '../../support/prometheus.ts';
import type { KubeApi } from './api.ts';
import type { BuiltFiles } from './build.ts';
import type { ClusterFiles } from './cluster-files.ts';
import { aProgram, type Program } from './processes.ts';

export interface Tuning {
  /** How often the HPA controller looks; default 2 s. A cluster's default is 15 s; the rules are the same. */
  readonly hpaSyncMs?: number;
  /** Calls per second that the controllers and KEDA may make of the API server; default theirs, 20. */
  readonly callsPerSecond?: number;
}

/** What a control plane is started from. */
export interface Plan {
  readonly files: BuiltFiles;
  readonly folder: string;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly cluster: ClusterFiles;
  readonly api: KubeApi;
  readonly tuning: Tuning;
}

const PORTS = [
  'etcd',
  'etcdPeer',
  'apiserver',
  'controllers',
  'scheduler',
  'kwok',
  'kedaMetrics',
  'kedaHealth',
  'kedaService',
  'adapter',
  'adapterMetrics',
] as const;
type PortName = (typeof PORTS)[number];

export async function freePorts(): Promise<Record<PortName, number>> {
  const ports = new Set<number>();
  while (ports.size < PORTS.length) ports.add(await freePort());
  const list = [...ports];
  return Object.fromEntries(PORTS.map((name, index) => [name, list[index]])) as Record<PortName, number>;
}

export function etcdProgram({ files, folder, ports }: Plan): Program {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return aProgram({
    name: 'etcd',
    file: fileNamed(files, 'etcd'),
    folder,
    args: [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--unsafe-no-fsync',
    ],
    ready: () => answersOk(`${client}/health`),
  });
}

export function apiserverProgram({ files, folder, ports, cluster, api }: Plan): Program {
  return aProgram({
    name: 'kube-apiserver',
    file: fileNamed(files, 'kube-apiserver'),
    folder,
    args: [
      `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
      `--secure-port=${ports.apiserver}`,
      '--bind-address=127.0.0.1',
      '--service-cluster-ip-range=10.96.0.0/16',
      `--tls-cert-file=${cluster.certFile}`,
      `--tls-private-key-file=${cluster.keyFile}`,
      `--client-ca-file=${cluster.caFile}`,
      `--token-auth-file=${cluster.tokenFile}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${cluster.serviceAccountKeyFile}`,
      `--service-account-signing-key-file=${cluster.serviceAccountKeyFile}`,
      // Aggregation: how KEDA's adapter, which serves the external metrics, is asked.
      `--requestheader-client-ca-file=${cluster.frontProxy.caFile}`,
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${cluster.frontProxy.certFile}`,
      `--proxy-client-key-file=${cluster.frontProxy.keyFile}`,
      '--authorization-mode=Node,RBAC',
      '--allow-privileged=true',
      '--shutdown-delay-duration=0s',
    ],
    ready: () => api.answers('/readyz'),
  });
}

export function controllerManager({ files, folder, ports, cluster, tuning }: Plan): Program {
  return aProgram({
    name: 'kube-controller-manager',
    file: fileNamed(files, 'kube-controller-manager'),
    folder,
    args: [
      ...kubeconfigs(cluster, 'kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'),
      `--service-account-private-key-file=${cluster.serviceAccountKeyFile}`,
      `--root-ca-file=${cluster.caFile}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.controllers}`,
      // Played nodes do not die, and kwok gives no pod its readiness back: late heartbeats must not look like it.
      '--node-monitor-grace-period=15m',
      `--horizontal-pod-autoscaler-sync-period=${tuning.hpaSyncMs ?? 2_000}ms`,
      ...callLimits(tuning),
    ],
    ready: () => listens(ports.controllers),
  });
}

export function scheduler({ files, folder, ports, cluster }: Plan): Program {
  return aProgram({
    name: 'kube-scheduler',
    file: fileNamed(files, 'kube-scheduler'),
    folder,
    args: [
      ...kubeconfigs(cluster, 'kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'),
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.scheduler}`,
    ],
    ready: () => listens(ports.scheduler),
  });
}

export function kwok({ files, folder, ports, cluster }: Plan): Program {
  return aProgram({
    name: 'kwok',
    file: fileNamed(files, 'kwok'),
    folder,
    args: [
      ...kubeconfigs(cluster, 'kubeconfig'),
      '--manage-all-nodes=true',
      '--node-lease-duration-seconds=40',
      `--server-address=127.0.0.1:${ports.kwok}`,
      `--config=${join(folder, 'stages.yaml')}`,
    ],
    ready: () => answersOk(`http://127.0.0.1:${ports.kwok}/healthz`),
  });
}

export function kedaOperator({ files, folder, ports, cluster, tuning }: Plan): Program {
  return aProgram({
    name: 'keda-operator',
    file: fileNamed(files, 'keda-operator'),
    folder,
    env: { WATCH_NAMESPACE: '', KEDA_CLUSTER_OBJECT_NAMESPACE: 'keda', POD_NAMESPACE: 'keda' },
    args: [
      ...kubeconfigs(cluster, 'kubeconfig'),
      '--leader-elect=false',
      `--metrics-bind-address=127.0.0.1:${ports.kedaMetrics}`,
      `--health-probe-bind-address=127.0.0.1:${ports.kedaHealth}`,
      `--metrics-service-bind-address=127.0.0.1:${ports.kedaService}`,
      '--enable-cert-rotation=false',
      `--cert-dir=${cluster.kedaFolder}`,
      '--enable-webhook-patching=false',
      '--enable-apiservice-patching=false',
      '--zap-log-level=info',
      ...callLimits(tuning),
    ],
    ready: () => answersOk(`http://127.0.0.1:${ports.kedaHealth}/readyz`),
  });
}

export function kedaAdapter({ files, folder, ports, cluster }: Plan): Program {
  return aProgram({
    name: 'keda-adapter',
    file: fileNamed(files, 'keda-adapter'),
    folder,
    env: { WATCH_NAMESPACE: '' },
    args: [
      ...kubeconfigs(
        cluster,
        'kubeconfig',
        'authentication-kubeconfig',
        'authorization-kubeconfig',
        'lister-kubeconfig',
      ),
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.adapter}`,
      `--cert-dir=${cluster.kedaFolder}`,
      `--tls-cert-file=${join(cluster.kedaFolder, 'tls.crt')}`,
      `--tls-private-key-file=${join(cluster.kedaFolder, 'tls.key')}`,
      // A name, since the operator's certificate is checked against it.
      `--metrics-service-address=localhost:${ports.kedaService}`,
      `--port=${ports.adapterMetrics}`,
    ],
    ready: () => listens(ports.adapter),
  });
}

function callLimits({ callsPerSecond }: Tuning): string[] {
  if (callsPerSecond === undefined) return [];
  return [`--kube-api-qps=${callsPerSecond}`, `--kube-api-burst=${2 * callsPerSecond}`];
}

function kubeconfigs({ kubeconfig }: ClusterFiles, ...flags: readonly string[]): string[] {
  return flags.map((flag) => `--${flag}=${kubeconfig}`);
}

export function fileNamed(files: BuiltFiles, name: string): string {
  const path = files.get(name);
  if (path === undefined) throw new Error(`${name} was not built`);
  return path;
}

async function answersOk(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
}

/** Its certificate is its own; any answer to a TLS hello will do. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    const done = (value: boolean) => () => {
      socket.destroy();
      resolve(value);
    };
    socket.once('secureConnect', done(true)).once('error', done(false));
  });
}

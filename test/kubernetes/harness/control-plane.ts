import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { parseAllDocuments } from 'yaml';
import { freePort } from '../../support/prometheus.ts';
import { KubeApi, type KubeObject } from './api.ts';
import type { BuiltFiles } from './build.ts';
import { type ClusterFiles, writeClusterFiles } from './cluster-files.ts';
import { aProgram, type Program, pause } from './processes.ts';

/** How often the HPA controller looks. A cluster's default is 15 s; the rules are the same. */
const HPA_SYNC_MS = 2_000;

export interface ControlPlane {
  readonly api: KubeApi;
  readonly apiserver: Program;
  /** The KEDA operator. */
  readonly keda: Program;
  /** Where the KEDA operator exports its own metrics. */
  readonly kedaMetrics: string;
  /** A kubeconfig with all rights. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/**
 * The control plane of a cluster without machines: API server, controllers (the HPA among them), scheduler and KEDA are the
 * real programs; nodes and pods are kwok's, which plays the kubelet.
 */
export async function startControlPlane(
  files: BuiltFiles,
  folder: string,
  hpaSyncMs = HPA_SYNC_MS,
): Promise<ControlPlane> {
  const ports = await freePorts();
  const url = `https://127.0.0.1:${ports.apiserver}`;
  const cluster = await writeClusterFiles(folder, url);
  await writeStages(files, folder);
  const api = new KubeApi({ url, ca: cluster.caPem, token: cluster.token });
  const plan: Plan = { files, folder, ports, cluster, api, hpaSyncMs };
  const [etcd, apiserver] = [etcdProgram(plan), apiserverProgram(plan)];
  const cores = [controllerManager(plan), scheduler(plan), kwok(plan)];
  const [keda, adapter] = [kedaOperator(plan), kedaAdapter(plan)];
  const all = [etcd, apiserver, ...cores, keda, adapter];
  const stop = async (): Promise<void> => {
    await api.close();
    // Those that ask first, then those that answer, so that nobody spends its grace on asking in vain.
    for (const program of [...all].reverse()) await program.stop(program === etcd ? 'SIGKILL' : 'SIGTERM');
  };
  try {
    await etcd.start();
    await apiserver.start();
    await Promise.all([...cores.map((program) => program.start()), installKeda(plan)]);
    await Promise.all([keda.start(), adapter.start()]);
    await until('the external metrics API', () => api.answers('/apis/external.metrics.k8s.io/v1beta1'));
  } catch (reason) {
    await stop();
    throw reason;
  }
  const kedaMetrics = `http://127.0.0.1:${ports.kedaMetrics}/metrics`;
  return { api, apiserver, keda, kedaMetrics, kubeconfig: cluster.kubeconfig, stop };
}

interface Plan {
  readonly files: BuiltFiles;
  readonly folder: string;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly cluster: ClusterFiles;
  readonly api: KubeApi;
  readonly hpaSyncMs: number;
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

async function freePorts(): Promise<Record<PortName, number>> {
  const ports = new Set<number>();
  while (ports.size < PORTS.length) ports.add(await freePort());
  const list = [...ports];
  return Object.fromEntries(PORTS.map((name, index) => [name, list[index]])) as Record<PortName, number>;
}

function etcdProgram({ files, folder, ports }: Plan): Program {
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

function apiserverProgram({ files, folder, ports, cluster, api }: Plan): Program {
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

function controllerManager({ files, folder, ports, cluster, hpaSyncMs }: Plan): Program {
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
      `--horizontal-pod-autoscaler-sync-period=${hpaSyncMs}ms`,
    ],
    ready: () => listens(ports.controllers),
  });
}

function scheduler({ files, folder, ports, cluster }: Plan): Program {
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

function kwok({ files, folder, ports, cluster }: Plan): Program {
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

function kedaOperator({ files, folder, ports, cluster }: Plan): Program {
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
    ],
    ready: () => answersOk(`http://127.0.0.1:${ports.kedaHealth}/readyz`),
  });
}

function kedaAdapter({ files, folder, ports, cluster }: Plan): Program {
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

/** KEDA's CRDs, and the way from the API server to its adapter, which is no pod: a Service that is a name. */
async function installKeda({ files, ports, api }: Plan): Promise<void> {
  const crds = await documentsIn(fileNamed(files, 'crds'));
  await api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'keda' } });
  for (const crd of crds) await api.apply(crd);
  const name = 'keda-metrics-apiserver';
  await api.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'keda' },
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port: ports.adapter }] },
  });
  await api.apply({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1beta1.external.metrics.k8s.io' },
    spec: {
      group: 'external.metrics.k8s.io',
      version: 'v1beta1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name, namespace: 'keda', port: ports.adapter },
    },
  });
}

/** kwok takes its stages as one file. */
async function writeStages(files: BuiltFiles, folder: string): Promise<void> {
  const stages = fileNamed(files, 'stages');
  const texts = await Promise.all(
    (await readdir(stages)).map((name) => readFile(join(stages, name), 'utf8')),
  );
  await writeFile(join(folder, 'stages.yaml'), texts.join('\n---\n'));
}

async function documentsIn(folder: string): Promise<readonly KubeObject[]> {
  const objects: KubeObject[] = [];
  for (const name of (await readdir(folder)).filter((file) => /^keda\.sh|^eventing/.test(file))) {
    const text = await readFile(join(folder, name), 'utf8');
    for (const document of parseAllDocuments(text)) objects.push(document.toJS() as KubeObject);
  }
  return objects;
}

function kubeconfigs({ kubeconfig }: ClusterFiles, ...flags: readonly string[]): string[] {
  return flags.map((flag) => `--${flag}=${kubeconfig}`);
}

function fileNamed(files: BuiltFiles, name: string): string {
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

/** Asks until it is so; rejects after `timeout` ms. */
export async function until(
  what: string,
  ask: () => Promise<boolean> | boolean,
  timeout = 150_000,
): Promise<void> {
  const deadline = Date.now() + timeout;
  while (
    !(await Promise.resolve()
      .then(ask)
      .catch(() => false))
  ) {
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${timeout / 1000} s`);
    await pause(100);
  }
}

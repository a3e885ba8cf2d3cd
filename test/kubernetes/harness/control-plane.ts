import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { KubeApi, type KubeObject } from './api.ts';
import type { BuiltFiles } from './build.ts';
import { writeClusterFiles } from './cluster-files.ts';
import { type Program, pause } from './processes.ts';
import {
  apiserverProgram,
  controllerManager,
  etcdProgram,
  fileNamed,
  freePorts,
  kedaAdapter,
  kedaOperator,
  kwok,
  type Plan,
  scheduler,
  type Tuning,
} from './programs.ts';

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
  tuning: Tuning = {},
): Promise<ControlPlane> {
  const ports = await freePorts();
  const url = `https://127.0.0.1:${ports.apiserver}`;
  const cluster = await writeClusterFiles(folder, url);
  await writeStages(files, folder);
  const api = new KubeApi({ url, ca: cluster.caPem, token: cluster.token });
  const plan: Plan = { files, folder, ports, cluster, api, tuning };
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

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Go modules of this project that pin, with go.sum, what the control plane is built from. */
export const GO_FOLDER = fileURLToPath(new URL('../go', import.meta.url));

export interface Binary {
  readonly file: string;
  /** Import path, or `./…` for a program of this project. */
  readonly package: string;
  readonly ldflags?: string;
}

/** Files of a module's source that its program needs at run time. */
export interface ModuleFiles {
  /** Folder in the cache that they are put into. */
  readonly folder: string;
  /** Paths inside the module; `*` stands for any part of a file's name. */
  readonly paths: readonly string[];
}

export interface Component {
  /** Folder under `test/kubernetes/go`. */
  readonly folder: string;
  readonly module: string;
  readonly version: string;
  readonly binaries: readonly Binary[];
  readonly files?: ModuleFiles;
}

export type KedaVersion = '2.20' | '2.21';

/** What a control plane with this KEDA is made of. Versions come from the modules' go.mod and are written nowhere else. */
export function componentsFor(keda: KedaVersion): readonly Component[] {
  return [etcd(), kwok(), kubernetes(), kedaOf(keda)];
}

function etcd(): Component {
  const module = 'go.etcd.io/etcd/server/v3';
  return {
    folder: 'etcd',
    module,
    version: versionIn('etcd', module),
    binaries: [{ file: 'etcd', package: module }],
  };
}

/** kwok plays kubelet; without stages it does nothing. */
function kwok(): Component {
  const module = 'sigs.k8s.io/kwok';
  return {
    folder: 'kwok',
    module,
    version: versionIn('kwok', module),
    binaries: [{ file: 'kwok', package: `${module}/cmd/kwok` }],
    files: {
      folder: 'stages',
      paths: [
        'kustomize/stage/node/fast/node-initialize.yaml',
        'kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml',
        'kustomize/stage/pod/general/pod-*.yaml',
      ],
    },
  };
}

/** The version is linked in: it decides which APIs and gates the server offers. */
function kubernetes(): Component {
  const module = 'k8s.io/kubernetes';
  const version = versionIn('kubernetes', module);
  const [major = '', minor = ''] = version.slice(1).split('.');
  const variable = 'k8s.io/component-base/version';
  const ldflags = [
    `-X ${variable}.gitVersion=${version}`,
    `-X ${variable}.gitMajor=${major}`,
    `-X ${variable}.gitMinor=${minor}`,
  ].join(' ');
  const programs = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
  return {
    folder: 'kubernetes',
    module,
    version,
    binaries: programs.map((file) => ({ file, package: `${module}/cmd/${file}`, ldflags })),
  };
}

function kedaOf(keda: KedaVersion): Component {
  const folder = `keda-${keda}`;
  const module = 'github.com/kedacore/keda/v2';
  const programs: readonly Binary[] = [
    { file: 'keda-operator', package: `${module}/cmd/operator` },
    { file: 'keda-adapter', package: `${module}/cmd/adapter` },
  ];
  return {
    folder,
    module,
    version: versionIn(folder, module),
    binaries: programs,
    files: { folder: 'crds', paths: ['config/crd/bases/*.yaml'] },
  };
}

/** KEDA's own client code in a program of ours. */
export function kedaClient(): Component {
  const { folder, module, version } = kedaOf('2.21');
  return { folder, module, version, binaries: [{ file: 'keda-client', package: './client' }] };
}

function versionIn(folder: string, module: string): string {
  const path = join(GO_FOLDER, folder, 'go.mod');
  const line = readFileSync(path, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`require ${module} `));
  const version = line?.split(' ')[2];
  if (version === undefined) throw new Error(`${path}: must require ${module} in a line of its own`);
  return version;
}

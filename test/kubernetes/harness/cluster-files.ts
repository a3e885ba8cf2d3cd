import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { anAuthority, type Certificate } from '../../support/certificates.ts';

/** Certificates, keys and tokens of one cluster, made for it. */
export interface ClusterFiles {
  readonly caPem: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly serviceAccountKeyFile: string;
  /** By which the API server tells KEDA's adapter who asks. */
  readonly frontProxy: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
  /** ca.crt, tls.crt and tls.key, which KEDA's operator and adapter show each other. */
  readonly kedaFolder: string;
  readonly token: string;
  readonly tokenFile: string;
  readonly kubeconfig: string;
}

export async function writeClusterFiles(folder: string, apiserver: string): Promise<ClusterFiles> {
  const [pki, kedaFolder] = [join(folder, 'pki'), join(folder, 'keda-certificates')];
  await mkdir(pki, { recursive: true });
  await mkdir(kedaFolder, { recursive: true });
  const [ca, front] = [anAuthority('cluster-ca'), anAuthority('front-proxy-ca')];
  const server = await writePair(join(pki, 'apiserver'), ca.issue('kube-apiserver'));
  const proxy = await writePair(join(pki, 'front-proxy'), front.issue('front-proxy-client'));
  const keda = ca.issue('localhost');
  const token = randomUUID();
  const files: ClusterFiles = {
    caPem: ca.cert,
    caFile: join(pki, 'ca.crt'),
    ...server,
    serviceAccountKeyFile: join(pki, 'service-accounts.key'),
    frontProxy: { caFile: join(pki, 'front-proxy-ca.crt'), ...proxy },
    kedaFolder,
    token,
    tokenFile: join(pki, 'tokens.csv'),
    kubeconfig: join(folder, 'kubeconfig'),
  };
  const texts: readonly (readonly [string, string])[] = [
    [files.caFile, ca.cert],
    [files.frontProxy.caFile, front.cert],
    [files.serviceAccountKeyFile, aPrivateKey()],
    [join(kedaFolder, 'ca.crt'), ca.cert],
    [join(kedaFolder, 'tls.crt'), keda.cert],
    [join(kedaFolder, 'tls.key'), keda.key],
    [files.tokenFile, `${token},admin,admin,"system:masters"\n`],
    [files.kubeconfig, kubeconfigOf(apiserver, files)],
  ];
  for (const [path, text] of texts) await writeFile(path, text, { mode: 0o600 });
  return files;
}

async function writePair(
  path: string,
  { cert, key }: Certificate,
): Promise<{ certFile: string; keyFile: string }> {
  const [certFile, keyFile] = [`${path}.crt`, `${path}.key`];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key, { mode: 0o600 });
  return { certFile, keyFile };
}

/** What the API server signs service accounts' tokens with. */
function aPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** JSON is YAML too. */
function kubeconfigOf(server: string, { caFile, token }: ClusterFiles): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'cluster', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'it', context: { cluster: 'cluster', user: 'admin' } }],
    'current-context': 'it',
  });
}

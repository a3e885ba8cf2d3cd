import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKubeApi } from '../../../src/ingest/kubernetes/api.ts';
import { inClusterCredentials, kubeconfigCredentials } from '../../../src/ingest/kubernetes/credentials.ts';
import { anAuthority } from '../../support/certificates.ts';

describe('credentials', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-kubernetes-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('are none outside of a pod', () => {
    expect(inClusterCredentials({})).toBeNull();
    expect(inClusterCredentials({ KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toBeNull();
  });

  it('are none in a pod without a token', () => {
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
    expect(inClusterCredentials(env, folder)).toBeNull();
  });

  it('write an IPv6 address as a URL has it', async () => {
    await writeFile(join(folder, 'token'), 'one');
    const credentials = inClusterCredentials(
      { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' },
      folder,
    );
    expect(credentials?.server).toBe('https://[fd00::1]:443');
    await credentials?.close();
  });

  it("of a pod are its token, read again when the kubelet renews it, and the cluster's own authority", async () => {
    const authority = anAuthority('cluster');
    const tokens: (string | undefined)[] = [];
    const server = createServer(authority.issue('kubernetes'), (request, response) => {
      tokens.push(request.headers.authorization);
      response.end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await writeFile(join(folder, 'ca.crt'), authority.cert);
    await writeFile(join(folder, 'token'), 'first\n');
    const { port } = server.address() as AddressInfo;
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) };
    const credentials = inClusterCredentials(env, folder);
    if (credentials === null) throw new Error('there are credentials');
    const api = createKubeApi(credentials);
    const signal = AbortSignal.timeout(20_000);
    expect(await api.get('/', {}, signal)).toEqual({ ok: true, value: {} });
    await writeFile(join(folder, 'token'), 'the second\n');
    expect(await api.get('/', {}, signal)).toMatchObject({ ok: true });
    expect(tokens).toEqual(['Bearer first', 'Bearer the second']);
    await writeFile(join(folder, 'ca.crt'), anAuthority('somebody else').cert);
    expect(await api.get('/', {}, signal)).toMatchObject({ ok: false, status: null });
    await api.close();
    server.closeAllConnections();
    server.close();
  });

  it('of a kubeconfig are those of its current context', async () => {
    const file = join(folder, 'config');
    await writeFile(
      file,
      `apiVersion: v1
kind: Config
current-context: b
clusters: [{name: one, cluster: {server: "https://one:6443/"}}, {name: two, cluster: {server: "https://two:6443/"}}]
users: [{name: u, user: {username: me, password: secret}}]
contexts: [{name: a, context: {cluster: one, user: u}}, {name: b, context: {cluster: two, user: u}}]
`,
    );
    const credentials = await kubeconfigCredentials(file, () => 0);
    expect(credentials.server).toBe('https://two:6443');
    const { headers } = await credentials.prepare();
    expect(headers.authorization).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`);
    await credentials.close();
  });

  it.each([
    ['no file', null, 'ENOENT'],
    ['no context', 'apiVersion: v1\nclusters: []\ncontexts: []\nusers: []\n', 'no current context'],
    [
      'http without a word that it is meant',
      'current-context: a\nclusters: [{name: c, cluster: {server: "http://x"}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {token: t}}]\n',
      'insecure-skip-tls-verify',
    ],
  ])('of a kubeconfig with %s cannot be had', async (_, text, words) => {
    const file = join(folder, 'config');
    if (text !== null) await writeFile(file, text);
    await expect(kubeconfigCredentials(file, () => 0)).rejects.toThrow(words);
  });
});

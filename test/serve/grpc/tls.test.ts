import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { credentials, status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { handshakeReason } from '../../../src/serve/grpc/listener.ts';
import { startGrpcServer } from '../../../src/serve/grpc/server.ts';
import type { TlsFiles } from '../../../src/serve/grpc/tls-files.ts';
import { type Authority, anAuthority, type Certificate } from '../../support/certificates.ts';
import { fakeScaler } from '../../support/fake-scaler.ts';
import { aWire, captureLog, until } from '../../support/grpc-harness.ts';
import { aRef, KedaClient } from '../../support/keda-client.ts';

const FAST = { tlsRefreshMs: 15 };

/** A folder as a mounted Secret is: files behind a symlink that `swap` turns to new content at once. */
async function aSecret(content: Record<string, string>) {
  const root = await mkdtemp(join(tmpdir(), 'bellwether-tls-'));
  onTestFinished(() => rm(root, { recursive: true }));
  let generation = 0;
  async function swap(next: Record<string, string>): Promise<void> {
    generation += 1;
    const folder = await mkdtemp(join(root, `..${generation}-`));
    for (const [name, text] of Object.entries(next)) await writeFile(join(folder, name), text);
    await symlink(folder, join(root, '..tmp'));
    await rename(join(root, '..tmp'), join(root, '..data'));
  }
  await swap(content);
  const file = (name: string) => join(root, '..data', name);
  return { swap, file };
}

function secretOf({ cert, key }: Certificate, ca?: Authority): Record<string, string> {
  return { 'tls.crt': cert, 'tls.key': key, ...(ca ? { 'ca.crt': ca.cert } : {}) };
}

function filesOf(secret: { file(name: string): string }, mutual: boolean): TlsFiles {
  const files = { certFile: secret.file('tls.crt'), keyFile: secret.file('tls.key') };
  return mutual ? { ...files, clientCaFile: secret.file('ca.crt') } : files;
}

/** KEDA with these CA and client certificate; `localhost` is what it verifies, as the host of scalerAddress. */
function kedaOver(address: string, ca: Authority, client?: Certificate): KedaClient {
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  const keda = new KedaClient(
    address.replace('127.0.0.1', 'localhost'),
    credentials.createSsl(Buffer.from(ca.cert), pem(client?.key), pem(client?.cert)),
  );
  onTestFinished(() => keda.close());
  return keda;
}

/** Common name of the certificate that a new connection is shown. */
function shownTo(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls(
      { port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false },
      () => {
        const { CN } = socket.getPeerCertificate().subject;
        socket.destroy();
        resolve(String(CN));
      },
    );
    socket.on('error', reject);
  });
}

describe('TLS', () => {
  it('serves calls and streams to a client that trusts the CA', async () => {
    const ca = anAuthority('ca');
    const secret = await aSecret(secretOf(ca.issue('bellwether')));
    const { server, lines } = await aWire({ tls: filesOf(secret, false) });
    const keda = kedaOver(server.address, ca);
    expect((await keda.evaluate(aRef())).active).toBe(true);
    const heard: unknown[] = [];
    const stream = keda.stream('StreamIsActive', aRef());
    stream.on('data', (message) => heard.push(message));
    await until(() => heard.length === 1, 'the state at open');
    const end = new Promise<{ code: number }>((resolve) => stream.on('status', resolve));
    await server.drain();
    expect((await end).code).toBe(status.OK);
    expect(lines).toMatchObject([{ level: 'info', msg: 'TLS certificate loaded', subject: 'CN=bellwether' }]);
  });

  it('is refused by a client that trusts another CA, which is no error of ours', async () => {
    const secret = await aSecret(secretOf(anAuthority('ca').issue('bellwether')));
    const { server, lines } = await aWire({ tls: filesOf(secret, false) });
    await expect(kedaOver(server.address, anAuthority('other')).isActive(aRef())).rejects.toMatchObject({
      code: status.UNAVAILABLE,
    });
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('is refused by a client that calls it by another name', async () => {
    const ca = anAuthority('ca');
    const secret = await aSecret(secretOf(ca.issue('bellwether', undefined, 'elsewhere')));
    const { server, lines } = await aWire({ tls: filesOf(secret, false) });
    await expect(kedaOver(server.address, ca).isActive(aRef())).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining('DNS:elsewhere'),
    });
    expect(lines[0]).toMatchObject({ level: 'info', names: 'DNS:elsewhere' });
  });

  it('says at once that its own certificate has expired', async () => {
    const ca = anAuthority('ca');
    const secret = await aSecret(secretOf(ca.issue('bellwether', new Date(Date.now() - 60_000))));
    const { lines } = await aWire({ tls: filesOf(secret, false) });
    expect(lines[0]).toMatchObject({
      level: 'error',
      msg: 'TLS certificate loaded, which has expired: clients refuse it',
    });
  });

  it('does not answer plaintext, tells the log what the client lacks, and goes on', async () => {
    const ca = anAuthority('ca');
    const secret = await aSecret(secretOf(ca.issue('bellwether')));
    const { server, keda, lines } = await aWire({ tls: filesOf(secret, false) });
    await expect(keda.isActive(aRef())).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await until(() => lines.length > 1, 'the log line');
    expect(lines[1]).toMatchObject({ level: 'warn', msg: 'TLS handshake refused', peer: '127.0.0.1' });
    expect(String(lines[1]?.reason)).toContain('set enableTLS');
    expect(await kedaOver(server.address, ca).isActive(aRef())).toEqual({ result: true });
  });

  it('refuses a connection that does not speak HTTP/2', async () => {
    const secret = await aSecret(secretOf(anAuthority('ca').issue('bellwether')));
    const { server, lines } = await aWire({ tls: filesOf(secret, false) });
    const socket = connectTls({
      port: server.port,
      host: '127.0.0.1',
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: false,
    });
    await new Promise((resolve) => socket.on('error', resolve));
    await until(() => lines.length > 1, 'the log line');
    expect(lines[1]).toMatchObject({ msg: 'TLS handshake refused' });
  });
});

describe('mTLS', () => {
  it('serves a client whose certificate is of clientCaFile', async () => {
    const ca = anAuthority('ca');
    const secret = await aSecret(secretOf(ca.issue('bellwether'), ca));
    const { server } = await aWire({ tls: filesOf(secret, true) });
    expect((await kedaOver(server.address, ca, ca.issue('keda')).evaluate(aRef())).active).toBe(true);
  });

  it.each([
    { what: 'no certificate', client: () => undefined, reason: 'TriggerAuthentication' },
    { what: 'one of another CA', client: () => anAuthority('other').issue('keda'), reason: 'clientCaFile' },
    {
      what: 'one that has expired',
      client: (ca: Authority) => ca.issue('keda', new Date(Date.now() - 60_000)),
      reason: 'expired',
    },
  ])('refuses a client with $what, and the log says what to do', async ({ client, reason }) => {
    const ca = anAuthority('ca');
    const secret = await aSecret(secretOf(ca.issue('bellwether'), ca));
    const { server, lines, scaler } = await aWire({ tls: filesOf(secret, true) });
    await expect(kedaOver(server.address, ca, client(ca)).isActive(aRef())).rejects.toMatchObject({
      code: status.UNAVAILABLE,
    });
    await until(() => lines.length > 1, 'the log line');
    expect(lines[1]).toMatchObject({ level: 'warn', msg: 'TLS handshake refused' });
    expect(String(lines[1]?.reason)).toContain(reason);
    expect(scaler.resolved).toEqual([]);
  });
});

describe('rotation', () => {
  it('shows new connections the new certificate while calls and streams of old ones go on', async () => {
    const [oldCa, newCa] = [anAuthority('old-ca'), anAuthority('new-ca')];
    const secret = await aSecret(secretOf(oldCa.issue('old'), oldCa));
    const { server, lines } = await aWire({ tls: filesOf(secret, true), limits: FAST });
    const keda = kedaOver(server.address, oldCa, oldCa.issue('keda'));
    const stream = keda.stream('StreamIsActive', aRef());
    const ends: unknown[] = [];
    stream.on('data', () => {});
    stream.on('error', (error) => ends.push(error));
    let running = true;
    let calls = 0;
    const load = (async () => {
      for (; running; calls += 1) await keda.evaluate(aRef());
    })();
    await until(() => calls > 5, 'the load');
    await secret.swap(secretOf(newCa.issue('new'), newCa));
    await until(() => lines.some(({ msg }) => msg === 'TLS certificate rotated'), 'the rotation');
    const atRotation = calls;
    await until(() => calls > atRotation + 5, 'more calls');
    running = false;
    await load;
    expect(ends).toEqual([]);
    expect(await kedaOver(server.address, newCa, newCa.issue('keda')).isActive(aRef())).toEqual({
      result: true,
    });
    await expect(kedaOver(server.address, newCa, oldCa.issue('keda')).isActive(aRef())).rejects.toMatchObject(
      {
        code: status.UNAVAILABLE,
      },
    );
    stream.cancel();
  });

  it.each([
    {
      what: 'a key of another certificate',
      broken: (a: Certificate, b: Certificate) => ({ 'tls.crt': a.cert, 'tls.key': b.key }),
    },
    { what: 'a file that is gone', broken: (a: Certificate) => ({ 'tls.crt': a.cert }) },
    {
      what: 'half a file',
      broken: (a: Certificate) => ({ 'tls.crt': a.cert.slice(0, 100), 'tls.key': a.key }),
    },
  ])(
    'keeps the last good files over $what, says so once, and takes the next good ones',
    async ({ broken }) => {
      const ca = anAuthority('ca');
      const secret = await aSecret(secretOf(ca.issue('first')));
      const { server, lines } = await aWire({ tls: filesOf(secret, false), limits: FAST });
      await secret.swap(broken(ca.issue('second'), ca.issue('third')) as Record<string, string>);
      await until(() => lines.length > 1, 'the refusal');
      await new Promise((resolve) => setTimeout(resolve, 80));
      expect(lines.slice(1)).toMatchObject([
        { level: 'error', msg: 'TLS files refused, the last good ones stay' },
      ]);
      expect(await shownTo(server.port)).toBe('first');
      await secret.swap(secretOf(ca.issue('fourth')));
      await until(() => lines.some(({ msg }) => msg === 'TLS certificate rotated'), 'the rotation');
      expect(await shownTo(server.port)).toBe('fourth');
    },
  );
});

describe('TLS files at the start', () => {
  const ca = anAuthority('ca');
  const good = ca.issue('bellwether');

  it.each([
    {
      what: 'no key',
      content: { 'tls.crt': good.cert },
      message: /tls\.key: must be a readable PEM file, was ENOENT/,
    },
    {
      what: 'no PEM',
      content: { 'tls.crt': 'hello', 'tls.key': good.key },
      message: /tls\.crt: must hold a PEM certificate/,
    },
    {
      what: 'a key of another certificate',
      content: { 'tls.crt': good.cert, 'tls.key': ca.issue('x').key },
      message: /tls\.key: must be the PEM key of .*tls\.crt, was refused/,
    },
  ])('are refused with the file named: $what', async ({ content, message }) => {
    const secret = await aSecret(content as Record<string, string>);
    const start = startGrpcServer({
      scaler: fakeScaler(),
      address: '127.0.0.1:0',
      log: captureLog().log,
      tls: filesOf(secret, false),
    });
    await expect(start).rejects.toThrow(message);
    await expect(start).rejects.not.toThrow(/PRIVATE KEY/);
  });
});

const aDayFromNow = () => new Date(Date.now() + 86_400_000).toUTCString();

it.each([
  { code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', part: 'the client refused our certificate' },
  { code: 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', part: 'caCert in a TriggerAuthentication' },
  { code: 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', part: 'one of its names (DNS:elsewhere)' },
  {
    code: 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    validTo: 'Nov  2 10:00:00 2025 GMT',
    part: 'has expired (Nov  2 10:00:00 2025 GMT)',
  },
  { code: 'ERR_SSL_NO_SUITABLE_KEY_SHARE', part: 'said by OpenSSL' },
])('explains a handshake that ended with $code: $part', ({ code, part, validTo = aDayFromNow() }) => {
  const shown = { options: {}, subject: 'CN=bellwether', names: 'DNS:elsewhere', validTo };
  expect(handshakeReason(code, 'said by OpenSSL', shown)).toContain(part);
});

it('is not brought down by half a handshake', async () => {
  const ca = anAuthority('ca');
  const secret = await aSecret(secretOf(ca.issue('bellwether')));
  const { server } = await aWire({ tls: filesOf(secret, false) });
  for (const bytes of ['16030100', '1603010200010001fc0303', '']) {
    const socket = connectTcp(server.port, '127.0.0.1', () => socket.end(Buffer.from(bytes, 'hex')));
    await new Promise((resolve) => socket.on('error', () => {}).on('close', resolve));
  }
  expect(await kedaOver(server.address, ca).isActive(aRef())).toEqual({ result: true });
});

import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HttpServer, parseAddress, startHttpServer } from '../../../src/serve/http/server.ts';
import { aScaler, NOW } from '../../support/scaler-stub.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const logged: unknown[] = [];
const note = (fields: unknown) => void logged.push(fields);
const log = { info: note, warn: note, error: note };
beforeEach(() => logged.splice(0));

async function start(bearerTokenFile?: string): Promise<HttpServer & { readonly base: string }> {
  const server = await startHttpServer({
    scaler: aScaler(),
    metricsText: async () => 'up 1\n',
    address: '127.0.0.1:0',
    bearerTokenFile,
    log,
    now: () => NOW,
  });
  cleanups.push(() => server.close());
  return { ...server, base: `http://127.0.0.1:${server.port}` };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'bellwether-http-'));
  cleanups.push(() => rmSync(path, { recursive: true }));
  return path;
}

describe('the bearer token', () => {
  const basic = (password: string) => `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}`;

  async function withToken(token = 'secret-1\n') {
    const file = join(folder(), 'token');
    writeFileSync(file, token);
    const { base } = await start(file);
    const status = async (path: string, authorization?: string) =>
      (await fetch(base + path, authorization === undefined ? {} : { headers: { authorization } })).status;
    return { file, base, status };
  }

  it('closes everything but the probes', async () => {
    const { base, status } = await withToken();
    for (const path of [
      '/',
      '/metrics',
      '/v1/fleets',
      '/openapi.json',
      '/assets/x/page.js',
      '/nothing',
      '/healthz/',
    ]) {
      expect(await status(path)).toBe(401);
    }
    const answer = await fetch(`${base}/v1/fleets`);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('www-authenticate')).toContain('Bearer realm=');
    expect(await status('/healthz')).toBe(200);
    expect(await status('/readyz')).toBe(200);
  });

  it('keeps the detail of readyz for who has it', async () => {
    const { base } = await withToken();
    expect(await (await fetch(`${base}/readyz`)).json()).toEqual({ ready: true });
    const headers = { authorization: 'Bearer secret-1' };
    expect(await (await fetch(`${base}/readyz`, { headers })).json()).toMatchObject({
      ready: true,
      revision: '3f9a1c07',
    });
  });

  it.each([
    ['the token', 'Bearer secret-1', 200],
    ['the scheme in lower case', 'bearer secret-1', 200],
    ["a browser's password", basic('secret-1'), 200],
    ['another token', 'Bearer secret-2', 401],
    ['a longer one', 'Bearer secret-11', 401],
    ['none', 'Bearer', 401],
    ['an unknown scheme', 'Digest secret-1', 401],
    ['a wrong password', basic('x'), 401],
    ['no base64', 'Basic ???', 401],
  ])('judges %s', async (_name, authorization, expected) => {
    expect(await (await withToken()).status('/v1/fleets', authorization)).toBe(expected);
  });

  it('is read again when the file changes, also by the symlink swap of a mounted Secret', async () => {
    const path = folder();
    for (const token of ['old', 'new']) writeFileSync(join(path, token), token);
    symlinkSync('old', join(path, 'token'));
    const { base } = await start(join(path, 'token'));
    const ask = async (token: string) =>
      (await fetch(`${base}/v1/fleets`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect([await ask('old'), await ask('new')]).toEqual([200, 401]);
    symlinkSync('new', join(path, 'next'));
    renameSync(join(path, 'next'), join(path, 'token'));
    expect([await ask('old'), await ask('new')]).toEqual([401, 200]);
  });

  it('stays the last one while the file is gone or empty, and says so once', async () => {
    const { file, status } = await withToken();
    writeFileSync(file, '');
    expect(await status('/v1/fleets', 'Bearer secret-1')).toBe(200);
    expect(await status('/v1/fleets', 'Bearer ')).toBe(401);
    rmSync(file);
    expect(await status('/v1/fleets', 'Bearer secret-1')).toBe(200);
    expect(logged).toHaveLength(1);
  });

  it('must be there at the start', async () => {
    const file = join(folder(), 'token');
    await expect(start(file)).rejects.toThrow('ENOENT');
    writeFileSync(file, ' \n');
    await expect(start(file)).rejects.toThrow('must hold a token, was empty');
  });
});

describe('the socket', () => {
  /** What the server answers to raw bytes. */
  function send(port: number, bytes: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(bytes, 'latin1'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      socket.on('end', () => resolve(text));
      // What is left unread when the server closes resets the connection, at times before its answer is here.
      socket.on('error', () => resolve(text));
    });
  }

  it.each<[name: string, bytes: string, status: number]>([
    [
      'a malformed escape',
      'GET /v1/fleets/%E0%A4%A/x/explain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      400,
    ],
    ['raw bytes in the path', 'GET /\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 4],
    ['a host that is none', 'GET / HTTP/1.1\r\nHost: a b<>\r\nConnection: close\r\n\r\n', 400],
    ['two slashes', 'GET //evil/%2e%2e HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 404],
    ['an absolute target', 'GET http://evil/nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 404],
    ['no HTTP at all', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 4],
  ])('survives %s', async (_name, bytes, status) => {
    const { port, base } = await start();
    expect(await send(port, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  it('survives a header of 64 kB', async () => {
    const { port, base } = await start();
    const answer = await send(port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`);
    expect(answer).toMatch(/^(HTTP\/1.1 431|$)/);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  it('is closed by close(), connections that idle included', async () => {
    const server = await startHttpServer({
      scaler: aScaler(),
      metricsText: async () => '',
      address: '127.0.0.1:0',
      log,
    });
    await (await fetch(`http://127.0.0.1:${server.port}/healthz`)).text();
    await server.close();
    await expect(fetch(`http://127.0.0.1:${server.port}/healthz`)).rejects.toThrow('fetch failed');
  });

  it('refuses an address that is taken', async () => {
    const { port } = await start();
    const again = startHttpServer({
      scaler: aScaler(),
      metricsText: async () => '',
      address: `127.0.0.1:${port}`,
      log,
    });
    await expect(again).rejects.toThrow('EADDRINUSE');
  });
});

describe('parseAddress', () => {
  it.each([
    ['0.0.0.0:8080', { host: '0.0.0.0', port: 8080 }],
    ['[::]:8080', { host: '::', port: 8080 }],
    [':0', { host: undefined, port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
  ])('reads %s', (text, expected) => {
    expect(parseAddress(text)).toEqual(expected);
  });

  it.each(['8080', 'a:b', 'a:70000', '::1:80', '[zz]:80', 'http://a:80', ''])('refuses "%s"', (text) => {
    expect(() => parseAddress(text)).toThrow(`listen.http: must be host:port, was ${JSON.stringify(text)}`);
  });
});

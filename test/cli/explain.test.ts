import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { explainCommand } from '../../src/cli/explain.ts';
import { explainText } from '../../src/serve/explain-text.ts';
import { recordJson } from '../../src/serve/http/record-json.ts';
import { type HttpServer, startHttpServer } from '../../src/serve/http/server.ts';
import { aRecord, aScaler, NOW, type ScalerStub } from '../support/scaler-stub.ts';

const folder = mkdtempSync(join(tmpdir(), 'bellwether-explain-'));
const tokenFile = join(folder, 'token');
let scaler: ScalerStub;
let server: HttpServer;
let base: string;

beforeAll(async () => {
  scaler = aScaler();
  writeFileSync(tokenFile, 'secret');
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const options = { scaler, metricsText: async () => '', address: '127.0.0.1:0', log, now: () => NOW };
  server = await startHttpServer({ ...options, bearerTokenFile: tokenFile });
  base = `http://127.0.0.1:${server.port}`;
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  scaler.failure = undefined;
  scaler.asked = undefined;
});

/** What the command prints and exits with; commander's own usage errors come out as exit 2. */
async function run(...args: readonly string[]) {
  const printed = { out: '', err: '', exitCode: 0 };
  const command = explainCommand({
    out: (text) => {
      printed.out += `${text}\n`;
    },
    err: (text) => {
      printed.err += `${text}\n`;
    },
    setExitCode: (code) => {
      printed.exitCode = code;
    },
    color: false,
  });
  const writeErr = (text: string) => {
    printed.err += text;
  };
  command.exitOverride().configureOutput({ writeErr, writeOut: () => {} });
  await command.parseAsync(args, { from: 'user' }).catch((error: { code?: string }) => {
    if (!error.code?.startsWith('commander.')) throw error;
    printed.exitCode = 2;
  });
  return printed;
}

const asked = (...args: readonly string[]) =>
  run('llm/vllm', '--server', base, '--token-file', tokenFile, ...args);

describe('bellwether explain', () => {
  it('prints the same text as the server', async () => {
    const headers = { accept: 'text/plain', authorization: 'Bearer secret' };
    const served = await (await fetch(`${base}/v1/fleets/llm/vllm/explain`, { headers })).text();
    expect(await asked()).toEqual({ out: served, err: '', exitCode: 0 });
    expect(served).toBe(explainText(recordJson(aRecord())));
  });

  it('prints one JSON document with --json', async () => {
    const { out, err } = await asked('--json');
    expect(JSON.parse(out)).toEqual(recordJson(aRecord()));
    expect(err).toBe('');
  });

  it('passes on instant, role, model and what if', async () => {
    const at = '2026-11-23T09:31:00+01:00';
    await asked(
      '--at',
      at,
      '--role',
      'replicas',
      '--model',
      'qwen3-32b',
      '--set',
      'minReplicas=3',
      'x=a=b&c',
    );
    expect(scaler.asked).toMatchObject({
      at: Date.parse(at),
      role: 'replicas',
      model: 'qwen3-32b',
      set: { minReplicas: '3', x: 'a=b&c' },
    });
  });

  it('exits 1 when there is no such fleet', async () => {
    const answer = await run('llm/vlm', '--server', base, '--token-file', tokenFile);
    expect(answer).toEqual({
      out: '',
      err: 'explain: no fleet "llm/vlm" (did you mean "llm/vllm"?)\n',
      exitCode: 1,
    });
  });

  it.each([
    { name: 'no name', args: ['llm'], err: 'the fleet must be NAMESPACE/NAME, was "llm"' },
    { name: 'too many parts', args: ['a/b/c'], err: 'the fleet must be NAMESPACE/NAME, was "a/b/c"' },
    { name: 'no argument', args: [], err: "missing required argument 'namespace/name'" },
    {
      name: 'a local time',
      args: ['a/b', '--at', '2026-11-23T09:31'],
      err: 'must be ISO 8601 with Z or an offset',
    },
    {
      name: 'an unknown role',
      args: ['a/b', '--role', 'bufer'],
      err: 'Allowed choices are replicas, buffer',
    },
    { name: 'a set without a value', args: ['a/b', '--set', 'minReplicas'], err: 'must be FIELD=VALUE' },
    {
      name: 'no URL',
      args: ['a/b', '--server', 'localhost:8080'],
      err: '--server must be an http:// or https:// URL',
    },
    {
      name: 'no server',
      args: ['a/b', '--server', 'http://127.0.0.1:1'],
      err: 'no answer from http://127.0.0.1:1: ',
    },
    {
      name: 'no token file',
      args: ['a/b', '--token-file', join(folder, 'no')],
      err: 'the token file cannot be read: ENOENT',
    },
  ])('exits 2 for $name', async ({ args, err }) => {
    const answer = await run(...args);
    expect(answer.exitCode).toBe(2);
    expect(answer.err).toContain(err);
    expect(answer.out).toBe('');
  });

  it('exits 2 with what the server says when the token is missing or the question is wrong', async () => {
    expect(await run('llm/vllm', '--server', base)).toMatchObject({
      exitCode: 2,
      err: 'explain: a bearer token is needed\n',
    });
    expect(await asked('--model', 'x\0')).toMatchObject({
      exitCode: 2,
      err: 'explain: the query must not hold NUL\n',
    });
  });

  it.each([
    { name: 'a page', status: 200, body: '<html>', exitCode: 2, err: /does not answer as a Bellwether/ },
    {
      name: 'other JSON',
      status: 200,
      body: '{"replicas": "two"}',
      exitCode: 2,
      err: /does not answer as a Bellwether/,
    },
    {
      name: "somebody else's 404",
      status: 404,
      body: 'not here',
      exitCode: 2,
      err: /answered with status 404/,
    },
  ])('is not fooled by $name', async ({ status, body, exitCode, err }) => {
    const other = createServer((_request, response) => response.writeHead(status).end(body));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const answer = await run('llm/vllm', '--server', `http://127.0.0.1:${port}/`);
    other.close();
    expect(answer).toMatchObject({ exitCode, err: expect.stringMatching(err) });
  });
});

import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linesTo } from '../src/log.ts';
import { captureLog } from './support/grpc-harness.ts';

describe('the log', () => {
  it('writes one JSON object a line with the level as a word and the time in ISO 8601', () => {
    const { log, lines } = captureLog();
    log.info({ port: 6000 }, 'serving');
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        port: 6000,
        msg: 'serving',
      },
    ]);
  });

  it.each([
    { what: 'a token', fields: { token: 's3cret' } },
    { what: 'a header', fields: { request: { headers: { Authorization: 'Bearer s3cret' } } } },
    { what: 'a password deep inside', fields: { a: { b: [{ basicAuth: { password: 's3cret' } }] } } },
    { what: 'a URL with a user', fields: { url: 'https://me:s3cret@prometheus:9090/x' } },
    { what: 'an error that quotes a URL', fields: { err: new Error('GET http://me:s3cret@host failed') } },
    { what: 'an error with a field', fields: { err: Object.assign(new Error('no'), { apiKey: 's3cret' }) } },
    { what: 'a cause', fields: { cause: new Error('http://me:s3cret@host') } },
    {
      what: 'a buried error',
      fields: { result: { error: Object.assign(new Error('no'), { clientSecret: 's3cret' }) } },
    },
  ])('hides $what', ({ fields }) => {
    const { log, lines } = captureLog();
    log.error(fields, 'failed');
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('s3cret');
    expect(JSON.stringify(lines)).toContain('[hidden]');
  });

  it('shows the names of files that hold secrets, and what only sounds like one', () => {
    const { log, lines } = captureLog();
    log.info({ bearerTokenFile: '/etc/token', tokensPerSecond: 7, namespace: 'llm' }, 'read');
    expect(lines[0]).toMatchObject({ bearerTokenFile: '/etc/token', tokensPerSecond: 7, namespace: 'llm' });
  });

  it('keeps the type, message and stack of an error', () => {
    const { log, lines } = captureLog();
    log.error({ err: new TypeError('odd') }, 'failed');
    expect(lines[0]?.err).toMatchObject({
      type: 'TypeError',
      message: 'odd',
      stack: expect.stringContaining('log.test'),
    });
  });

  it('survives an object that holds itself', () => {
    const { log, lines } = captureLog();
    const loop: Record<string, unknown> = { name: 'x' };
    loop.self = loop;
    log.info({ loop }, 'round');
    expect(lines).toHaveLength(1);
  });
});

describe('lines to a file', () => {
  it('are lost where they cannot be written, and written again where they can', () => {
    const full = openSync('/dev/full', 'w');
    const lines = linesTo(full);
    expect(() => lines.write('{"msg":"lost"}\n')).not.toThrow();
    closeSync(full);
    expect(() => lines.write('{"msg":"closed"}\n')).not.toThrow();
    const path = join(tmpdir(), `bellwether-log-${process.pid}`);
    const file = openSync(path, 'w');
    linesTo(file).write('{"msg":"kept"}\n');
    expect(readFileSync(path, 'utf8')).toBe('{"msg":"kept"}\n');
    closeSync(file);
    rmSync(path);
  });
});

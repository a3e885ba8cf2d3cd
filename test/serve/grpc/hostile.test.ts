import { connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { credentials, makeGenericClientConstructor, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aWire, until } from '../../support/grpc-harness.ts';
import { aRef } from '../../support/keda-client.ts';

/** Raw bytes to the server; resolves once the connection is over or nothing came for 100 ms. */
function throwBytes(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(100, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}

/** One gRPC request made of raw HTTP/2 parts; resolves to the grpc-status, the HTTP status or `reset N`. */
function rawCall(port: number, headers: Record<string, string>, body: Uint8Array): Promise<string> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return new Promise((resolve) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/externalscaler.ExternalScaler/GetMetricSpec',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let answer = '';
    stream.on('response', (got) => {
      answer = String(got['grpc-status'] ?? `http ${got[':status']}`);
    });
    stream.on('trailers', (got) => {
      answer = String(got['grpc-status']);
    });
    stream.on('error', () => {});
    stream.on('close', () =>
      resolve(answer === '' || stream.rstCode !== 0 ? `${answer} reset ${stream.rstCode}`.trim() : answer),
    );
    stream.resume();
    stream.end(body);
  });
}

function framed(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

describe('requests out of bounds', () => {
  it('refuses a request over 64 KiB with RESOURCE_EXHAUSTED and serves the next', async () => {
    const { keda } = await aWire();
    const big = aRef('vllm', { policy: 'x'.repeat(64 * 1024) });
    await expect(keda.getMetricSpec(big)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect((await keda.evaluate(aRef())).active).toBe(true);
  });

  it('takes metadata of a size that a person may write', async () => {
    const { keda } = await aWire();
    const wide = aRef(
      'vllm',
      Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key${i}`, 'v'.repeat(50)])),
    );
    expect((await keda.getMetricSpec(wide)).metricSpecs).toHaveLength(1);
  });

  it('refuses headers over 64 KiB and serves the next', async () => {
    const { server, keda } = await aWire();
    const headers = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`x-${i}`, 'v'.repeat(8_000)]));
    const answer = await rawCall(server.port, headers, framed(new Uint8Array()));
    expect(answer).toMatch(/reset/);
    expect((await keda.evaluate(aRef())).active).toBe(true);
  });

  it('refuses a message that is small only while compressed', async () => {
    const { gzipSync } = await import('node:zlib');
    const { server } = await aWire();
    const bomb = framed(gzipSync(Buffer.alloc(10 * 1024 * 1024)), 1);
    expect(await rawCall(server.port, { 'grpc-encoding': 'gzip' }, bomb)).toBe(
      String(status.RESOURCE_EXHAUSTED),
    );
  });

  it('refuses more connections than it may hold, and says so once they come', async () => {
    const { server, keda, lines } = await aWire({ limits: { connections: 2 } });
    await keda.isActive(aRef());
    const other = connect(server.port, '127.0.0.1');
    onTestFinished(() => void other.destroy());
    await new Promise((resolve) => other.once('connect', resolve));
    await throwBytes(server.port, Buffer.from('x'));
    expect(lines).toMatchObject([
      { level: 'warn', msg: 'connection refused: too many are open', maxConnections: 2 },
    ]);
    expect((await keda.evaluate(aRef())).active).toBe(true);
  });
});

describe('requests that make no sense', () => {
  it('answers UNIMPLEMENTED for a method it does not have', async () => {
    const { server } = await aWire();
    const path = '/externalscaler.ExternalScaler/Close';
    const bytes = { serialize: (b: Buffer) => b, deserialize: (b: Buffer) => b };
    const Client = makeGenericClientConstructor(
      {
        Close: {
          path,
          requestStream: false,
          responseStream: false,
          requestSerialize: bytes.serialize,
          requestDeserialize: bytes.deserialize,
          responseSerialize: bytes.serialize,
          responseDeserialize: bytes.deserialize,
        },
      },
      'x',
    );
    const client = new Client(server.address, credentials.createInsecure());
    onTestFinished(() => client.close());
    const close = client.Close as (request: Buffer, callback: (error: { code: number }) => void) => void;
    const code = await new Promise((resolve) =>
      close.call(client, Buffer.alloc(0), (error) => resolve(error.code)),
    );
    expect(code).toBe(status.UNIMPLEMENTED);
  });

  it.each([
    { what: 'an odd path', headers: { ':path': '/%zz//?"<>' }, body: framed(new Uint8Array()), answer: '12' },
    {
      what: 'a path beyond ASCII',
      headers: { ':path': '/☃' },
      body: framed(new Uint8Array()),
      answer: 'reset 1',
    },
    {
      what: 'no gRPC content type',
      headers: { 'content-type': 'text/plain' },
      body: Buffer.from('hello'),
      answer: 'http 415',
    },
    {
      what: 'a message that is no protobuf',
      headers: {},
      body: framed(Buffer.from('ffffffffffff', 'hex')),
      answer: '13',
    },
    {
      what: 'an unknown compression',
      headers: { 'grpc-encoding': 'zip' },
      body: framed(Buffer.from('x'), 1),
      answer: '12',
    },
    {
      what: 'gzip that is none',
      headers: { 'grpc-encoding': 'gzip' },
      body: framed(Buffer.from('x'), 1),
      answer: '13',
    },
    { what: 'no message at all', headers: {}, body: Buffer.alloc(0), answer: '12' },
    {
      what: 'an unreadable deadline',
      headers: { 'grpc-timeout': 'soon' },
      body: framed(new Uint8Array()),
      answer: '13',
    },
    {
      what: 'a deadline of zero',
      headers: { 'grpc-timeout': '0m' },
      body: framed(new Uint8Array()),
      answer: '3',
    },
  ])('answers $answer to $what', async ({ headers, body, answer }) => {
    const { server, keda } = await aWire();
    expect(await rawCall(server.port, headers, body)).toBe(answer);
    expect((await keda.evaluate(aRef())).active).toBe(true);
  });

  it('survives garbage on the socket, before and after an HTTP/2 preface', async () => {
    const { server, keda } = await aWire();
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 400 }),
        fc.boolean(),
        async (bytes, polite) => {
          await throwBytes(server.port, polite ? Buffer.concat([preface, bytes]) : bytes);
        },
      ),
      { numRuns: 25 },
    );
    await throwBytes(server.port, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    expect((await keda.evaluate(aRef())).active).toBe(true);
  });

  it('survives random protobuf in every method', async () => {
    const { server, keda } = await aWire();
    const session = connectHttp2(`http://127.0.0.1:${server.port}`);
    onTestFinished(() => session.destroy());
    const methods = ['IsActive', 'StreamIsActive', 'GetMetricSpec', 'GetMetrics', 'StreamMetricSpec'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        fc.uint8Array({ maxLength: 60 }),
        async (method, bytes) => {
          const stream = session.request({
            ':method': 'POST',
            ':path': `/externalscaler.ExternalScaler/${method}`,
            'content-type': 'application/grpc',
            te: 'trailers',
          });
          stream.on('error', () => {});
          stream.end(framed(bytes));
          await new Promise((resolve) => stream.once('response', resolve));
          stream.close();
        },
      ),
      { numRuns: 200 },
    );
    expect((await keda.evaluate(aRef())).active).toBe(true);
  });

  it('goes on when a client leaves in the middle of many calls', async () => {
    const { server, keda, scaler } = await aWire();
    for (let round = 0; round < 5; round += 1) {
      const session = connectHttp2(`http://127.0.0.1:${server.port}`);
      session.on('error', () => {});
      for (let call = 0; call < 50; call += 1) {
        const stream = session.request({
          ':method': 'POST',
          ':path': '/externalscaler.ExternalScaler/StreamIsActive',
          'content-type': 'application/grpc',
          te: 'trailers',
        });
        stream.on('error', () => {});
        stream.write(framed(Buffer.from('0a0176120161', 'hex')));
        stream.end();
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
      session.destroy();
    }
    await until(() => scaler.listeners === 0, 'every subscription to go');
    expect((await keda.evaluate(aRef())).active).toBe(true);
  });
});

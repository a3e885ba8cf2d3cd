import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadExternalScaler } from '../../src/serve/grpc/proto.ts';

const HEADERS = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };

/**
 * Unary calls of one method in plain HTTP/2, with requests written ahead: a client of grpc-js takes as long for a call as the
 * server, on the same cores.
 */
export class PlainCalls {
  readonly #session: ClientHttp2Session;
  readonly #method: MethodDefinition<object, unknown>;

  constructor(address: string, method: 'GetMetrics' | 'GetMetricSpec' | 'IsActive') {
    // Node's own limit, 10 MB, is too little for ten thousand calls under way.
    this.#session = connect(`http://${address}`, { maxSessionMemory: 1_000 });
    const found = loadExternalScaler()[method];
    if (found === undefined) throw new Error(`the external scaler has no ${method}`);
    this.#method = found;
  }

  /** The bytes of a request: one that says it is not compressed, its length, and the message. */
  write(request: object): Buffer {
    const message = this.#method.requestSerialize(request);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    return Buffer.concat([head, message]);
  }

  /** Whether it was answered with OK. */
  call(request: Buffer): Promise<boolean> {
    const stream: ClientHttp2Stream = this.#session.request({
      ...HEADERS,
      ':path': this.#method.path,
    });
    return new Promise((resolve) => {
      let ok = false;
      const read = (headers: Readonly<Record<string, unknown>>): void => {
        ok = String(headers['grpc-status']) === '0';
      };
      // An answer without a message has its status in front.
      stream
        .on('response', read)
        .on('trailers', read)
        .on('error', () => {});
      stream.resume().once('close', () => resolve(ok));
      stream.end(request);
    });
  }

  close(): void {
    this.#session.destroy();
  }
}

/** Does `work` with each number below `count` in their order, so many at a time. */
export async function abreast(
  count: number,
  atATime: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

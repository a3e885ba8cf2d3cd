import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface NameServer {
  /** What KEDA is told so that its gRPC client asks this server: `dns://127.0.0.1:PORT/NAME:PORT`. */
  target(name: string, port: string): string;
  stop(): Promise<void>;
}

/**
 * A name server that answers any A query with `addresses`, as a cluster's does for a headless Service. gRPC's own resolver
 * takes its address from the target, so no file of the machine is touched.
 */
export async function startNameServer(addresses: readonly string[]): Promise<NameServer> {
  const socket: Socket = createSocket('udp4');
  socket.on('message', (query, from) => socket.send(answerTo(query, addresses), from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port: own } = socket.address();
  return {
    target: (name, port) => `dns://127.0.0.1:${own}/${name}:${port}`,
    async stop() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

const HEADER = 12;
const A = 1;

/** RFC 1035: the question again, and a record an address for type A; any other type has none. */
function answerTo(query: Buffer, addresses: readonly string[]): Buffer {
  let end = HEADER;
  while (query[end] !== 0) end += 1 + (query[end] ?? 0);
  const type = query.readUInt16BE(end + 1);
  const question = query.subarray(HEADER, end + 5);
  const records = type === A ? addresses.map(recordOf) : [];
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  // A response, authoritative, recursion as asked.
  header.writeUInt16BE(0x8580, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question, ...records]);
}

/** The name is a pointer to the question's; valid for 5 s. */
function recordOf(address: string): Buffer {
  return Buffer.from([0xc0, HEADER, 0, A, 0, 1, 0, 0, 0, 5, 0, 4, ...address.split('.').map(Number)]);
}

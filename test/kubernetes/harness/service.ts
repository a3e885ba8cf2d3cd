import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Service {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Sends new connections there; those that exist stay where they are, as kube-proxy leaves them. */
  pointAt(backend: string): void;
  stop(): Promise<void>;
}

/** A ClusterIP Service with one endpoint: an address that stays while what is behind it changes. */
export async function startService(first: string): Promise<Service> {
  let backend = first;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const [host = '', port = ''] = backend.split(':');
    const upstream = connect({ host, port: Number(port) });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.end();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    pointAt(next) {
      backend = next;
    },
    async stop() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}

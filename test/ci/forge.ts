import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Comment {
  readonly id: number;
  body: string;
}

export interface Forge {
  readonly url: string;
  readonly comments: Comment[];
  /** `POST /repos/…`, in order. */
  readonly requests: string[];
  /** Every value of the header that carries the token. */
  readonly tokens: Set<string>;
  /** Answered instead of doing anything. */
  refusal: number | null;
  stop(): Promise<void>;
}

/** As much of GitHub's comments and GitLab's notes as keeping one comment takes, pages included. */
export async function startForge(): Promise<Forge> {
  const comments: Comment[] = [];
  const requests: string[] = [];
  const tokens = new Set<string>();
  const server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    requests.push(`${method} ${url}`);
    tokens.add(String(request.headers.authorization ?? request.headers['private-token']));
    const answer = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (forge.refusal !== null) return answer(forge.refusal, { message: 'no' });
    const { pathname, searchParams } = new URL(url, 'http://forge');
    if (method === 'GET') {
      const size = Number(searchParams.get('per_page'));
      const start = (Number(searchParams.get('page')) - 1) * size;
      return answer(200, comments.slice(start, start + size));
    }
    const { body } = JSON.parse(await textOf(request)) as { body: string };
    if (method === 'POST') {
      const created = { id: comments.length + 1, body };
      comments.push(created);
      return answer(201, created);
    }
    const found = comments.find(({ id }) => id === Number(pathname.split('/').at(-1)));
    if (!found || (method !== 'PATCH' && method !== 'PUT')) return answer(404, {});
    found.body = body;
    return answer(200, found);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const forge: Forge = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    comments,
    requests,
    tokens,
    refusal: null,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return forge;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

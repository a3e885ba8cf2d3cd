import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A request as the fake saw it. */
export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
}

export interface FakePrometheus {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Answers each request; replace it to misbehave in another way. */
  respond: (request: SeenRequest, response: ServerResponse) => void;
  stop(): Promise<void>;
}

/** An HTTP server in Prometheus' place that answers whatever a test wants, well or badly. */
export async function startFakePrometheus(
  respond: FakePrometheus['respond'] = answerVector([]),
): Promise<FakePrometheus> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const seen = { path: request.url ?? '', headers: request.headers, form: new URLSearchParams(body) };
    fake.seen.push(seen);
    fake.respond(seen, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fake: FakePrometheus = {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    seen: [],
    respond,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return fake;
}

/** Answers every query with the same vector. */
export function answerVector(
  points: readonly { metric: Record<string, string>; value: string }[],
): FakePrometheus['respond'] {
  const result = points.map(({ metric, value }) => ({ metric, value: [0, value] }));
  return (_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  };
}

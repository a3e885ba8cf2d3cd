import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Command, CommanderError } from 'commander';
import { afterEach, describe, expect, it } from 'vitest';
import { simulateCommand } from '../../src/cli/simulate.ts';

async function run(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  let code = 0;
  const command: Command = simulateCommand({
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    setExitCode: (value) => {
      code = value;
    },
    color: false,
  });
  for (const each of [command, ...command.commands])
    each.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  try {
    await command.parseAsync(['cold-start-cascade', ...argv], { from: 'user' });
  } catch (reason) {
    if (!(reason instanceof CommanderError)) throw reason;
    err.push(reason.message);
    code = 2;
  }
  return { out: out.join('\n'), err: err.join('\n'), code };
}

describe('simulate cold-start-cascade', () => {
  it('puts the ADR’s numbers beside the simulated ones, and says why they differ', async () => {
    const { out, code } = await run();
    expect(code).toBe(0);
    expect(out).toContain('scaled to zero: the ADR');
    expect(out).toMatch(/92 s +134 s +168 s +12 of 40/);
    expect(out).toContain('cannot be one run: 28 of 40');
  });

  it('loses everybody who hangs up before a start is over, and nobody where floors were led in', async () => {
    const { rows } = JSON.parse((await run('--json')).out);
    const [zero, floor, lead] = rows;
    expect([zero.readyAtBell, floor.readyAtBell, lead.readyAtBell]).toEqual([0, 2, 4]);
    expect([zero.impatient.failed, floor.impatient.failed, lead.impatient.failed]).toEqual([40, 0, 0]);
    expect(zero.patient.failed).toBe(0);
    expect(zero.patient.p50).toBeGreaterThan(30_000);
    expect(lead.patient.p99).toBeLessThan(floor.patient.p99);
    expect(floor.patient.p99).toBeLessThan(zero.patient.p50);
  });

  it('comes out the same for the same seed', async () => {
    expect((await run('--json', '--seed', '7')).out).toBe((await run('--json', '--seed', '7')).out);
    expect((await run('--json', '--seed', '7')).out).not.toBe((await run('--json', '--seed', '8')).out);
  });
});

describe('simulate cold-start-cascade --url', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  interface Seen {
    readonly authorization: string | undefined;
    readonly body: {
      readonly model: string;
      readonly stream: boolean;
      readonly messages: { content: string }[];
    };
  }

  /** An OpenAI-compatible server whose completions are answered by `answer`. */
  async function serve(answer: (response: ServerResponse, count: number) => void) {
    const seen: Seen[] = [];
    const server = createServer((request, response) => {
      if (request.url === '/v1/models') {
        response.setHeader('content-type', 'application/json');
        response.end('{"data": [{"id": "tiny"}]}');
        return;
      }
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        seen.push({ authorization: request.headers.authorization, body: JSON.parse(text) });
        response.setHeader('content-type', 'text/event-stream');
        answer(response, seen.length);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
  }

  const ROLE = 'data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}\n\n';
  const TOKEN = 'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n';

  it('asks everybody at once, each a prompt of its own, and takes the first text for the first token', async () => {
    const waiting: ServerResponse[] = [];
    const { url, seen } = await serve((response) => {
      response.write(ROLE);
      waiting.push(response);
      // Nobody gets text before all have asked: they did ask at once.
      if (waiting.length === 5)
        for (const each of waiting) each.end(`${TOKEN.slice(0, 20)}`.concat(TOKEN.slice(20)));
    });
    const { out, code } = await run('--url', url, '--requests', '5', '--json');
    expect(code).toBe(0);
    const { stats, failures, model } = JSON.parse(out);
    expect(model).toBe('tiny');
    expect([stats.requests, stats.failed, failures]).toEqual([5, 0, []]);
    expect(stats.p50).toBeGreaterThan(0);
    expect(seen.every(({ body }) => body.stream && body.model === 'tiny')).toBe(true);
    expect(new Set(seen.map(({ body }) => body.messages[0]?.content)).size).toBe(5);
  });

  it('counts refusals, answers without a token and timeouts as failures, by reason', async () => {
    const { url } = await serve((response, count) => {
      if (count === 1) response.writeHead(503).end();
      else if (count === 2) response.end(`${ROLE}data: [DONE]\n\n`);
      else if (count === 3) response.write(ROLE);
      else response.end(TOKEN);
    });
    const { out } = await run('--url', `${url}/v1/`, '--requests', '4', '--client-timeout', '3s', '--json');
    const { stats, failures } = JSON.parse(out);
    expect([stats.finished, stats.failed, stats.p99]).toEqual([1, 3, null]);
    expect(failures.map(({ reason }: { reason: string }) => reason).sort()).toEqual([
      'HTTP 503',
      'ended without a token',
      'timeout',
    ]);
  });

  it('says who does not answer, with exit code 2', async () => {
    const { url } = await serve(() => undefined);
    for (const server of servers.splice(0)) server.close();
    const { code, err } = await run('--url', url, '--requests', '2');
    expect(code).toBe(2);
    expect(err).toMatch(/ECONNREFUSED|fetch failed/);
  });

  it.each([
    { argv: ['--url', 'gateway:8000'], says: 'It must be an http or https address' },
    { argv: ['--requests', '0'], says: 'It must be a whole number from 1 to 10000' },
    {
      argv: ['--url', 'http://127.0.0.1:1', '--api-key-file', '/nowhere/key'],
      says: 'cannot be read (ENOENT)',
    },
  ])('refuses $argv', async ({ argv, says }) => {
    const { code, err } = await run(...argv);
    expect(code).toBe(2);
    expect(err).toContain(says);
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, anAuthority, type Certificate } from '../support/certificates.ts';
import { eventually, fourPods, pause, REF } from '../support/fault-world.ts';
import { KedaClient } from '../support/keda-client.ts';
import { aFolder, type ServeProcess, startServe } from '../support/serve-process.ts';
import { sendJson, startTinyPrometheus, type TinyPrometheus } from '../support/tiny-prometheus.ts';

const SECRETS = { prometheus: 'pr0metheus-s3cret', http: 'http-s3cret-t0ken' };
const CONFIG = (
  url: string,
): string => `prometheus: {url: "${url}", timeout: 400ms, bearerTokenFile: prometheus.token}
evaluationInterval: 1s
settle: 0s
listen: {grpc: "127.0.0.1:0", http: {address: "127.0.0.1:0", bearerTokenFile: http.token}}
tls: {certFile: tls.crt, keyFile: tls.key, clientCaFile: ca.crt}
policies: ["policy*.yaml"]
defaults: {policy: default}
`;

let tiny: TinyPrometheus;
let process: ServeProcess;
let folder: Awaited<ReturnType<typeof aFolder>>;
let ca: Authority;
let server: Certificate;
let client: Certificate;
const clients: KedaClient[] = [];

beforeAll(async () => {
  ca = anAuthority('fleet ca');
  server = ca.issue('bellwether');
  client = ca.issue('keda');
  tiny = await startTinyPrometheus(fourPods());
  folder = await aFolder({
    'bellwether.yaml': CONFIG(tiny.url),
    'policy.yaml': 'policy: default\nmaxReplicas: 10\nlookBackPeriod: 1s\n',
    'prometheus.token': SECRETS.prometheus,
    'http.token': SECRETS.http,
    'tls.crt': server.cert,
    'tls.key': server.key,
    'ca.crt': ca.cert,
  });
  process = await startServe(folder.path);
});
afterAll(async () => {
  for (const one of clients) one.close();
  await process?.stop('SIGKILL');
  await tiny?.stop();
  await folder?.remove();
});

function aClient(identity: Certificate = client, authority: Authority = ca): KedaClient {
  const creds = credentials.createSsl(
    Buffer.from(authority.cert),
    Buffer.from(identity.key),
    Buffer.from(identity.cert),
  );
  const keda = new KedaClient(process.grpcAddress.replace('127.0.0.1', 'localhost'), creds);
  clients.push(keda);
  return keda;
}
const get = (path: string, token: string = SECRETS.http): Promise<Response> =>
  fetch(`${process.httpAddress}${path}`, { headers: { authorization: `Bearer ${token}` } });
const four = async (keda: KedaClient): Promise<number> =>
  (await keda.getMetrics(REF, undefined, 2_000)).metricValues[0]?.metricValue ?? -1;
const PAGES = [
  '/v1/fleets',
  '/v1/fleets/llm/vllm/explain',
  '/metrics',
  '/readyz',
  '/healthz',
  '/openapi.json',
  '/',
];

describe('TLS and tokens, through serve', { timeout: 60_000 }, () => {
  it('answers a client of clientCaFile, and sends Prometheus the token', async () => {
    let sent: string | undefined;
    tiny.fault = ({ request, response, good }) => {
      sent = request.headers.authorization;
      sendJson(response, good());
    };
    const keda = aClient();
    await eventually(
      '4 replicas',
      () => four(keda).catch(() => -1),
      (value) => value === 4,
    );
    expect(sent).toBe(`Bearer ${SECRETS.prometheus}`);
    tiny.fault = null;
  });

  it.each([
    {
      who: 'of another CA',
      identity: () => anAuthority('stranger').issue('keda'),
      says: /not of clientCaFile/,
    },
    {
      who: 'that has expired',
      identity: () => ca.issue('keda', new Date(Date.now() - 60_000)),
      says: /has expired/,
    },
  ])('refuses a client certificate $who, with a log line that helps', async ({ identity, says }) => {
    await expect(four(aClient(identity()))).rejects.toMatchObject({ details: expect.any(String) });
    await eventually(
      'the log line',
      async () => process.log().filter(({ msg }) => msg === 'TLS handshake refused'),
      (lines) => lines.some(({ reason }) => says.test(String(reason))),
    );
  });

  it('rotates its certificate while calls run on old and new connections, and fails none', async () => {
    const steady = aClient();
    let going = true;
    let calls = 0;
    const failed: unknown[] = [];
    const call = async (keda: KedaClient): Promise<void> => {
      await four(keda).then(
        () => calls++,
        (reason: unknown) => failed.push(reason),
      );
    };
    const old = (async () => {
      for (; going; await pause(20)) await call(steady);
    })();
    const fresh = (async () => {
      for (; going; await pause(150)) await call(aClient());
    })();
    server = ca.issue('bellwether-next');
    // One after the other, as an editor would: in between they do not fit together.
    await writeFile(join(folder.path, 'tls.crt'), server.cert);
    await pause(100);
    await writeFile(join(folder.path, 'tls.key'), server.key);
    await eventually(
      'the rotation',
      async () => process.log(),
      (lines) =>
        lines.some(
          ({ msg, subject }) =>
            msg === 'TLS certificate rotated' && String(subject).includes('bellwether-next'),
        ),
    );
    await pause(500);
    going = false;
    await Promise.all([old, fresh]);
    expect(failed).toEqual([]);
    expect(calls).toBeGreaterThan(100);
  });

  it('closes everything but the probes to who has no token, or a wrong one', async () => {
    const answers = await Promise.all(
      PAGES.flatMap((page) => ['', 'wrong', `${SECRETS.http}x`].map((token) => get(page, token))),
    );
    expect(answers.map(({ status }) => status)).toEqual(
      PAGES.flatMap((page) => Array(3).fill(page === '/readyz' || page === '/healthz' ? 200 : 401)),
    );
  });

  it('shows no secret in logs, explain, metrics, errors or pages, whatever goes wrong', async () => {
    const keda = aClient();
    const seen: string[] = [];
    const look = async (): Promise<void> => {
      for (const page of PAGES) seen.push(await (await get(page)).text());
      await four(keda).then(String, (reason) => seen.push(String(reason), JSON.stringify(reason)));
    };
    await look();
    for (const body of [`your token ${SECRETS.prometheus} is bad`, `<html>${SECRETS.prometheus}</html>`]) {
      tiny.fault = ({ response }) =>
        void response.writeHead(401, { 'www-authenticate': SECRETS.prometheus }).end(body);
      await eventually(
        'the 401',
        async () => (await get('/readyz')).text(),
        (text) => text.includes('answered 401'),
      );
      await look();
    }
    await folder.write('bellwether.yaml', `${CONFIG(tiny.url)}bearerToken: ${SECRETS.http}\n`);
    await eventually(
      'the refusal',
      async () => (await get('/readyz')).text(),
      (text) => text.includes('bearerToken'),
    );
    await look();
    await keda
      .getMetrics({ ...REF, scalerMetadata: { model: 'm', bearerToken: SECRETS.http } })
      .catch((reason) => seen.push(String(reason)));
    seen.push(process.said());
    const all = seen.join('\n');
    for (const secret of [SECRETS.prometheus, SECRETS.http, ...keyLines()]) expect(all).not.toContain(secret);
  });
});

/** Lines of the private keys that were in use. */
function keyLines(): string[] {
  return [server.key, client.key].flatMap((pem) =>
    pem.split('\n').filter((line) => line.length > 20 && !line.startsWith('-')),
  );
}

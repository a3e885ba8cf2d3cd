import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { readCalendar } from '../../src/config/load-calendar.ts';
import { readTrigger } from '../../src/config/metadata.ts';
import { readPolicy } from '../../src/config/policy-document.ts';
import { parseYaml } from '../../src/config/yaml.ts';
import { KedaClient } from './keda-client.ts';

/** Numbers that repeat: xorshift32. */
export function aRandom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
const ANYTHING = { policies: undefined, calendars: undefined };
type Random = ReturnType<typeof aRandom>;

/** What breaks parsers, queries, logs and pages. */
const NASTY = [
  '',
  '"',
  "'",
  '\n',
  '\r\n',
  '\0',
  '\\',
  '{',
  '}',
  '`',
  '%',
  '%00',
  '../',
  '<script>',
  '$(x)',
  '\ud800',
  '\u2028',
  '☃',
  '🚀',
  '__proto__',
  'constructor',
  'toString',
  '"} or vector(1) #',
  'm",namespace="other',
  '{__name__=~".+"}',
  'sum(up)',
  '[5m]',
  'NaN',
  '+Inf',
  '-1',
  '1e309',
  '0x10',
  '9'.repeat(400),
  ' ',
  '\t',
  ': ',
  '- ',
  '&a [*a]',
  '!!js/function',
  '? ',
  '|',
  '>',
  '#',
  '2026-02-30',
  '25:00',
  '00:00-24:00',
  '1h',
  'model',
  'policy',
  'default',
  'minReplicas',
  'matchLabels',
  'a=b,c=d',
  'llm',
] as const;
const KEYS = [
  'model',
  'policy',
  'calendar',
  'role',
  'fleet',
  'matchLabels',
  'scaleTarget',
  'minReplicas',
  'burst.threshold',
  'advisoryAnswer',
  'upscaleDelay',
  'signals',
] as const;

/** Some text made of the worst. */
export function nastyText(random: Random): string {
  let text = '';
  for (let parts = random(4); parts >= 0; parts--) {
    text += random(3) === 0 ? String.fromCharCode(random(0x300)) : (NASTY[random(NASTY.length)] ?? '');
  }
  return text;
}

/** A trigger of which any part may be anything. */
export function nastyRef(random: Random) {
  // Half of them get past the first look.
  const scalerMetadata: Record<string, string> = random(2) === 0 ? { model: 'mistral' } : {};
  for (let count = random(5); count > 0; count--) {
    const key = random(4) === 0 ? nastyText(random) : (KEYS[random(KEYS.length)] ?? 'model');
    scalerMetadata[key] = nastyText(random);
  }
  return {
    name: random(3) === 0 ? nastyText(random) : `so-${random(2_000)}`,
    namespace: random(3) === 0 ? nastyText(random) : 'llm',
    scalerMetadata,
  };
}

const DOCUMENTS = [
  'policy: default\nminReplicas: 1\nmaxReplicas: 4\nupscaleDelay: 30s\nburst: {threshold: 1.5, hold: 1m}\n',
  'calendar: c\ntimezone: America/New_York\ncovers: {from: 2026-01-01, to: 2026-12-31}\nsessions:\n  regular: {days: mon-fri, hours: "09:30-16:00"}\nholidays:\n  - {date: 2026-11-26, name: T}\nwindows:\n  - {name: w, on: regular, from: open-30m, to: close, floor: 2, lead: auto}\n',
] as const;

/** A document of ours with some of its characters, lines or parts replaced by worse. */
export function nastyYaml(random: Random): string {
  let text: string = DOCUMENTS[random(DOCUMENTS.length)] ?? '';
  for (let edits = random(4); edits >= 0; edits--) {
    const from = random(text.length + 1);
    text = text.slice(0, from) + nastyText(random) + text.slice(from + random(12));
  }
  return text;
}

/** Reads a document with everything that reads documents. Throws only if one of them does. */
export function readEverywhere(text: string): void {
  for (const { value } of parseYaml(text, 'fuzz.yaml').documents) {
    readPolicy(value);
    readCalendar(value, 0);
  }
}

export interface Target {
  readonly grpcAddress: string;
  readonly httpAddress: string;
}

export interface Fuzzer {
  /** Sends one input of each kind in turn; rejects only where the answer is one that must never be given. */
  next(): Promise<void>;
  /** Answers by kind and code. */
  readonly answers: Map<string, number>;
  close(): void;
}

/** One sender of hostile inputs; run several side by side. */
export function aFuzzer({ grpcAddress, httpAddress }: Target, seed: number): Fuzzer {
  const random = aRandom(seed);
  const keda = new KedaClient(grpcAddress);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const answers = new Map<string, number>();
  const port = Number(grpcAddress.split(':').at(-1));
  let session: ClientHttp2Session | null = null;
  let turn = 0;
  const count = (answer: string): void => void answers.set(answer, (answers.get(answer) ?? 0) + 1);

  async function grpc(): Promise<void> {
    const method = (['getMetricSpec', 'getMetrics', 'isActive'] as const)[random(3)] ?? 'isActive';
    const ref = nastyRef(random);
    const code = await (method === 'getMetrics'
      ? keda.getMetrics(ref, nastyText(random), 5_000)
      : keda[method](ref)
    ).then(
      () => 0,
      (reason: { code?: number }) => reason.code ?? -1,
    );
    count(`grpc ${code}`);
    // 13 is INTERNAL, 2 UNKNOWN: something threw.
    if (code === 2 || code === 13)
      throw new Error(`gRPC answered ${code} to ${method} of ${JSON.stringify(ref)}`);
  }

  async function frames(): Promise<void> {
    if (session === null || session.destroyed || session.closed) {
      session = connectHttp2(`http://${grpcAddress}`);
      session.on('error', () => {});
    }
    const path = ['IsActive', 'StreamIsActive', 'GetMetrics', 'StreamMetricSpec', ''][random(5)];
    const stream = session.request({
      ':method': 'POST',
      ':path': `/externalscaler.ExternalScaler/${path}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => {});
    stream.resume();
    const body = Buffer.from(Array.from({ length: random(60) }, () => random(256)));
    const head = Buffer.from([random(8) === 0 ? 1 : 0, 0, 0, 0, random(8) === 0 ? 255 : body.length]);
    stream.end(Buffer.concat([head, body]));
    await Promise.race([once(stream, 'response'), once(stream, 'close')]).catch(() => {});
    stream.close();
    count('frame');
  }

  function bytes(): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        const preface = random(2) === 0 ? 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' : '';
        socket.end(
          Buffer.concat([
            Buffer.from(preface),
            Buffer.from(Array.from({ length: random(200) }, () => random(256))),
          ]),
        );
      });
      socket.setTimeout(300, () => socket.destroy());
      socket.on('error', () => {});
      socket.resume();
      socket.on('close', () => {
        count('bytes');
        resolve();
      });
    });
  }

  async function http(): Promise<void> {
    const encode = random(2) === 0 ? encodeURIComponent : encodeURI;
    const safe = (text: string): string => encode(text.replace(/\p{Surrogate}/gu, '?'));
    const [a, b, c] = [nastyText(random), nastyText(random), nastyText(random)].map(safe);
    const paths = [
      `/v1/fleets/${a}/${b}/explain?at=${c}`,
      `/v1/fleets/llm/vllm/explain?set.${a}=${b}`,
      `/v1/fleets/llm/vllm/explain?set.ongoing=${random(100)}&set.minReplicas=${c}`,
      `/v1/fleets/llm/vllm/explain?at=${Math.floor(Date.now() / 1000) - random(100)}`,
      `/${a}`,
      `/v1/fleets/llm/vllm/explain?at=${c}&role=${a}&model=${b}`,
    ];
    const code = await new Promise<number>((resolve) => {
      const sent = request(
        `${httpAddress}${paths[random(paths.length)]}`,
        { agent, headers: { accept: random(2) === 0 ? 'text/plain' : '*/*' } },
        (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode ?? 0));
          answer.on('error', () => resolve(-1));
        },
      );
      sent.on('error', () => resolve(-1));
      sent.end();
    });
    count(`http ${code}`);
    if (code === 500 || code === -1) throw new Error(`HTTP answered ${code}`);
  }

  async function texts(): Promise<void> {
    readEverywhere(nastyYaml(random));
    const { namespace, name, scalerMetadata } = nastyRef(random);
    readTrigger({ namespace, name, metadata: scalerMetadata }, ANYTHING);
    count('yaml and metadata');
  }

  // Connections are dear: one in twenty inputs is one.
  const kinds = [
    grpc,
    texts,
    grpc,
    http,
    texts,
    frames,
    grpc,
    texts,
    http,
    frames,
    texts,
    grpc,
    texts,
    frames,
    http,
    texts,
    grpc,
    texts,
    frames,
    bytes,
  ];
  return {
    answers,
    next: () => (kinds[turn++ % kinds.length] ?? grpc)(),
    close() {
      keda.close();
      session?.destroy();
      agent.destroy();
    },
  };
}

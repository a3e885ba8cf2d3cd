import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pointsIn } from '../../src/ingest/points.ts';
import { createPrometheusClient } from '../../src/ingest/prometheus-client.ts';
import { createPrometheusSource, type PrometheusSourceOptions } from '../../src/ingest/prometheus-source.ts';
import { answerVector, type FakePrometheus, startFakePrometheus } from '../support/fake-prometheus.ts';
import { freePort } from '../support/prometheus.ts';
import { AT, aFleet } from './builders.ts';

const NEVER = new AbortController().signal;

let fake: FakePrometheus;
beforeEach(async () => {
  fake = await startFakePrometheus();
});
afterEach(() => fake.stop());

const aBody = (over: object) =>
  JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] }, ...over });

async function answerTo(respond: FakePrometheus['respond'], over: object = {}) {
  fake.respond = respond;
  const client = createPrometheusClient({ url: fake.url, timeout: 400, maxResponseBytes: 10_000, ...over });
  const answer = await client.query('up', AT, NEVER);
  await client.close();
  return answer.ok ? { ...answer, value: [...pointsIn(answer.value)] } : answer;
}

describe('an answer that is none', () => {
  const send =
    (status: number, body: string, headers: Record<string, string> = {}): FakePrometheus['respond'] =>
    (_, response) =>
      void response.writeHead(status, headers).end(body);

  it.each<{ name: string; respond: FakePrometheus['respond']; error: string | RegExp }>([
    {
      name: 'HTML',
      respond: send(200, '<!doctype html><p>log in</p>'),
      error: 'answered 200 with HTML instead of JSON (a login page, or a wrong address)',
    },
    { name: 'nothing', respond: send(200, ''), error: 'answered 200 with nothing' },
    {
      name: 'half of the JSON',
      respond: send(200, aBody({}).slice(0, 30)),
      error: /no JSON, or with half of it$/,
    },
    {
      name: 'a redirect',
      respond: send(302, '', { location: 'http://secret@x/' }),
      error: /^answered 302: a redirect/,
    },
    {
      name: '401',
      respond: send(401, 'token s3cret'),
      error: 'answered 401: it does not accept our credentials',
    },
    { name: '503 without JSON', respond: send(503, 'upstream down'), error: /^answered 503 with something/ },
    {
      name: "Prometheus' own error",
      respond: send(422, JSON.stringify({ status: 'error', errorType: 'execution', error: 'bad\nluck' })),
      error: 'answered 422: bad luck',
    },
    {
      name: 'a partial answer',
      respond: send(200, aBody({ warnings: ['store 10.0.0.1 is down'] })),
      error: 'answered in part only: store 10.0.0.1 is down',
    },
    {
      name: 'another type',
      respond: send(200, aBody({ data: { resultType: 'matrix', result: [] } })),
      error: /a matrix, where/,
    },
    {
      name: 'rows that are none',
      respond: send(200, aBody({ data: { resultType: 'vector', result: [1] } })),
      error: /not one$/,
    },
    { name: 'null', respond: send(200, 'null'), error: /no JSON/ },
    {
      name: 'too much',
      respond: send(200, aBody({ padding: 'x'.repeat(20_000) })),
      error: 'answered with more than 9.8 KiB',
    },
    { name: 'silence', respond: () => undefined, error: 'did not answer within 400ms' },
    { name: 'a closed connection', respond: (_, response) => void response.destroy(), error: /broke/ },
    {
      name: 'half of the body',
      respond: (_, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"status":', () => response.destroy());
      },
      error: /broke/,
    },
    {
      name: 'a body that trickles without end',
      respond: (_, response) => {
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
      error: 'did not answer within 400ms',
    },
  ])('becomes one sentence: $name', async ({ respond, error }) => {
    const answer = await answerTo(respond);
    if (answer.ok) throw new Error('this must have failed');
    if (typeof error === 'string') expect(answer.error).toBe(error);
    else expect(answer.error).toMatch(error);
    expect(answer.error).not.toMatch(/s3cret|secret@/);
  });

  it('stops reading at the limit, however much is still to come', async () => {
    let sent = 0;
    const answer = await answerTo(
      (_, response) => {
        const more = () => {
          while (!response.destroyed && sent < 500_000_000) {
            sent += 65_536;
            if (!response.write('x'.repeat(65_536))) return void response.once('drain', more);
          }
          response.end();
        };
        more();
      },
      { timeout: 20_000 },
    );
    expect(answer).toMatchObject({ ok: false, tooLarge: true });
    expect(sent).toBeLessThan(50_000_000);
  });

  it("hears Retry-After, and takes PromQL's remarks for no failure", async () => {
    expect(await answerTo(send(429, 'slow down', { 'retry-after': '7' }))).toMatchObject({
      ok: false,
      retryAfter: 7_000,
    });
    expect(
      await answerTo(send(200, aBody({ warnings: ['PromQL info: metric might not be a counter'] }))),
    ).toEqual({
      ok: true,
      value: [],
    });
  });

  it('takes NaN and the infinities for no values', async () => {
    const values = ['NaN', '+Inf', '-Inf', '', '1.5'].map((value) => ({ metric: {}, value }));
    expect(await answerTo(answerVector(values))).toEqual({ ok: true, value: [{ metric: {}, value: 1.5 }] });
  });

  it('is a sentence when nobody listens', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await answerTo(() => undefined, { url })).toMatchObject({
      ok: false,
      error: 'refused the connection',
    });
  });
});

describe('a request', () => {
  it('keeps prefix and query of the address, and carries constant headers', async () => {
    await answerTo(answerVector([]), {
      url: `${fake.url}/prom/?tenant=a%20b`,
      headers: { 'X-Scope-OrgID': 'desk' },
    });
    expect(fake.seen[0]?.path).toBe('/prom/api/v1/query?tenant=a%20b');
    expect(fake.seen[0]?.headers['x-scope-orgid']).toBe('desk');
    expect(fake.seen[0]?.form.get('time')).toBe((AT / 1000).toFixed(3));
  });

  it('refuses an address with a password, without repeating it', () => {
    const create = () => createPrometheusClient({ url: 'http://user:s3cret@x/', timeout: 1 });
    expect(create).toThrow('prometheus.url: must be an http(s) address without user and password');
  });

  it('reads secrets again when their files change, and says which file is missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-'));
    const bearerTokenFile = join(folder, 'token');
    const client = createPrometheusClient({ url: fake.url, timeout: 1_000, bearerTokenFile });
    const missing = await client.query('up', AT, NEVER);
    expect(missing).toMatchObject({
      ok: false,
      error: `cannot be asked: there is no file ${bearerTokenFile}`,
    });
    for (const token of ['first', 'the second']) {
      await writeFile(bearerTokenFile, `${token}\n`);
      await client.query('up', AT, NEVER);
    }
    await client.close();
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'pässword\n');
    await answerTo(answerVector([]), { basicAuth: { username: 'u', passwordFile } });
    const basic = `Basic ${Buffer.from('u:pässword').toString('base64')}`;
    expect(fake.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first',
      'Bearer the second',
      basic,
    ]);
    await rm(folder, { recursive: true });
  });
});

describe('a source that fails', () => {
  let clock = AT;
  function aSource(over: Partial<PrometheusSourceOptions> = {}) {
    clock = AT;
    const options = {
      url: fake.url,
      timeout: 400,
      settle: 2_000,
      staleAfter: 60_000,
      now: () => clock,
      random: () => 1,
    };
    return createPrometheusSource({ ...options, ...over });
  }
  const broken: FakePrometheus['respond'] = (_, response) => void response.writeHead(500).end('oops');

  it('is asked no more after three failures, then by one probe, and comes back by itself', async () => {
    fake.respond = broken;
    const source = aSource();
    const read = async () => {
      const before = fake.seen.length;
      const sample = (await source.read(clock, [], NEVER)).sampleOf(aFleet());
      clock += 2_000;
      return { why: sample.why, asked: fake.seen.length - before };
    };
    for (const _ of [1, 2, 3]) expect((await read()).asked).toBeGreaterThan(0);
    const refused = await read();
    expect(refused.asked).toBe(0);
    expect(refused.why).toMatch(/answered 500 .*3 failures in a row, asked again in \d s/);
    expect(source.status().error).toBe(refused.why);
    clock += 5_000;
    expect((await read()).asked).toBe(1);
    fake.respond = answerVector([]);
    clock += 10_000;
    expect((await read()).why).toBe('no series of model m in namespace llm');
    expect(source.status()).toMatchObject({ up: true, error: null, lastSuccess: clock - 2_000 });
    await source.close();
  });

  it('waits as long as a 429 asks for', async () => {
    fake.respond = (_, response) => void response.writeHead(429, { 'retry-after': '60' }).end();
    const source = aSource();
    await source.read(clock, [], NEVER);
    const asked = fake.seen.length;
    clock += 59_000;
    await source.read(clock, [], NEVER);
    expect(fake.seen.length).toBe(asked);
    clock += 1_000;
    await source.read(clock, [], NEVER);
    expect(fake.seen.length).toBeGreaterThan(asked);
    await source.close();
  });

  it('has one cycle under way at a time', async () => {
    const source = aSource();
    const [first, second] = await Promise.all([source.read(clock, [], NEVER), source.read(clock, [], NEVER)]);
    expect(first?.sampleOf(aFleet()).why).toBe('no series of model m in namespace llm');
    expect(second?.sampleOf(aFleet()).why).toBe('the cycle before still waits for Prometheus');
    await source.close();
  });

  it('asks about the instant `settle` before', async () => {
    const source = aSource();
    await source.read(AT, [], NEVER);
    expect(new Set(fake.seen.map(({ form }) => form.get('time')))).toEqual(
      new Set([((AT - 2_000) / 1000).toFixed(3)]),
    );
    await source.close();
  });

  it('holds what it does not need as a note, and what it needs as a failure', async () => {
    const failing =
      (text: string): FakePrometheus['respond'] =>
      (request, response) =>
        (request.form.get('query')?.includes(text) ? broken : answerVector([]))(request, response);
    fake.respond = failing('kube_deployment');
    const source = aSource();
    expect((await source.read(AT, [], NEVER)).sampleOf(aFleet()).notes).toEqual([
      'replica counts of kube-state-metrics could not be read: Prometheus answered 500 with something that is no JSON, or with half of it',
    ]);
    fake.respond = failing('timestamp(');
    expect((await source.read(AT, [], NEVER)).sampleOf(aFleet()).why).toMatch(
      /^the age of the samples could not be read: /,
    );
    await source.close();
  });

  it('reads history in smaller chunks when an answer is too large, and rejects when there is none', async () => {
    const sizes = new Set<number>();
    fake.respond = ({ form }, response) => {
      const points = (Number(form.get('end')) - Number(form.get('start'))) / Number(form.get('step')) + 1;
      sizes.add(Math.round(points));
      const error = 'exceeded maximum resolution of 11,000 points per timeseries';
      if (points > 60) return void response.writeHead(400).end(JSON.stringify({ status: 'error', error }));
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } }));
    };
    const source = aSource();
    const fleet = aFleet();
    const range = { from: AT - 600_000, to: AT, step: 5_000 };
    const past = await source.history(range, [fleet], NEVER);
    expect(past.get(fleet.key)?.samples.map(({ at }) => at)).toEqual(
      Array.from({ length: 121 }, (_, k) => range.from + k * 5_000),
    );
    expect(Math.min(...sizes)).toBeLessThanOrEqual(50);
    fake.respond = broken;
    await expect(source.history(range, [fleet], NEVER)).rejects.toThrow('history: Prometheus answered 500');
    const gone = AbortSignal.abort(new Error('not needed any more'));
    await expect(source.history(range, [fleet], gone)).rejects.toThrow('not needed any more');
    await source.close();
  });
});

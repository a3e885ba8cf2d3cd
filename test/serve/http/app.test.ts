import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScalerError, type ScalerErrorCode } from '../../../src/core/scaler-error.ts';
import { explainText } from '../../../src/serve/explain-text.ts';
import { createApp } from '../../../src/serve/http/app.ts';
import { loadAssets } from '../../../src/serve/http/assets.ts';
import { recordJson } from '../../../src/serve/http/record-json.ts';
import { aHealth, aLine, aRecord, aScaler, NOW } from '../../support/scaler-stub.ts';

const assets = loadAssets();
const EXPLAIN = '/v1/fleets/llm/vllm/explain';

function setUp(scaler = aScaler()) {
  const logged: unknown[] = [];
  const note = (fields: unknown) => void logged.push(fields);
  const log = { info: note, warn: note, error: note };
  const app = createApp({ scaler, metricsText: async () => 'up 1\n', assets, now: () => NOW, log });
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await app.request(`http://127.0.0.1${path}`, { headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
  };
  return { app, scaler, logged, get };
}

/** The problem document that an answer must be. */
function expectProblem(
  answer: Awaited<ReturnType<ReturnType<typeof setUp>['get']>>,
  status: number,
  detail: string | RegExp,
) {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.json()).toEqual({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
  });
}

describe('probes', () => {
  it('lives', async () => {
    expect(await setUp().get('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
  });

  it('is ready, with the source and the revision as detail', async () => {
    const answer = await setUp().get('/readyz');
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      ready: true,
      lastTurn: '2026-11-23T14:31:05Z',
      source: { name: 'prometheus', up: true, error: null, lastSuccess: '2026-11-23T14:31:05Z', requests: 6 },
      revision: '3f9a1c07',
      refused: [],
      evaluationInterval: 5_000,
    });
  });

  it('stays ready while Prometheus is dead and a reload was refused', async () => {
    const { get, scaler } = setUp();
    scaler.healthNow = aHealth({
      source: { name: 'prometheus', up: false, error: 'no answer within 3s', lastSuccess: null, requests: 1 },
      refused: ['policies/a.yaml:1:1 maxReplicas: must be given, was missing'],
    });
    const answer = await get('/readyz');
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({
      source: { up: false, error: 'no answer within 3s' },
      refused: [expect.any(String)],
    });
  });

  it('is not ready while the loop does not turn', async () => {
    const { get, scaler } = setUp();
    scaler.healthNow = aHealth({ ready: false, lastTurn: null });
    const answer = await get('/readyz');
    expect(answer).toMatchObject({ status: 503 });
    expect(answer.json()).toMatchObject({ ready: false, lastTurn: null });
  });
});

it('serves the metrics as Prometheus text', async () => {
  const answer = await setUp().get('/metrics');
  expect(answer).toMatchObject({ status: 200, text: 'up 1\n' });
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
});

describe('GET /v1/fleets', () => {
  it('has a line for every fleet, decided or not', async () => {
    const id = { namespace: 'research', name: 'new', role: 'replicas', model: 'm', matchLabels: {} } as const;
    const answer = await setUp(aScaler([aLine(), { id, mode: 'advisory', record: null }])).get('/v1/fleets');
    expect(answer.json()).toEqual([
      {
        namespace: 'llm',
        name: 'vllm',
        role: 'replicas',
        model: 'qwen3-32b',
        mode: 'active',
        replicas: 2,
        ready: 2,
        reason: 'a rise to 4 wanted for 20s of 30s',
        at: '2026-11-23T14:31:05Z',
        held: null,
      },
      expect.objectContaining({
        namespace: 'research',
        mode: 'advisory',
        replicas: null,
        ready: null,
        reason: null,
        at: null,
      }),
    ]);
  });
});

describe('explain', () => {
  it('answers the record as JSON', async () => {
    const answer = await setUp().get(EXPLAIN);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual(recordJson(aRecord()));
  });

  it.each([
    { accept: 'text/plain', type: 'text/plain' },
    { accept: 'text/plain, */*;q=0.1', type: 'text/plain' },
    { accept: 'text/*', type: 'text/plain' },
    { accept: '*/*', type: 'application/json' },
    { accept: 'application/json, text/plain, */*', type: 'text/plain' },
    { accept: 'application/json, text/plain;q=0.5', type: 'application/json' },
    { accept: 'text/plain;q=0', type: 'application/json' },
    { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', type: 'application/json' },
    { accept: ';;,,q=', type: 'application/json' },
  ])('answers "$accept" with $type', async ({ accept, type }) => {
    const answer = await setUp().get(EXPLAIN, { accept });
    expect(answer.headers.get('content-type')).toContain(type);
    if (type === 'text/plain') expect(answer.text).toBe(explainText(recordJson(aRecord())));
    else expect(answer.json()).toMatchObject({ replicas: 2 });
  });

  it('asks about a past instant and what if', async () => {
    const { get, scaler } = setUp();
    const answer = await get(`${EXPLAIN}?at=2026-11-23T09:31:00-05:00&set.minReplicas=3&set.ongoing=80`);
    expect(answer.json()).toMatchObject({ recomputed: true });
    expect(scaler.asked).toEqual({
      namespace: 'llm',
      name: 'vllm',
      role: 'replicas',
      model: 'qwen3-32b',
      at: Date.parse('2026-11-23T14:31:00Z'),
      set: { minReplicas: '3', ongoing: '80' },
    });
  });

  it('forgives the plus of an offset that nobody encoded', async () => {
    const { get, scaler } = setUp();
    await get(`${EXPLAIN}?at=2026-11-23T15:31:00+01:00`);
    expect(scaler.asked?.at).toBe(Date.parse('2026-11-23T14:31:00Z'));
  });

  it.each([
    { query: 'at=yesterday', detail: /^at: must be ISO 8601 .* was "yesterday"$/ },
    { query: 'at=2026-11-23T09:31:00', detail: /^at: must be ISO 8601/ },
    { query: 'at=99999999999999', detail: /^at: must be ISO 8601/ },
    { query: 'role=bufer', detail: 'role: must be replicas or buffer, was "bufer"' },
    {
      query: 'modl=x',
      detail: /^"modl": must be one of role, model, at or set\.FIELD \(did you mean "model"\?\)$/,
    },
    { query: 'set.=1', detail: /must be one of/ },
    { query: 'role=replicas&role=buffer', detail: 'role: must be given once' },
  ])('refuses ?$query', async ({ query, detail }) => {
    expectProblem(await setUp().get(`${EXPLAIN}?${query}`), 400, detail);
  });

  it.each([
    { path: '/v1/fleets/llm/vlm/explain', detail: 'no fleet "llm/vlm" (did you mean "llm/vllm"?)' },
    { path: `${EXPLAIN}?role=buffer`, detail: 'no fleet llm/vllm with role buffer; it has role replicas' },
    { path: `${EXPLAIN}?model=gpt`, detail: 'no fleet llm/vllm with model "gpt"; it has "qwen3-32b"' },
    { path: '/v1/fleets/llm/vllm/nothing', detail: /no such path/ },
  ])('does not find $path', async ({ path, detail }) => {
    expectProblem(await setUp().get(path), 404, detail);
  });

  it('asks for the model where one ScaledObject has several, and tells them apart', async () => {
    const other = aLine({ fleet: { ...aRecord().fleet, model: 'bge-m3' }, replicas: 1 });
    const { get } = setUp(aScaler([aLine(), other]));
    expectProblem(
      await get(EXPLAIN),
      400,
      'model: must be one of "qwen3-32b", "bge-m3": llm/vllm has several',
    );
    expect((await get(`${EXPLAIN}?model=bge-m3`)).json()).toMatchObject({ replicas: 1 });
  });

  it.each([
    ['invalid', 400],
    ['not-found', 404],
    ['refused', 409],
    ['unavailable', 503],
    ['exhausted', 429],
    ['internal', 500],
  ] satisfies [ScalerErrorCode, number][])('turns an error %s into %d', async (code, status) => {
    const { get, scaler } = setUp();
    scaler.failure = new ScalerError(code, 'because');
    const answer = await get(EXPLAIN);
    expectProblem(answer, status, 'because');
    expect(answer.headers.get('retry-after')).toBe(status === 429 || status === 503 ? '1' : null);
  });

  it('logs what it did not expect, and tells the caller nothing of it', async () => {
    const { get, scaler, logged } = setUp();
    scaler.failure = new Error('password hunter2');
    expectProblem(await get(EXPLAIN), 500, 'internal error; the log has the details');
    expect(logged).toEqual([{ err: scaler.failure, path: EXPLAIN }]);
  });
});

describe('what the page draws', () => {
  it('is columns of equal length without the points that draw nothing', async () => {
    const { get, scaler } = setUp();
    const point = { demand: 1, floor: 0, replicas: 1, ready: 1 };
    scaler.chart = () => [
      ...[0, 5, 10, 15].map((seconds) => ({ ...point, at: seconds * 1000 })),
      { ...point, at: 20_000, demand: null },
    ];
    expect((await get('/v1/fleets/llm/vllm/chart')).json()).toEqual({
      at: [0, 15, 20],
      demand: [1, 1, null],
      floor: [0, 0, 0],
      replicas: [1, 1, 1],
      ready: [1, 1, 1],
    });
  });

  it('has the calendar of the next day, what is in force first', async () => {
    const agenda = (await setUp().get('/v1/fleets/llm/vllm/agenda')).json();
    expect(agenda[0]).toEqual({
      at: '2026-11-23T14:31:05Z',
      floor: 2,
      ceiling: null,
      windows: ['market-hours'],
    });
    expect(agenda).toHaveLength(5);
  });
});

describe('pages', () => {
  it('escapes what others named', async () => {
    const evil = `<img src=x onerror=alert(1)>"'&`;
    const fleet = { namespace: 'llm', name: evil, role: 'replicas' as const, model: evil, matchLabels: {} };
    const line = aLine({ fleet, reason: evil, bounds: { ...aRecord().bounds, windows: [evil] } });
    const { get, scaler } = setUp(aScaler([line]));
    scaler.healthNow = aHealth({ refused: [evil] });
    const list = await get('/');
    const href =
      /href="(\/fleets\/[^"]+)"/.exec(list.text)?.[1]?.replaceAll('&amp;', '&').replaceAll('&#39;', "'") ??
      '';
    const page = await get(href);
    expect(page.status).toBe(200);
    for (const { text } of [list, page]) {
      expect(text).not.toContain('<img');
      expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    }
  });

  it('show an unknown fleet as a page with status 404', async () => {
    const answer = await setUp().get('/fleets/llm/vlm');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.text).toContain('did you mean &quot;llm/vllm&quot;?');
  });

  it('are whole without JavaScript: number, steps, timers and calendar are in the HTML', async () => {
    const { text } = await setUp().get('/fleets/llm/vllm');
    for (const { reason } of aRecord().steps) expect(text).toContain(reason);
    for (const words of ['because a rise to 4', 'rise to 4 if still wanted', 'opening-burst', 'in 10s']) {
      expect(text).toContain(words);
    }
  });

  it('take scripts and styles only from a hashed path, for good', async () => {
    const { get } = setUp();
    const { text } = await get('/');
    const links = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
    expect(links.length).toBe(5);
    expect(text).not.toMatch(/<script(?![^>]*src=)|style="|https?:/);
    for (const path of links) {
      const asset = await get(path);
      expect(asset.status).toBe(200);
      expect(asset.headers.get('cache-control')).toContain('immutable');
      expect(asset.headers.get('content-type')).toMatch(/javascript|css|svg/);
    }
    expectProblem(await get('/assets/000000000000/page.js'), 404, 'no such file');
    expectProblem(await get(`/assets/${assets.hash}/..%2Fserver.ts`), 404, 'no such file');
  });
});

describe('openapi.json', () => {
  it('lists every route that is served, and no other', async () => {
    const { app, get } = setUp();
    const served = app.routes
      .filter(({ method }) => method === 'GET')
      .map(({ path }) => path.replace(/:(\w+)/g, '{$1}'));
    const document = (await get('/openapi.json')).json();
    expect(Object.keys(document.paths).sort()).toEqual([...new Set(served)].sort());
    expect(served.length).toBeGreaterThan(8);
  });

  it('describes each path parameter and the record', async () => {
    const { paths } = (await setUp().get('/openapi.json')).json();
    const { parameters, responses } = paths['/v1/fleets/{namespace}/{name}/explain'].get;
    expect(parameters.map(({ name }: { name: string }) => name)).toEqual([
      'namespace',
      'name',
      'role',
      'model',
      'at',
      'set',
    ]);
    const { schema } = responses['200'].content['application/json'];
    expect(schema.required).toEqual(
      expect.arrayContaining(['fleet', 'at', 'replicas', 'reason', 'steps', 'next']),
    );
  });
});

describe('hostile requests', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses %s', async (method) => {
    const response = await setUp().app.request('http://127.0.0.1/v1/fleets', { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('answers HEAD as GET without a body', async () => {
    const response = await setUp().app.request('http://127.0.0.1/v1/fleets', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it('sets the security headers on answers and on errors', async () => {
    const { get } = setUp();
    for (const path of ['/', EXPLAIN, '/nothing', '/%', '/metrics']) {
      const { headers } = await get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("script-src 'self'");
      expect(headers.get('content-security-policy')).not.toContain('unsafe');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  it.each([
    ['/v1/fleets/%/x/explain', 400, 'the path must be percent-encoded UTF-8'],
    ['/v1/fleets/%ff/x/explain', 400, 'the path must be percent-encoded UTF-8'],
    ['/v1/fleets/a%00b/x/explain', 400, 'the path must not hold NUL'],
    [`${EXPLAIN}?model=%00`, 400, 'the query must not hold NUL'],
    [`${EXPLAIN}?model=%zz`, 400, 'the query must be percent-encoded UTF-8'],
    ['/v1/fleets/..%2f..%2fetc/passwd/explain', 404, /^no fleet "\.\.\/\.\.\/etc\/passwd"/],
    [`${EXPLAIN}?model=${'a'.repeat(5_000)}`, 414, /at most 4096 characters/],
  ])('refuses %s', async (path, status, detail) => {
    expectProblem(await setUp().get(path), status, detail);
  });

  it('never fails inside, whatever the path and query hold', async () => {
    const { get, logged } = setUp();
    const piece = fc.oneof(
      fc
        .string({ unit: 'binary', maxLength: 20 })
        .map((text) => text.replaceAll(/[\ud800-\udfff]/g, ''))
        .map(encodeURIComponent),
      fc.constantFrom(
        '%',
        '%0',
        '%00',
        '%2e%2e',
        '..',
        '%2f',
        '%25',
        '__proto__',
        'constructor',
        'llm',
        'vllm',
        '%F0%9F',
        "'",
        '<',
        '{',
        ':',
      ),
    );
    const route = fc.constantFrom('/v1/fleets/', '/fleets/', '/assets/', '/');
    const key = fc.constantFrom('at', 'role', 'model', 'set.minReplicas', 'set.__proto__', '__proto__', 'x');
    await fc.assert(
      fc.asyncProperty(
        route,
        fc.array(piece, { maxLength: 4 }),
        key,
        piece,
        async (start, parts, name, value) => {
          const answer = await get(`${start}${parts.join('/')}?${name}=${value}`);
          expect([200, 400, 404]).toContain(answer.status);
          if (answer.headers.get('content-type') === 'application/problem+json') {
            expect(answer.json()).toMatchObject({ status: answer.status });
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(logged).toEqual([]);
  });
});

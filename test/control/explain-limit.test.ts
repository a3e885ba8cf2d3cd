import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Control } from '../../src/control/control.ts';
import { ScalerError } from '../../src/core/scaler-error.ts';
import { type HttpServer, startHttpServer } from '../../src/serve/http/server.ts';
import { aRevision, ScriptedSource, silent } from '../support/control.ts';
import { aSample } from '../support/decision.ts';

const T0 = 1_790_000_000_000;
const PAST = { namespace: 'llm', name: 'vllm', role: 'replicas' as const, at: T0 - 60_000 };

let control: Control;
let source: ScriptedSource;
let http: HttpServer | undefined;

beforeEach(async () => {
  source = new ScriptedSource((_fleet, at) => aSample(at, { running: 30, ready: 3 }));
  control = new Control({ revision: aRevision(), source, log: silent, now: () => T0 });
  const fleet = control.resolve({ namespace: 'llm', name: 'vllm', metadata: { model: 'm' } });
  if (fleet instanceof ScalerError) throw fleet;
  await control.turn(T0);
  await control.settled(fleet);
  source.historyDelay = new Promise(() => {});
});
afterEach(async () => {
  vi.useRealTimers();
  control.close();
  await http?.close();
  http = undefined;
});

it('answers 429 with Retry-After over HTTP while two past instants are recomputed, and current ones as always', async () => {
  http = await startHttpServer({
    scaler: control,
    metricsText: async () => '',
    address: '127.0.0.1:0',
    log: silent,
    now: () => T0,
  });
  const url = `http://127.0.0.1:${http.port}/v1/fleets/llm/vllm/explain`;
  const past = `${url}?at=${new Date(PAST.at).toISOString()}`;
  const leave = new AbortController();
  const waiting = [1, 2].map(() => fetch(past, { signal: leave.signal }).catch(() => undefined));
  await vi.waitFor(() => expect(source.asked.length).toBeGreaterThanOrEqual(3));
  const third = await fetch(past);
  expect(third.status).toBe(429);
  expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await third.json()).toMatchObject({ detail: expect.stringContaining('recomputations are running') });
  expect((await fetch(url)).status).toBe(200);
  leave.abort();
  await Promise.all(waiting);
});

it('gives a recomputation up after its time limit, and has room for the next one', async () => {
  vi.useFakeTimers();
  const late = [control.explain(PAST), control.explain(PAST)].map((one) => one.catch((reason) => reason));
  await vi.advanceTimersByTimeAsync(10_001);
  for (const reason of await Promise.all(late))
    expect(reason).toMatchObject({ code: 'unavailable', message: expect.stringContaining('within 10s') });
  source.historyDelay = Promise.resolve();
  expect(await control.explain(PAST)).toMatchObject({ at: PAST.at, recomputed: true });
});

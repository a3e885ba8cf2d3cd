import { afterEach, describe, expect, it } from 'vitest';
import { fromPrometheus, MissingSeries } from '../../src/cli/backtest-prometheus.ts';
import { traceFromHistory } from '../../src/simulate/trace-from-history.ts';
import { type FakePrometheus, startFakePrometheus } from '../support/fake-prometheus.ts';

const FROM = Date.UTC(2026, 0, 5, 14);
const MINUTE = 60_000;
const flags = { fleet: 'llm/vllm', from: FROM, to: FROM + 30 * MINUTE, seed: 1 };
const never = new AbortController().signal;

let fake: FakePrometheus | null = null;
afterEach(() => fake?.stop());

/** Prompts of 64 to 128 tokens, answers of 8 to 16. */
const HISTOGRAMS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  prompt: { 64: 0, 128: 900, '+Inf': 900 },
  generation: { 8: 0, 16: 900, '+Inf': 900 },
};

/** A Prometheus in which `finished` requests end in every two minutes and `ongoing` are under way at an instant. */
async function serve(finished: (at: number) => number | null, ongoing: (at: number) => number = () => 0) {
  fake = await startFakePrometheus(({ path, form }, response) => {
    const query = form.get('query') ?? '';
    const answer = (data: object) => response.end(JSON.stringify({ status: 'success', data }));
    if (path.endsWith('/query')) {
      const counts = HISTOGRAMS[query.includes('prompt') ? 'prompt' : 'generation'] ?? {};
      const result = Object.entries(counts).map(([le, count]) => ({
        metric: { le },
        value: [0, String(count)],
      }));
      return answer({ resultType: 'vector', result });
    }
    const value = query.includes('request_success') ? finished : ongoing;
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(form.get(name)));
    const values: [number, string][] = [];
    for (let at = start ?? 0; at <= (end ?? 0); at += step ?? 1) {
      const known = value(at * 1000);
      if (known !== null) values.push([at, String(known)]);
    }
    answer({ resultType: 'matrix', result: values.length === 0 ? [] : [{ metric: {}, values }] });
  });
  return fake;
}

describe('requests out of Prometheus', () => {
  it('are as many as finished, in their minutes, with lengths of the histograms', async () => {
    const { url } = await serve(() => 60);
    const { trace, note } = await fromPrometheus({ ...flags, prometheus: url }, never);
    expect(trace.length).toBe(900);
    for (let minute = 0; minute < 30; minute++) {
      const from = FROM + minute * MINUTE;
      expect(trace.arrivedAt.filter((at) => at >= from && at < from + MINUTE)).toHaveLength(30);
    }
    expect(Math.min(...trace.promptTokens)).toBeGreaterThanOrEqual(64);
    expect(Math.max(...trace.promptTokens)).toBeLessThanOrEqual(128);
    expect(Math.min(...trace.outputTokens)).toBeGreaterThanOrEqual(8);
    expect(Math.max(...trace.outputTokens)).toBeLessThanOrEqual(16);
    expect(note.notes.join(' ')).toContain('bursts shorter than that are flattened');
  });

  it('count by conservation what came and has not finished', async () => {
    // Nothing ends; ten more are under way after each of the first five minutes.
    const { url } = await serve(
      () => 0,
      (at) => Math.min(50, Math.max(0, ((at - FROM) / MINUTE) * 10)),
    );
    const { trace } = await fromPrometheus({ ...flags, prometheus: url }, never);
    expect(trace.length).toBe(50);
    expect(trace.arrivedAt.at(-1)).toBeLessThan(FROM + 5 * MINUTE);
  });

  it('ask for the pods of one workload of one namespace, quoted', async () => {
    const { url, seen } = await serve(() => 60);
    await fromPrometheus({ ...flags, prometheus: url }, never);
    const queries = seen.map(({ form }) => form.get('query') ?? '');
    expect(queries.length).toBeGreaterThan(3);
    for (const query of queries) expect(query).toContain('namespace="llm", pod=~"vllm-[a-z0-9-]+"');
  });

  it('are missing where the series are, which is said with the address and the time', async () => {
    const { url } = await serve(() => null);
    const read = fromPrometheus({ ...flags, prometheus: url }, never);
    await expect(read).rejects.toThrow(MissingSeries);
    await expect(read).rejects.toThrow(
      `${url}: has no vllm:request_success_total of pods llm/vllm-… between 2026-01-05T14:00:00Z and 2026-01-05T14:30:00Z`,
    );
  });

  it('are an error where Prometheus answers with one', async () => {
    fake = await startFakePrometheus((_, response) => {
      response.statusCode = 503;
      response.end('{"status": "error", "error": "TSDB not ready"}');
    });
    await expect(fromPrometheus({ ...flags, prometheus: fake.url }, never)).rejects.toThrow('TSDB not ready');
  });

  it.each([
    { given: { fleet: 'vllm' }, says: '--fleet: must be NAMESPACE/NAME, was "vllm"' },
    { given: { fleet: 'llm/vllm"} or up' }, says: '--fleet: must be NAMESPACE/NAME' },
    { given: { to: FROM }, says: '--to must be after --from' },
    { given: { to: FROM + 100 * 86_400_000 }, says: 'at most 60 days apart' },
  ])('refuse $given', async ({ given, says }) => {
    await expect(
      fromPrometheus({ ...flags, prometheus: 'http://127.0.0.1:9', ...given }, never),
    ).rejects.toThrow(says);
  });
});

describe('a trace out of a history', () => {
  it('keeps the sum of fractions', () => {
    const steps = Array.from({ length: 100 }, (_, index) => ({ at: index * MINUTE, arrivals: 0.25 }));
    const lengths = [{ le: 10, count: 1 }];
    const trace = traceFromHistory(
      { steps, stepMs: MINUTE, promptTokens: lengths, outputTokens: lengths },
      1,
    );
    expect(trace.length).toBe(25);
  });

  it('knows of the bucket above all bounds only that it is above', () => {
    const lengths = [
      { le: 100, count: 0 },
      { le: Number.POSITIVE_INFINITY, count: 5 },
    ];
    const steps = [{ at: 0, arrivals: 20 }];
    const trace = traceFromHistory(
      { steps, stepMs: MINUTE, promptTokens: lengths, outputTokens: lengths },
      1,
    );
    expect(new Set(trace.promptTokens)).toEqual(new Set([100]));
  });
});

import type { FirstTokenStats } from './stats.ts';
import { quantile } from './stats.ts';

/** The scenario against a fleet of somebody's own, over an OpenAI-compatible API. */
export interface LiveOptions {
  /** Base of the API, with or without `/v1`. */
  readonly url: string;
  /** Null asks the server which it serves. */
  readonly model: string | null;
  readonly apiKey: string | null;
  readonly requests: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly clientTimeoutMs: number;
  readonly objectiveMs: number;
  readonly signal: AbortSignal;
}

export interface LiveResult {
  readonly model: string;
  readonly stats: FirstTokenStats;
  /** Why requests failed, and how many for each reason, the commonest first. */
  readonly failures: readonly { readonly reason: string; readonly count: number }[];
}

/** Sends all requests at once and measures, as a client does, from the send to the first token that has text in it. */
export async function runLiveCascade(options: LiveOptions): Promise<LiveResult> {
  const base = `${options.url.replace(/\/+$/, '').replace(/\/v1$/, '')}/v1`;
  const model = options.model ?? (await firstModel(base, options));
  const outcomes = await Promise.all(
    Array.from({ length: options.requests }, (_, index) => ask(base, model, index, options)),
  );
  return { model, stats: statsOf(outcomes, options.objectiveMs), failures: failuresOf(outcomes) };
}

type Outcome =
  | { readonly firstTokenMs: number; readonly failed: null }
  | { readonly firstTokenMs: null; readonly failed: string };

function headersOf({ apiKey }: LiveOptions): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'text/event-stream',
    ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
  };
}

async function firstModel(base: string, options: LiveOptions): Promise<string> {
  const response = await fetch(`${base}/models`, { headers: headersOf(options), signal: options.signal });
  if (!response.ok) throw new Error(`${base}/models answered ${response.status}; name the model by --model`);
  const { data } = (await response.json()) as { readonly data?: readonly { readonly id?: unknown }[] };
  const id = data?.[0]?.id;
  if (typeof id !== 'string') throw new Error(`${base}/models names no model; name it by --model`);
  return id;
}

async function ask(base: string, model: string, index: number, options: LiveOptions): Promise<Outcome> {
  const sentAt = performance.now();
  const timeout = AbortSignal.timeout(options.clientTimeoutMs);
  const failed = (reason: string): Outcome => ({ firstTokenMs: null, failed: reason });
  try {
    const response = await fetch(`${base}/chat/completions`, {
      method: 'POST',
      headers: headersOf(options),
      signal: AbortSignal.any([timeout, options.signal]),
      body: JSON.stringify({
        model,
        stream: true,
        max_tokens: options.outputTokens,
        messages: [{ role: 'user', content: promptOf(index, options.promptTokens) }],
      }),
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      return failed(`HTTP ${response.status}`);
    }
    const firstTokenMs = await firstToken(response.body, sentAt);
    return firstTokenMs === null ? failed('ended without a token') : { firstTokenMs, failed: null };
  } catch (reason) {
    if (options.signal.aborted) return failed('interrupted');
    return failed(timeout.aborted ? 'timeout' : reasonOf(reason));
  }
}

/** Reads server-sent events up to the first with text, then hangs up: the rest would only hold the fleet. */
async function firstToken(body: ReadableStream<Uint8Array>, sentAt: number): Promise<number | null> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = (lines.pop() ?? '').slice(-1_000_000);
    if (lines.some(hasText)) return performance.now() - sentAt;
  }
  return null;
}

function hasText(line: string): boolean {
  if (!line.startsWith('data:') || line.includes('[DONE]')) return false;
  try {
    const event = JSON.parse(line.slice('data:'.length)) as {
      readonly choices?: readonly {
        readonly text?: unknown;
        readonly delta?: { readonly content?: unknown; readonly reasoning_content?: unknown };
      }[];
    };
    const [choice] = event.choices ?? [];
    const text = choice?.delta?.content ?? choice?.delta?.reasoning_content ?? choice?.text;
    return typeof text === 'string' && text !== '';
  } catch {
    return false;
  }
}

/** About that many tokens, and its beginning unlike any other's, so that no prefix cache helps. */
function promptOf(index: number, tokens: number): string {
  const words = Array.from(
    { length: Math.max(1, tokens - 8) },
    (_, word) => `item ${(word * 7 + index) % 97}`,
  );
  return `Request ${index}, ${Math.round(performance.now() * 1000)}. Summarise: ${words.slice(0, Math.ceil(tokens / 2)).join(' ')}`;
}

function reasonOf(reason: unknown): string {
  const { cause } = reason as { readonly cause?: { readonly code?: string } };
  return cause?.code ?? (reason instanceof Error ? reason.message : 'failed');
}

function statsOf(outcomes: readonly Outcome[], objectiveMs: number): FirstTokenStats {
  const times = outcomes
    .map(({ firstTokenMs }) => firstTokenMs ?? Number.POSITIVE_INFINITY)
    .sort((a, b) => a - b);
  const at = (q: number) => {
    const value = quantile(times, q);
    return value === undefined || !Number.isFinite(value) ? null : value;
  };
  const failed = outcomes.filter((outcome) => outcome.failed !== null).length;
  return {
    requests: outcomes.length,
    finished: outcomes.length - failed,
    failed,
    inFlight: 0,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    late: times.filter((ms) => ms > objectiveMs).length,
  };
}

function failuresOf(outcomes: readonly Outcome[]): LiveResult['failures'] {
  const counts = new Map<string, number>();
  for (const { failed } of outcomes) if (failed !== null) counts.set(failed, (counts.get(failed) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
}

import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseInstant } from '../core/instant.ts';
import { explainText } from '../serve/explain-text.ts';
import { RecordJson } from '../serve/http/record-json.ts';
import type { Io } from './io.ts';

const TIMEOUT = 15_000;

interface Flags {
  readonly at?: string;
  readonly role?: string;
  readonly model?: string;
  readonly server: string;
  readonly tokenFile?: string;
  readonly set: Readonly<Record<string, string>>;
  readonly json: boolean;
}

/** `bellwether explain`: why N, asked of a running scaler. Exit 1: no such fleet; 2: usage, or no answer. */
export function explainCommand(io: Io): Command {
  return new Command('explain')
    .description('why a fleet has the replicas it has, from a running scaler')
    .argument('<namespace/name>', "the ScaledObject's namespace and name")
    .option('--at <time>', 'a past instant: ISO 8601 with Z or an offset, or Unix seconds', time)
    .addOption(
      new Option('--role <role>', 'which trigger (default: replicas)').choices(['replicas', 'buffer']),
    )
    .option('--model <model>', 'which fleet, where one ScaledObject has several')
    .addOption(
      new Option('--server <url>', 'the HTTP address of the scaler')
        .env('BELLWETHER_SERVER')
        .default('http://127.0.0.1:8080'),
    )
    .option('--token-file <file>', 'holds the bearer token, where the scaler asks for one')
    .option('--set <field=value...>', 'what if: a policy field, ongoing or ready; changes nothing', pair, {})
    .option('--json', 'the record as one JSON document', false)
    .addHelpText(
      'after',
      `
Examples:
  $ bellwether explain llm/vllm
  $ bellwether explain llm/vllm --at 2026-11-23T09:31:00-05:00
  $ bellwether explain llm/vllm --set minReplicas=3 --set ongoing=80`,
    )
    .action((fleet: string, flags: Flags) => run(io, fleet, flags));
}

function time(text: string): string {
  if (parseInstant(text) === undefined) {
    throw new InvalidArgumentError('must be ISO 8601 with Z or an offset, or Unix seconds.');
  }
  return text;
}

function pair(text: string, previous: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('must be FIELD=VALUE, as in minReplicas=3.');
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}

/** What keeps an answer away, and the exit code it means. */
class Failure extends Error {
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

async function run(io: Io, fleet: string, flags: Flags): Promise<void> {
  try {
    const record = await ask(urlOf(fleet, flags), await headersOf(flags));
    io.out(flags.json ? JSON.stringify(record) : explainText(record, { color: io.color }).trimEnd());
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    io.err(`explain: ${error.message}`);
    io.setExitCode(error.exitCode);
  }
}

function urlOf(fleet: string, { server, at, role, model, set }: Flags): URL {
  const [namespace, name, ...rest] = fleet.split('/');
  if (!namespace || !name || rest.length > 0) {
    throw new Failure(2, `the fleet must be NAMESPACE/NAME, was ${JSON.stringify(fleet)}`);
  }
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new Failure(2, `--server must be an http:// or https:// URL, was ${JSON.stringify(server)}`);
  }
  const path = `v1/fleets/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/explain`;
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`;
  for (const [key, value] of Object.entries({ at, role, model })) {
    if (value !== undefined) url.searchParams.set(key, value);
  }
  for (const [key, value] of Object.entries(set)) url.searchParams.set(`set.${key}`, value);
  return url;
}

async function headersOf({ tokenFile }: Flags): Promise<Record<string, string>> {
  if (tokenFile === undefined) return { accept: 'application/json' };
  try {
    const token = (await readFile(tokenFile, 'utf8')).trim();
    return { accept: 'application/json', authorization: `Bearer ${token}` };
  } catch (error) {
    throw new Failure(2, `the token file cannot be read: ${wordsOf(error)}`, { cause: error });
  }
}

async function ask(url: URL, headers: Record<string, string>): Promise<RecordJson> {
  const { status, ok, text } = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT) })
    .then(async (response) => ({ status: response.status, ok: response.ok, text: await response.text() }))
    .catch((error: unknown) => {
      throw new Failure(2, `no answer from ${url.origin}: ${wordsOf(error)}`, { cause: error });
    });
  const body = json(text);
  if (ok) {
    const record = RecordJson.safeParse(body);
    if (record.success) return record.data;
    throw new Failure(2, `${url.origin} does not answer as a Bellwether of this version does`);
  }
  const detail = (body as { detail?: unknown } | undefined)?.detail;
  // A 404 without our problem document is somebody else's server, not a missing fleet.
  const missing = status === 404 && typeof detail === 'string';
  throw new Failure(
    missing ? 1 : 2,
    typeof detail === 'string' ? detail : `${url.origin} answered with status ${status}`,
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch hides what happened in its cause. */
function wordsOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.name === 'TimeoutError'
    ? `nothing within ${TIMEOUT / 1000}s`
    : cause.message || String((cause as { code?: string }).code);
}

import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { ScalerError } from '../core/scaler-error.ts';
import { duration } from '../simulate/backtest/table.ts';
import { type CascadeOptions, simulateCascade } from '../simulate/cascade.ts';
import { type LiveResult, runLiveCascade } from '../simulate/cascade-live.ts';
import { cascadeReport, differences } from '../simulate/cascade-report.ts';
import { DEFAULT_COLD_START, type Draw } from '../simulate/pod.ts';
import { DEFAULT_PROFILE, type ReplicaProfile } from '../simulate/profiles.ts';
import { CHAT_TOKENS } from '../simulate/workload.ts';
import { durationArgument, wholeArgument } from './arguments.ts';
import { coldStartArgument, profileArgument } from './backtest-arguments.ts';
import type { Io } from './io.ts';

interface Flags {
  readonly requests: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly clientTimeout: number;
  readonly profile: ReplicaProfile;
  readonly coldStart: Draw;
  readonly seed: number;
  readonly url?: string;
  readonly model?: string;
  readonly apiKeyFile?: string;
  readonly json: boolean;
}

/** `bellwether simulate …`: one scenario, played through. */
export function simulateCommand(io: Io): Command {
  const cascade = new Command('cold-start-cascade')
    .description(
      'everybody asks at once: a fleet at zero, one with a floor, one whose calendar led it in; or your own',
    )
    .option('--requests <n>', 'in the same instant', wholeArgument(1, 10_000), 40)
    .option(
      '--prompt-tokens <n>',
      'mean length of a prompt',
      wholeArgument(1, 100_000),
      CHAT_TOKENS.promptMean,
    )
    .option(
      '--output-tokens <n>',
      'mean length of an answer',
      wholeArgument(1, 100_000),
      CHAT_TOKENS.outputMean,
    )
    .option('--client-timeout <time>', 'a client without a first token hangs up', durationArgument, 30_000)
    .option('--profile <name>', 'GPU and model (docs/simulator.md)', profileArgument, DEFAULT_PROFILE)
    .option(
      '--cold-start <time>',
      '95s, or lognormal(95s,0.35), which is the default',
      coldStartArgument,
      DEFAULT_COLD_START.start,
    )
    .option('--seed <n>', 'which cold starts and lengths', wholeArgument(0, 1_000_000), 1)
    .option('--url <url>', 'not simulated: against this OpenAI-compatible server', urlArgument)
    .option('--model <name>', 'with --url: the model (default: the first that the server names)')
    .option('--api-key-file <file>', 'with --url: holds the bearer token')
    .option('--json', 'one JSON document', false)
    .addHelpText(
      'after',
      '\nExamples:\n  $ bellwether simulate cold-start-cascade\n  $ kubectl scale deployment/vllm --replicas=0 && bellwether simulate cold-start-cascade --url http://gateway:8000 --client-timeout 5m',
    )
    .action((flags: Flags) => guarded(io, flags));
  return new Command('simulate').description('play one scenario through').addCommand(cascade);
}

function urlArgument(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('It must be an http or https address.');
}

async function guarded(io: Io, flags: Flags): Promise<void> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  try {
    if (flags.url === undefined) simulated(io, flags);
    else await live(io, flags, flags.url, interrupted.signal);
  } catch (reason) {
    if (!(reason instanceof ScalerError)) throw reason;
    io.err(`error: ${reason.message}`);
    io.setExitCode(2);
  } finally {
    process.off('SIGINT', interrupt);
  }
}

function simulated(io: Io, flags: Flags): void {
  const options: CascadeOptions = {
    seed: flags.seed,
    profile: flags.profile,
    start: flags.coldStart,
    requests: flags.requests,
    tokens: {
      ...CHAT_TOKENS,
      promptMean: flags.promptTokens,
      promptMax: Math.max(CHAT_TOKENS.promptMax, 4 * flags.promptTokens),
      outputMean: flags.outputTokens,
      outputMax: Math.max(CHAT_TOKENS.outputMax, 4 * flags.outputTokens),
    },
    clientTimeoutMs: flags.clientTimeout,
  };
  const rows = simulateCascade(options);
  if (flags.json)
    io.out(JSON.stringify({ options, rows, why: differences(rows, options).slice(1) }, null, 2));
  else io.out(cascadeReport(rows, options));
}

async function live(io: Io, flags: Flags, url: string, signal: AbortSignal): Promise<void> {
  const apiKey = flags.apiKeyFile === undefined ? null : await readKey(flags.apiKeyFile);
  const result = await runLiveCascade({
    url,
    model: flags.model ?? null,
    apiKey,
    requests: flags.requests,
    promptTokens: flags.promptTokens,
    outputTokens: flags.outputTokens,
    clientTimeoutMs: flags.clientTimeout,
    objectiveMs: 2_000,
    signal,
  }).catch((reason: Error) => {
    throw new ScalerError('unavailable', `${url}: ${causeOf(reason)}`, { cause: reason });
  });
  if (signal.aborted) {
    io.err('stopped');
    return io.setExitCode(130);
  }
  io.out(flags.json ? JSON.stringify({ url, ...result }, null, 2) : liveReport(url, result));
}

function causeOf(reason: Error): string {
  const { cause } = reason as { readonly cause?: { readonly code?: string } };
  return cause?.code ?? reason.message;
}

async function readKey(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (reason) {
    throw new ScalerError('not-found', `${file}: cannot be read (${(reason as NodeJS.ErrnoException).code})`);
  }
}

function liveReport(url: string, { model, stats, failures }: LiveResult): string {
  return [
    `${stats.requests} requests in the same instant to ${model} at ${url}`,
    `time to first token: p50 ${duration(stats.p50)}, p95 ${duration(stats.p95)}, p99 ${duration(stats.p99)} (a failure is slower than all)`,
    `failed: ${stats.failed} of ${stats.requests}${failures.map(({ reason, count }) => `\n  ${count} x ${reason}`).join('')}`,
  ].join('\n');
}

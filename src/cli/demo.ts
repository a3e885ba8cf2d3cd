import { Command, InvalidArgumentError } from 'commander';
import { ScalerError } from '../core/scaler-error.ts';
import { type Demo, type DemoOptions, runDemo } from '../simulate/demo.ts';
import { comparison, marketTime, resultJson, stageLine, statusTable } from '../simulate/demo-report.ts';
import { DEMO_DATE, DEMO_ZONE, demoMorning, type Stage } from '../simulate/morning.ts';
import type { StartScaler } from '../simulate/scaler-under-demo.ts';
import type { Io } from './io.ts';
import { createStatusArea } from './status-area.ts';

interface Flags {
  readonly once: boolean;
  readonly realtime: boolean;
  readonly json: boolean;
  readonly seed: number;
  readonly port: number;
  /** Virtual seconds per second of real time; undefined: as fast as it goes. */
  readonly speed?: number;
}

/** `bellwether demo`: a trading morning on one machine, without a cluster. */
export function demoCommand(io: Io, startScaler: StartScaler): Command {
  return new Command('demo')
    .description(
      'a trading morning on this machine: simulated vLLM fleet, the real scaler, KEDA and HPA as a driver',
    )
    .option('--once', 'end after the morning, with exit 0', false)
    .option('--realtime', 'unaccelerated, through a real Prometheus (found in PATH): 25 minutes', false)
    .option('--speed <factor>', 'virtual seconds per second (default: as fast as it goes)', positive)
    .option('--seed <n>', 'which morning', whole, 1)
    .option('--port <n>', 'port of the explain page (default: a free one)', whole, 0)
    .option('--json', 'print one JSON document at the end and nothing else', false)
    .addHelpText(
      'after',
      '\nExamples:\n  $ bellwether demo                  a morning in seconds, then the page stays\n  $ bellwether demo --once --json    for scripts',
    )
    .action((flags: Flags) => demo(io, startScaler, flags));
}

async function demo(io: Io, startScaler: StartScaler, flags: Flags): Promise<void> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const finished = await morning(io, { startScaler, flags, signal: interrupted.signal });
    io.out(
      flags.json ? JSON.stringify(resultJson(finished.result), null, 2) : `\n${comparison(finished.result)}`,
    );
    if (!finished.result.complete) io.setExitCode(130);
    if (!flags.once && !interrupted.signal.aborted) await keepServing(io, finished, interrupted.signal);
    await finished.close();
  } catch (reason) {
    if (!(reason instanceof ScalerError)) throw reason;
    io.err(reason.message);
    io.setExitCode(2);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

interface Run {
  readonly startScaler: StartScaler;
  readonly flags: Flags;
  readonly signal: AbortSignal;
}

async function morning(io: Io, { startScaler, flags, signal }: Run): Promise<Demo> {
  if (flags.realtime) {
    if (!flags.json)
      io.out('The bell rings in ten minutes, by the clock (UTC); 25 minutes in all. Ctrl-C ends early.');
    const { runRealtimeDemo } = await import('../simulate/demo-realtime.ts');
    return runRealtimeDemo({
      startScaler,
      seed: flags.seed,
      port: flags.port,
      signal,
      ...telling(io, flags, { everyMs: 60_000, zone: 'UTC' }),
    });
  }
  const { start, end } = demoMorning();
  if (!flags.json) {
    io.out(
      `${DEMO_DATE} in New York, a regular session: ${marketTime(start)} to ${marketTime(end)}, virtual time.`,
    );
    io.out(
      '40 analysts sit down at the bell, 09:30. Two fleets get the same questions; one of them has the calendar.',
    );
  }
  return runDemo({
    startScaler,
    seed: flags.seed,
    port: flags.port,
    signal,
    ...telling(io, flags, { everyMs: 900_000, zone: DEMO_ZONE }),
  });
}

interface Telling {
  /** A plain line is due this often even without news, ms of the morning's time. */
  readonly everyMs: number;
  readonly zone: string;
}

/** What is shown while it runs: a status area on a terminal, else a line when something changes and every `everyMs`. */
function telling(
  io: Io,
  flags: Flags,
  { everyMs, zone }: Telling,
): Pick<DemoOptions, 'onStart' | 'onInstant'> {
  const area = flags.json || !io.color ? null : createStatusArea(process.stdout);
  const shown = new Map<string, string>();
  const pace = pacer(flags.realtime ? undefined : flags.speed);
  return {
    onStart: ({ httpAddress }) => {
      if (!flags.json) io.out(`explain page: ${httpAddress}\n`);
    },
    onInstant: async (at, stages) => {
      if (area) area.show(statusTable(at, stages, zone));
      if (area === null && !flags.json) {
        for (const stage of stages.filter((stage) => isNews(shown, stage, at, everyMs))) {
          io.out(stageLine(at, stage, zone));
        }
      }
      await pace(at);
    },
  };
}

/** Whether replicas of the stage changed since its last line, or a line is due anyway. */
function isNews(shown: Map<string, string>, stage: Stage, at: number, everyMs: number): boolean {
  const { specReplicas, readyReplicas } = stage.world.fleet;
  const state = `${specReplicas}/${readyReplicas}`;
  const news = shown.get(stage.label) !== state || at % everyMs === 0;
  shown.set(stage.label, state);
  return news;
}

/** Waits until `speed` virtual seconds per real second have passed. */
function pacer(speed: number | undefined): (at: number) => Promise<void> {
  let origin: { readonly virtual: number; readonly real: number } | null = null;
  return async (at) => {
    if (speed === undefined) return;
    origin ??= { virtual: at, real: performance.now() };
    const due = origin.real + (at - origin.virtual) / speed;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  };
}

async function keepServing(io: Io, { scaler }: Demo, signal: AbortSignal): Promise<void> {
  io.err(`\nThe explain page stays at ${scaler.httpAddress}; Ctrl-C ends.`);
  const alive = setInterval(() => {}, 60_000);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearInterval(alive);
}

function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('must be a whole number from 0 to 65535');
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('must be a number above 0');
  return value;
}

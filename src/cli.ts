#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { startSmall } from './cli/heap.ts';
import { type Io, processIo } from './cli/io.ts';

/** Each command with what it takes to run it, loaded only when it is asked for: `serve` needs no simulator. */
const COMMANDS: Readonly<Record<string, (io: Io) => Promise<Command>>> = {
  serve: async (io) => {
    startSmall();
    return (await import('./cli/serve.ts')).serveCommand(io);
  },
  demo: async (io) => {
    const { startDemoScaler } = await import('./cli/start-demo-scaler.ts');
    return (await import('./cli/demo.ts')).demoCommand(io, startDemoScaler);
  },
  check: async (io) => (await import('./cli/check.ts')).checkCommand(io),
  explain: async (io) => (await import('./cli/explain.ts')).explainCommand(io),
  replay: async (io) => (await import('./cli/replay.ts')).replayCommand(io),
  calendar: async (io) => (await import('./cli/calendar.ts')).calendarCommand(io),
  schema: async (io) => (await import('./cli/schema.ts')).schemaCommand(io),
  simulate: async (io) => (await import('./cli/simulate.ts')).simulateCommand(io),
  backtest: async (io) => (await import('./cli/backtest.ts')).backtestCommand(io),
  translate: async (io) => (await import('./cli/translate.ts')).translateCommand(io),
};

const version: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;

const io = processIo();
const program = new Command('bellwether')
  .description(
    'KEDA external scaler for vLLM GPU fleets: queue depth and market hours in, replicas and reasons out',
  )
  .version(version)
  .addHelpText(
    'after',
    '\nExit codes: 0 ok; 1 the input was read and is wrong; 2 usage, missing file, network.',
  );
// Without a command of ours in its place all are loaded: for help, and to say what a misspelt one most likely means.
const asked = process.argv[2] ?? '';
for (const name of Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS)) {
  const command = await COMMANDS[name]?.(io);
  if (command) program.addCommand(command);
}

for (const command of [program, ...everyCommand(program)])
  command.exitOverride().showHelpAfterError('(--help tells more)');

try {
  await program.parseAsync();
} catch (reason) {
  if (!(reason instanceof CommanderError)) throw reason;
  // Commander has said it already: help and version are results, everything else is wrong usage.
  io.setExitCode(reason.exitCode === 0 ? 0 : 2);
}

function everyCommand(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...everyCommand(child)]);
}

#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { calendarCommand } from './cli/calendar.ts';
import { checkCommand } from './cli/check.ts';
import { demoCommand } from './cli/demo.ts';
import { explainCommand } from './cli/explain.ts';
import { processIo } from './cli/io.ts';
import { replayCommand } from './cli/replay.ts';
import { schemaCommand } from './cli/schema.ts';
import { serveCommand } from './cli/serve.ts';
import { startDemoScaler } from './cli/start-demo-scaler.ts';
import { translateCommand } from './cli/translate.ts';

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
  )
  .addCommand(serveCommand(io))
  .addCommand(demoCommand(io, startDemoScaler))
  .addCommand(checkCommand(io))
  .addCommand(explainCommand(io))
  .addCommand(replayCommand(io))
  .addCommand(calendarCommand(io))
  .addCommand(schemaCommand(io))
  .addCommand(translateCommand(io));

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

import { Command, Option } from 'commander';
import { loadRevision } from '../config/load.ts';
import { formatProblem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { createLog, type LogLevel } from '../log.ts';
import { openGrpcThread } from '../serve/grpc/thread/start.ts';
import { growWithFleets } from './heap.ts';
import type { Io } from './io.ts';

interface Flags {
  readonly config: string;
  readonly logLevel: LogLevel;
}

/** `bellwether serve`: the scaler itself, until SIGTERM or SIGINT. */
export function serveCommand(io: Io): Command {
  return new Command('serve')
    .description('the scaler: gRPC for KEDA, HTTP for people, the evaluation loop')
    .requiredOption('--config <file>', 'bellwether.yaml')
    .addOption(
      new Option('--log-level <level>', 'what is logged, as JSON to stderr')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .addHelpText('after', '\nExample:\n  $ bellwether serve --config deploy/examples/bellwether.yaml')
    .action((flags: Flags) => serve(io, flags));
}

async function serve(io: Io, { config, logLevel }: Flags): Promise<void> {
  const grpcThread = openGrpcThread();
  const loaded = await loadRevision(config);
  if ('problems' in loaded) {
    for (const problem of loaded.problems) io.err(formatProblem(problem));
    io.setExitCode(loaded.problems.some(({ line }) => line === 0) ? 2 : 1);
    return;
  }
  const log = createLog({ level: logLevel });
  try {
    const { startBellwether } = await import('../main.ts');
    const bellwether = await startBellwether({
      configFile: config,
      revision: loaded.revision,
      log,
      clock: 'real',
      grpcThread,
    });
    growWithFleets();
    const signal = await stopSignal();
    log.info({ signal }, 'stopping');
    process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
    await bellwether.close();
    log.info({}, 'stopped');
  } catch (reason) {
    if (!(reason instanceof ScalerError)) throw reason;
    io.err(reason.message);
    io.setExitCode(2);
  }
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    const stop = (signal: string): void => {
      process.removeListener('SIGTERM', stop).removeListener('SIGINT', stop);
      resolve(signal);
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}

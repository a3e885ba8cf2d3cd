import type { Worker } from 'node:worker_threads';
import type { Level, Logger } from 'pino';
import { startWorker } from '../../start-worker.ts';
import type { GrpcServer, GrpcServerOptions } from '../server.ts';
import { Desk, type FollowedScaler } from './desk.ts';
import { errorOf, type FromThread, type ThreadData, type ToThread } from './messages.ts';

/** As this file is: TypeScript in a checkout, else built. */
const SCRIPT = new URL(
  `../../../grpc-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`,
  import.meta.url,
);

export interface GrpcThreadOptions extends Pick<GrpcServerOptions, 'address' | 'tls' | 'log' | 'limits'> {
  readonly scaler: FollowedScaler;
  /** Told how many calls ended since the last time, with the name of their status. */
  readonly onCalls?: (method: string, code: string, count: number) => void;
  /** One that is open already. */
  readonly worker?: Worker | undefined;
}

/** Starts the thread before it is known what to serve: that it loads its modules meanwhile is a quarter of a start. */
export function openGrpcThread(): Worker {
  const worker = startWorker(SCRIPT, null);
  // Nothing depends on it yet: an error in the configuration ends the process.
  worker.unref();
  return worker;
}

export interface GrpcThread extends Omit<GrpcServer, 'setServing'> {
  /** Resolves once `onCalls` has been told of all calls that ended before, and the thread knows all answers of before. */
  synced(): Promise<void>;
}

/**
 * startGrpcServer on a thread of its own: what an evaluation of many fleets does, and leaves to be collected, keeps no RPC waiting.
 * Answers are sent there after each Snapshot; what is not known there is asked for. Rejects as startGrpcServer does.
 */
export async function startGrpcThread(options: GrpcThreadOptions): Promise<GrpcThread> {
  const { address, tls, limits, log, scaler } = options;
  const data: ThreadData = {
    address,
    logLevel: log.level,
    ...(tls && { tls }),
    ...(limits && { limits }),
  };
  const { worker = openGrpcThread() } = options;
  worker.ref();
  const post = (message: ToThread, transfer: readonly ArrayBuffer[] = []): void =>
    worker.postMessage(message, [...transfer]);
  const desk = new Desk(scaler, post);
  const counts = new Map<number, () => void>();
  let asked = 0;
  const { port, address: taken } = await new Promise<{ port: number; address: string }>((resolve, reject) => {
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'serving') resolve(message);
      else if (message.kind === 'failed') reject(errorOf(message.refusal));
      else if (message.kind === 'log') relay(log, message.line);
      else if (message.kind === 'counted') {
        for (const [call, count] of message.calls) {
          const [method = '', code = ''] = call.split(' ');
          options.onCalls?.(method, code, count);
        }
        counts.get(message.call)?.();
        counts.delete(message.call);
      } else desk.take(message);
    });
    // A defect there is one of the process, as it would be here.
    worker.on('error', (error) => {
      throw error;
    });
    post({ kind: 'start', data });
  }).catch(async (reason: unknown) => {
    await worker.terminate();
    throw reason;
  });

  function counted(kind: 'count' | 'drain'): Promise<void> {
    return new Promise((resolve) => {
      counts.set(++asked, resolve);
      post({ kind, call: asked });
    });
  }

  async function stop(): Promise<void> {
    await counted('drain');
    await worker.terminate();
  }

  let stopping: Promise<void> | null = null;
  return {
    port,
    address: taken,
    synced: () => (stopping === null ? counted('count') : Promise.resolve()),
    drain() {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** A line that the thread logged, as one of this log: it knows where lines go. */
function relay(log: Logger, line: string): void {
  const { level, time, msg, ...fields } = JSON.parse(line) as { level: Level; time: string; msg: string };
  log[level](fields, msg);
}

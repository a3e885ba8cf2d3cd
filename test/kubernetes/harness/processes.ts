import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Every process of a run inherits this variable, by which those that are left behind are found. */
export const RUN_VARIABLE = 'BELLWETHER_E2E_RUN';

const WATCHDOG = fileURLToPath(new URL('./watchdog.mjs', import.meta.url));
/** How long a process may take to end before it is killed, ms. */
const GRACE = 10_000;

export interface ProgramOptions {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Whether it serves; asked again and again until it does. */
  readonly ready: () => Promise<boolean>;
}

/** A program that can be stopped and started again with the same arguments. */
export interface Program {
  readonly name: string;
  /** Resolves once it serves; rejects with the end of its log when it ends before. */
  start(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** All that it said, over all of its starts. */
  said(): Promise<string>;
}

export function aProgram(options: ProgramOptions): Program {
  const { name, folder } = options;
  const logFile = join(folder, `${name}.log`);
  let child: ChildProcess | null = null;
  const said = (): Promise<string> =>
    readFile(logFile, 'utf8').catch((reason: NodeJS.ErrnoException) => {
      // It has not been started yet.
      if (reason.code === 'ENOENT') return '';
      throw reason;
    });
  return {
    name,
    said,
    async start() {
      const started = launch(options, logFile);
      child = started;
      const deadline = Date.now() + 90_000;
      while (!(await options.ready().catch(() => false))) {
        if (hasEnded(started) || Date.now() > deadline)
          throw new Error(`${name} did not start:\n${(await said()).slice(-4_000)}`);
        await pause(100);
      }
    },
    async stop(signal = 'SIGTERM') {
      const ending = child;
      child = null;
      if (ending === null || hasEnded(ending)) return;
      const ended = once(ending, 'exit');
      ending.kill(signal);
      const timer = setTimeout(() => ending.kill('SIGKILL'), GRACE);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** The log is a file of its own, so that a program never waits for us to read what it says. */
function launch({ file, args, env, folder }: ProgramOptions, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  const child = spawn(file, [...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

export interface Run {
  /** Ids of the processes that carry this run's mark, but for ours and the watchdog. */
  leftOver(): readonly number[];
  end(): void;
}

/**
 * Marks all processes that are started from here on, and starts a watchdog that kills them once this process is gone,
 * however it went, and removes their folder, which has all that is temporary.
 */
export function beginRun(folder: string): Run {
  const id = randomUUID();
  const temporary = { TMPDIR: process.env.TMPDIR, KUBECACHEDIR: process.env.KUBECACHEDIR };
  Object.assign(process.env, { [RUN_VARIABLE]: id, TMPDIR: folder, KUBECACHEDIR: join(folder, 'kubectl') });
  const watchdog = spawn(process.execPath, [WATCHDOG, RUN_VARIABLE, id, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  return {
    leftOver: () => markedWith(id).filter((pid) => pid !== process.pid && pid !== watchdog.pid),
    end() {
      for (const [name, value] of Object.entries(temporary))
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      watchdog.stdin?.end();
    },
  };
}

function markedWith(id: string): number[] {
  const mark = `${RUN_VARIABLE}=${id}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environmentOf(pid).split('\0').includes(mark))
    .map(Number);
}

/** Empty where the process ended meanwhile, or is somebody else's. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

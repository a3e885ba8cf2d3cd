import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtCli } from './built-cli.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the real CLI to its end. */
export async function runCli(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  const child = spawn(process.execPath, [builtCli(), ...args], {
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  const output = collect(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output() };
}

export interface ServeProcess {
  readonly pid: number;
  /** `host:port`. */
  readonly grpcAddress: string;
  readonly httpAddress: string;
  /** JSON lines of the log so far. */
  log(): readonly Record<string, unknown>[];
  /** All that it said, on either channel, as it came. */
  said(): string;
  /** Resolves with the exit code once it has ended by itself. */
  readonly exit: Promise<number | null>;
  /** Sends the signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal and resolves with the exit code, null when the signal killed it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `bellwether serve` on a configuration folder made of these files; rejects with its stderr when it does not serve. */
export async function startServe(folder: string): Promise<ServeProcess> {
  const child = spawn(process.execPath, [builtCli(), 'serve', '--config', join(folder, 'bellwether.yaml')]);
  const output = collect(child);
  // The last line may not be whole yet.
  const log = () =>
    output()
      .stderr.split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const serving = new Promise<Record<string, unknown>>((resolve) => {
    const look = (): void => {
      const line = log().find(({ msg }) => msg === 'serving');
      if (!line) return;
      child.stderr?.off('data', look);
      resolve(line);
    };
    child.stderr?.on('data', look);
  });
  const first = await Promise.race([serving, closed]);
  if (Array.isArray(first)) throw new Error(`serve ended with ${first[0]}: ${output().stderr}`);
  return {
    pid: child.pid ?? 0,
    grpcAddress: String(first.grpc),
    httpAddress: String(first.http),
    log,
    said: () => `${output().stdout}${output().stderr}`,
    exit: closed.then(([code]) => code),
    signal: (signal) => void child.kill(signal),
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const [code] = await closed;
      return code;
    },
  };
}

/** A temporary folder with these files. */
export async function aFolder(
  files: Readonly<Record<string, string>>,
): Promise<{ path: string; write(name: string, text: string): Promise<void>; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'bellwether-serve-'));
  const write = (name: string, text: string): Promise<void> => writeFile(join(path, name), text);
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return { path, write, remove: () => rm(path, { recursive: true, force: true }) };
}

function collect(child: ChildProcess): () => { stdout: string; stderr: string } {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return () => ({ stdout, stderr });
}

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own; `address` is the line it printed once it listened. */
export interface ChildServer {
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Starts `file` (beside this one) under the loader of this process and waits for its first line on stdout. The child
 * is to end when its stdin does, so that none outlives a bench that fails.
 */
export async function startChild(file: string, ...args: readonly string[]): Promise<ChildServer> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await firstLine(child);
  return {
    address,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill();
      }),
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it listened`)));
    if (child.stdout) createInterface(child.stdout).once('line', resolve);
  });
}

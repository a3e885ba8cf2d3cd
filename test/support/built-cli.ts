import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WAIT_MS = 120_000;

/**
 * `cli.js` of this checkout, built: it starts three times as fast as from source, which counts where a suite starts a
 * hundred processes. Built once for all files of a run (`setup`), by the first that asks.
 */
export function builtCli(): string {
  process.env.BELLWETHER_TEST_CLI ??= aDirectoryOfOurs();
  const directory = process.env.BELLWETHER_TEST_CLI;
  const done = join(directory, 'done');
  if (!existsSync(done)) {
    if (isFirst(directory)) {
      buildInto(directory);
      writeFileSync(done, '');
    } else waitFor(done);
  }
  return join(directory, 'dist/cli.js');
}

/** Vitest's global setup: one directory for all files of a run, which is gone after an interrupted one too. */
export function setup(): void {
  process.env.BELLWETHER_TEST_CLI = mkdtempSync(join(tmpdir(), 'bellwether-cli-'));
  process.once('exit', teardown);
}

export function teardown(): void {
  rmSync(process.env.BELLWETHER_TEST_CLI ?? '', { recursive: true, force: true });
}

function aDirectoryOfOurs(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bellwether-cli-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function isFirst(directory: string): boolean {
  try {
    mkdirSync(join(directory, 'lock'));
    return true;
  } catch {
    return false;
  }
}

function waitFor(file: string): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; !existsSync(file); waited += 100) {
    if (waited > WAIT_MS) throw new Error('the CLI was not built: see the file that failed first');
    Atomics.wait(cell, 0, 0, 100);
  }
}

function buildInto(directory: string): void {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), join(directory, 'dist')]);
  copyFileSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  for (const name of ['node_modules', 'proto', 'calendars', 'deploy'])
    symlinkSync(join(ROOT, name), join(directory, name));
}

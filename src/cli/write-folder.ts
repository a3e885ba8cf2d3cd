import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ScalerError } from '../core/scaler-error.ts';

/** Files to write, by name. */
export type Files = Readonly<Record<string, string>>;

/**
 * Refuses, before any work is done, a folder that cannot appear at `path` as a whole: something else of that name, or a
 * folder that holds files which are not `names`.
 */
export async function checkFolder(path: string, names: readonly string[]): Promise<void> {
  const there = await readdir(path).catch((reason: NodeJS.ErrnoException) => {
    if (reason.code === 'ENOENT') return [];
    throw new ScalerError(
      'invalid',
      `--out ${path}: must be a folder or nothing (${reason.code ?? 'unknown'})`,
    );
  });
  const foreign = there.filter((name) => !names.includes(name));
  if (foreign.length > 0)
    throw new ScalerError(
      'invalid',
      `--out ${path}: must be empty or hold an earlier report, held ${foreign.slice(0, 3).join(', ')}`,
    );
}

/** The folder with all its files appears in one rename, or not at all. */
export async function writeFolder(path: string, files: Files): Promise<void> {
  const target = resolve(path);
  await mkdir(dirname(target), { recursive: true });
  const partial = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(partial, name), content);
    // mkdtemp keeps others out; a report is for others.
    await chmod(partial, 0o755);
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
  } catch (reason) {
    await rm(partial, { recursive: true, force: true });
    throw new ScalerError(
      'invalid',
      `--out ${path}: cannot be written (${(reason as NodeJS.ErrnoException).code ?? 'unknown'})`,
      { cause: reason },
    );
  }
}

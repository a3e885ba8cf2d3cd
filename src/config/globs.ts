import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

export interface GlobMatches {
  /** Files in alphabetical order; a pattern without wildcards matches itself, there or not. */
  readonly files: readonly string[];
  /** Directories whose content decides what matches: what a watcher has to watch. */
  readonly directories: readonly string[];
}

const WILDCARD = /[*?]/;

/**
 * Files that match `pattern`, which is relative to `directory`. `*` and `?` stay within one name, `**` is any number of
 * directories; names that begin with a dot are never matched by a wildcard (a ConfigMap keeps its `..data` beside the files).
 */
export async function expandGlob(directory: string, pattern: string): Promise<GlobMatches> {
  const segments = pattern.split('/').filter((segment) => segment !== '' && segment !== '.');
  const found = { files: new Set<string>(), directories: new Set<string>() };
  await walk(isAbsolute(pattern) ? '/' : directory, segments, found);
  return { files: [...found.files].sort(), directories: [...found.directories].sort() };
}

interface Found {
  readonly files: Set<string>;
  readonly directories: Set<string>;
}

async function walk(directory: string, segments: readonly string[], found: Found): Promise<void> {
  const [segment, ...rest] = segments;
  if (segment === undefined) return;
  if (!WILDCARD.test(segment)) {
    const path = join(directory, segment);
    if (rest.length > 0) return walk(path, rest, found);
    found.directories.add(directory);
    found.files.add(path);
    return;
  }
  found.directories.add(directory);
  if (segment === '**') await walk(directory, rest.length > 0 ? rest : ['*'], found);
  for (const entry of await entriesOf(directory)) {
    if (entry.name.startsWith('.') || !(segment === '**' || matches(segment, entry.name))) continue;
    await enter(join(directory, entry.name), entry, segment === '**' ? segments : rest, found);
  }
}

/** What a matching entry leads to: a file if nothing of the pattern is left, else the directory below it. */
async function enter(path: string, entry: Dirent, rest: readonly string[], found: Found): Promise<void> {
  // `**` does not follow links, which may lead back up.
  const isLink = entry.isSymbolicLink();
  const isDirectory = isLink ? rest[0] !== '**' && (await isDirectoryAt(path)) : entry.isDirectory();
  if (rest.length > 0 && isDirectory) await walk(path, rest, found);
  if (rest.length === 0 && !isDirectory) found.files.add(path);
}

async function isDirectoryAt(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  return readdir(directory, { withFileTypes: true }).catch(() => []);
}

function matches(segment: string, name: string): boolean {
  const pattern = segment
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${pattern}$`, 's').test(name);
}

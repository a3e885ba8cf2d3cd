import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { hasErrors, type Problem } from '../core/problem.ts';
import { buildRevision } from './load.ts';
import type { Revision } from './revision.ts';
import { gatherSources, type Sources } from './sources.ts';

export interface WatchOptions {
  /** bellwether.yaml. */
  readonly file: string;
  /** What loadRevision gave; it serves until a better one is on disk. */
  readonly initial: Revision;
  onRevision(revision: Revision): void;
  /** Called once for each state of the files that is refused; the last good revision stays. */
  onRefused(problems: readonly Problem[]): void;
  /** How long after an event the files are read: an editor's save and a ConfigMap's swap are several events. */
  readonly debounceMs?: number;
  /** How often the files are read without any event: notifications get lost (NFS, replaced directories). */
  readonly pollMs?: number;
}

export interface RevisionWatch {
  current(): Revision;
  /** Why what is on disk does not serve; empty when it does. */
  refused(): readonly Problem[];
  /** Reads the files now, without an event. Resolves when `current()` and `refused()` tell of them. */
  check(): Promise<void>;
  close(): void;
}

/**
 * Follows bellwether.yaml and all files that it names. Directories are watched, not files, because files are replaced:
 * by an editor's rename, by the `..data` link of a mounted ConfigMap. What an event was about does not matter: all files
 * are read and their hash tells whether anything changed.
 */
export function watchRevision(options: WatchOptions): RevisionWatch {
  const watcher = new RevisionWatcher(options);
  watcher.start();
  return {
    current: () => watcher.revision,
    refused: () => watcher.problems,
    check: () => watcher.check(),
    close: () => watcher.close(),
  };
}

class RevisionWatcher {
  revision: Revision;
  problems: readonly Problem[] = [];
  readonly #options: WatchOptions;
  readonly #directories: DirectoryWatches;
  #digest: string | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #debounce: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.revision = options.initial;
    this.#directories = new DirectoryWatches(() => this.#soon());
  }

  start(): void {
    this.#poll = setInterval(() => void this.check(), this.#options.pollMs ?? 10_000).unref();
    void this.check();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#debounce);
    clearInterval(this.#poll);
    this.#directories.close();
  }

  /** One reading at a time; asked for while one runs, another follows it. */
  check(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  #soon(): void {
    clearTimeout(this.#debounce);
    this.#debounce = setTimeout(() => void this.check(), this.#options.debounceMs ?? 200).unref();
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      const sources = await gatherSources(this.#options.file);
      if (this.#closed) return;
      this.#accept(sources);
      // What changed before a new watch was in place is seen by reading once more.
      if (await this.#directories.follow(sources.directories)) this.#again = true;
    }
  }

  #accept(sources: Sources): void {
    if (sources.digest === this.#digest) return;
    this.#digest = sources.digest;
    const loaded = buildRevision(sources);
    if ('problems' in loaded) {
      this.problems = loaded.problems;
      this.#options.onRefused(loaded.problems);
      return;
    }
    const wasRefused = hasErrors(this.problems);
    this.problems = [];
    if (loaded.revision.id === this.revision.id && !wasRefused) return;
    this.revision = loaded.revision;
    this.#options.onRevision(loaded.revision);
  }
}

/** Watches of directories, told apart by inode and birth (inodes are reused): one that was replaced is watched anew. */
class DirectoryWatches {
  readonly #onEvent: () => void;
  readonly #watches = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>();

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches these directories and no others; true if any watch is new. A directory that is not there is left to the poll. */
  async follow(directories: readonly string[]): Promise<boolean> {
    for (const path of this.#watches.keys()) if (!directories.includes(path)) this.#drop(path);
    let isNew = false;
    for (const path of directories) {
      const identity = await stat(path).then(
        ({ ino, birthtimeMs }) => `${ino} ${birthtimeMs}`,
        () => undefined,
      );
      if (this.#watches.get(path)?.identity === identity) continue;
      this.#drop(path);
      if (identity !== undefined && this.#add(path, identity)) isNew = true;
    }
    return isNew;
  }

  close(): void {
    for (const path of [...this.#watches.keys()]) this.#drop(path);
  }

  #add(path: string, identity: string): boolean {
    try {
      const watcher = watch(path, { persistent: false }, () => this.#onEvent());
      watcher.on('error', () => this.#drop(path));
      this.#watches.set(path, { identity, watcher });
      return true;
    } catch {
      // No watch to be had (too many, or a file system without): the poll sees it.
      return false;
    }
  }

  #drop(path: string): void {
    this.#watches.get(path)?.watcher.close();
    this.#watches.delete(path);
  }
}

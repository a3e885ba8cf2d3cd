import { readFile, stat } from 'node:fs/promises';

/** A file whose content is read again when it changed, as mounted Secrets do when they rotate. */
export interface WatchedFile {
  /** Rejects with an error whose `code` is the system's (ENOENT, EACCES) when it cannot be read. */
  read(): Promise<string>;
}

/** Change is told by time, size and inode: a Secret's symlink swap keeps the path and changes the inode. */
export function watchedFile(path: string): WatchedFile {
  let seen = '';
  let content = '';
  return {
    async read() {
      const { mtimeMs, size, ino } = await stat(path);
      const now = `${mtimeMs}/${size}/${ino}`;
      if (now !== seen) {
        content = await readFile(path, 'utf8');
        seen = now;
      }
      return content;
    },
  };
}

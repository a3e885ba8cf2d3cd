import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { Log } from './log.ts';

export interface BearerToken {
  /** Whether an `Authorization` header carries the token, as `Bearer TOKEN` or as the password of `Basic` (browsers). */
  accepts(authorization: string | undefined): Promise<boolean>;
}

interface Stored {
  readonly version: string;
  readonly digest: Buffer;
}

/**
 * The token of a file, read again whenever the file changes (also through the symlink swap of a mounted Secret). A file
 * that cannot be read later keeps the last token and is logged. Throws when there is no token to begin with.
 */
export async function bearerToken(file: string, log: Log): Promise<BearerToken> {
  let stored = await read(file);
  let complained = false;
  const refresh = async (): Promise<void> => {
    try {
      if ((await versionOf(file)) !== stored.version) stored = await read(file);
      complained = false;
    } catch (error) {
      if (!complained)
        log.error({ err: error, file }, 'bearer token file cannot be read; the last token stays');
      complained = true;
    }
  };
  return {
    async accepts(authorization) {
      const offered = authorization === undefined ? undefined : offeredToken(authorization);
      if (offered === undefined) return false;
      await refresh();
      return timingSafeEqual(digestOf(offered), stored.digest);
    },
  };
}

async function read(file: string): Promise<Stored> {
  const version = await versionOf(file);
  const token = (await readFile(file, 'utf8')).trim();
  if (token === '') throw new Error(`${file}: must hold a token, was empty`);
  return { version, digest: digestOf(token) };
}

async function versionOf(file: string): Promise<string> {
  const { ino, size, mtimeMs } = await stat(file);
  return `${ino}:${size}:${mtimeMs}`;
}

/** Digests have one length, so that comparing them tells nothing of the token's. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function offeredToken(authorization: string): string | undefined {
  const [, scheme, value] = /^(bearer|basic) +(\S+)$/i.exec(authorization.trim()) ?? [];
  if (scheme === undefined || value === undefined) return undefined;
  if (scheme.toLowerCase() === 'bearer') return value;
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : decoded.slice(colon + 1);
}

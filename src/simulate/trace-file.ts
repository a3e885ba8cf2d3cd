import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Problem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import type { Trace } from './trace.ts';
import { parseTrace } from './trace-csv.ts';

/** Decompressed bytes of a trace: some 25 million requests. What claims to be more is a mistake or an attack. */
const MAX_BYTES = 512 * 1024 * 1024;
const GZIP_MAGIC = [0x1f, 0x8b] as const;

export interface LoadedTrace {
  /** Null where there are errors. */
  readonly trace: Trace | null;
  readonly problems: readonly Problem[];
}

/** Reads a CSV or gzipped CSV, told apart by its first bytes. Throws ScalerError where the file cannot be read at all. */
export async function loadTrace(file: string, start: number): Promise<LoadedTrace> {
  const bytes = await readFile(file).catch((reason: NodeJS.ErrnoException) => {
    throw new ScalerError('not-found', `${file}: cannot be read (${reason.code ?? 'unknown'})`, {
      cause: reason,
    });
  });
  const zipped = GZIP_MAGIC.every((byte, index) => bytes[index] === byte);
  const text = zipped ? await unzip(bytes) : bytes.toString('utf8');
  if (typeof text !== 'string') return { trace: null, problems: [wholeFile(file, text.wrong)] };
  const { trace, problems } = parseTrace(text, file, start);
  return { trace: problems.some(({ severity }) => severity === 'error') ? null : trace, problems };
}

async function unzip(bytes: Buffer): Promise<string | { readonly wrong: string }> {
  try {
    return (await promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES })).toString('utf8');
  } catch (reason) {
    const { code } = reason as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return { wrong: `must unpack to at most ${MAX_BYTES} bytes` };
    if (code === 'Z_BUF_ERROR') return { wrong: 'must be a whole gzip file, was cut short' };
    return { wrong: `must be a gzip file that unpacks (${code ?? 'unknown'})` };
  }
}

function wholeFile(file: string, message: string): Problem {
  return { severity: 'error', file, line: 0, column: 0, path: '', message };
}

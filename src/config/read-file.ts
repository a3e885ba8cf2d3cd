import { readFile, stat } from 'node:fs/promises';
import type { Problem } from '../core/problem.ts';
import { MAX_YAML_BYTES } from './yaml.ts';

export type FileText = { readonly text: string } | { readonly fault: string };

/** A file's text, or why there is none, in words that end a sentence `must be a file that can be read, …`. */
export async function readText(path: string): Promise<FileText> {
  try {
    const { size } = await stat(path);
    if (size > MAX_YAML_BYTES) return { fault: `was larger than ${MAX_YAML_BYTES} bytes` };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)) };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

/** Whether a file is there and can be read; its content is nobody's business here. Undefined: it is. */
export async function faultOfFile(path: string): Promise<string | undefined> {
  try {
    const { isFile } = await stat(path).then((stats) => ({ isFile: stats.isFile() }));
    return isFile ? undefined : 'was not a file';
  } catch (error) {
    return faultOf(error);
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'was missing',
  ENOTDIR: 'was missing',
  EISDIR: 'was a directory',
  EACCES: 'was not allowed to be read',
  EPERM: 'was not allowed to be read',
  ELOOP: 'was a link to itself',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'was not UTF-8',
};

function faultOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return FAULTS[code] ?? 'could not be read';
}

/** The problem of a file that cannot be read at all. */
export function unreadableFile(file: string, fault: string): Problem {
  const message = `must be a file that can be read, ${fault}`;
  return { severity: 'error', file, line: 1, column: 1, path: '', message };
}

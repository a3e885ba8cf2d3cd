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

/** Why a secret's file cannot be used; undefined when it can. Its content is read by those who need it. */
export async function faultOfFile(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isFile() ? undefined : 'was not a file';
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

/** The problem of a file that cannot be read at all; it stands at line 0, since there are no lines. */
export function unreadableFile(file: string, fault: string): Problem {
  const message = `must be a file that can be read, ${fault}`;
  return { severity: 'error', file, line: 0, column: 0, path: '', message };
}

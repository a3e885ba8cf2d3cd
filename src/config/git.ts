import { execFile } from 'node:child_process';
import { ScalerError } from '../core/scaler-error.ts';
import type { FileText } from './read-file.ts';
import { MAX_YAML_BYTES } from './yaml.ts';

/** Far above the list of all files of a large repository. */
const MAX_LISTING_BYTES = 64 * 1024 * 1024;

/** The two revisions of `BASE...HEAD` (HEAD against where it left BASE) or `BASE..HEAD`, as commit ids. */
export interface Revisions {
  readonly base: string;
  readonly head: string;
}

/** Rejects with ScalerError `invalid` for text that names no two revisions, `not-found` for what git does not know. */
export async function resolveRevisions(range: string): Promise<Revisions> {
  const match = /^([^-.].*?)(\.\.\.?)(.*)$/.exec(range);
  if (!match?.[1])
    throw new ScalerError('invalid', `--git must be BASE...HEAD or BASE..HEAD, was "${range}"`);
  const [, from, dots, to] = match;
  const [base, head] = [await commitOf(from), await commitOf(to || 'HEAD')];
  if (dots === '..') return { base, head };
  const common = await git(['merge-base', base, head]).catch(() => {
    throw new ScalerError(
      'not-found',
      `--git ${range}: must have a common ancestor here (a shallow clone has none: fetch the whole history, in actions/checkout with fetch-depth: 0)`,
    );
  });
  return { base: common.trim(), head };
}

async function commitOf(revision: string): Promise<string> {
  try {
    return (
      await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`])
    ).trim();
  } catch (error) {
    if (error instanceof ScalerError) throw error;
    throw new ScalerError('not-found', `--git: must name a revision that is here, was "${revision}"`);
  }
}

export interface ChangedFile {
  /** Null: not there on that side. */
  readonly before: string | null;
  readonly after: string | null;
}

/** YAML files that differ between the revisions, renamed ones as one; paths are from the top of the repository. */
export async function changedYaml(
  { base, head }: Revisions,
  paths: readonly string[],
): Promise<readonly ChangedFile[]> {
  const listing = await git([
    ...['diff', '--name-status', '-z', '-M', '--no-ext-diff', '--no-relative', base, head, '--'],
    ...paths,
  ]);
  const words = listing.split('\0');
  const changed: ChangedFile[] = [];
  for (let index = 0; index + 1 < words.length; ) {
    const status = words[index] ?? '';
    const [first = '', second = ''] = words.slice(index + 1);
    if (/^[RC]/.test(status)) {
      changed.push({ before: status.startsWith('R') ? first : null, after: second });
      index += 3;
    } else {
      changed.push({ before: status === 'A' ? null : first, after: status === 'D' ? null : first });
      index += 2;
    }
  }
  return changed.flatMap(yamlSides);
}

/** A file that was renamed to or from `.yaml` is new, or gone, as far as calendars go. */
function yamlSides({ before, after }: ChangedFile): readonly ChangedFile[] {
  const [old, now] = [isYaml(before) ? before : null, isYaml(after) ? after : null];
  return old === null && now === null ? [] : [{ before: old, after: now }];
}

function isYaml(path: string | null): boolean {
  return path !== null && /\.ya?ml$/.test(path) && !/\.test\.ya?ml$/.test(path);
}

/** Files of a revision in which some line begins with `calendar:`. */
export async function calendarFiles(revision: string): Promise<readonly string[]> {
  const listing = await git([
    'grep',
    '-l',
    '-z',
    '--full-name',
    '-I',
    '-e',
    '^calendar:',
    revision,
    '--',
    ':/',
  ]).catch((error: unknown) => {
    if (error instanceof ScalerError) throw error;
    return '';
  });
  const names = listing.split('\0').filter((name) => name !== '');
  return names.map((name) => name.slice(revision.length + 1)).filter(isYaml);
}

/** The text of a file as a revision has it. */
export async function textAt(revision: string, path: string): Promise<FileText> {
  try {
    const bytes = await run(['cat-file', 'blob', `${revision}:${path}`], MAX_YAML_BYTES + 1);
    if (bytes.byteLength > MAX_YAML_BYTES) return { fault: `was larger than ${MAX_YAML_BYTES} bytes` };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
      return { fault: `was larger than ${MAX_YAML_BYTES} bytes` };
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { fault: 'was not UTF-8' };
    return { fault: 'could not be read from git' };
  }
}

async function git(args: readonly string[]): Promise<string> {
  try {
    return (await run(args, MAX_LISTING_BYTES)).toString('utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new ScalerError('not-found', 'git must be installed to compare revisions');
    const told = stderrOf(error);
    if (/not a git repository/i.test(told))
      throw new ScalerError('not-found', '--git must be used inside a git repository');
    if (/dubious ownership|not owned by/i.test(told))
      throw new ScalerError('not-found', `git refuses this repository: ${told.split('\n')[0]}`);
    throw error;
  }
}

function run(args: readonly string[], maxBuffer: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    execFile(
      'git',
      [...args],
      { maxBuffer, encoding: 'buffer', env: { ...process.env, LC_ALL: 'C' } },
      (error, out, told) => {
        if (error) reject(Object.assign(error, { told: told.toString('utf8') }));
        else resolve(out);
      },
    );
  });
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function stderrOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'told' in error ? String(error.told) : '';
}

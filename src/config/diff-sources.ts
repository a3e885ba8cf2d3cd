import type { Day } from '../calendar/civil-date.ts';
import type { DocumentDiff } from '../calendar/diff/report.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { diffDocuments } from './diff-documents.ts';
import { calendarFiles, changedYaml, resolveRevisions, textAt } from './git.ts';
import type { FilePair } from './pair-documents.ts';
import { readText } from './read-file.ts';
import { type CalendarSide, readSide, type SideFile } from './side-documents.ts';

export interface DiffRequest {
  readonly from: Day | null;
  readonly to: Day | null;
  readonly now: number;
  readonly autoLeadMs: number;
}

/** Two files compared. Rejects with ScalerError `not-found` when one cannot be read. */
export async function diffFiles(
  before: string,
  after: string,
  request: DiffRequest,
): Promise<readonly DocumentDiff[]> {
  const [old, now] = await Promise.all([readNamed(before, request), readNamed(after, request)]);
  // The reader has named both files: where they lie is no difference.
  const moved = { ...old, path: after, documents: old.documents.map((each) => ({ ...each, path: after })) };
  return diffDocuments([{ before: moved, after: now }], { ...request, calendars: calendarsOf([now]) });
}

/** A file that was named and holds neither a calendar nor a policy is wrong. */
async function readNamed(path: string, { now }: DiffRequest): Promise<SideFile> {
  const read = await readText(path);
  if ('fault' in read)
    throw new ScalerError('not-found', `${path}: must be a file that can be read, ${read.fault}`);
  const file = readSide(path, read, now);
  if (file.documents.length > 0 || file.broken.length > 0) return file;
  const message = 'must hold a calendar or a policy, held neither';
  return { ...file, broken: [{ severity: 'error', file: path, line: 1, column: 1, path: '', message }] };
}

/** What differs between the two revisions of `range`, in the repository of the working directory. */
export async function diffGit(
  range: string,
  paths: readonly string[],
  request: DiffRequest,
): Promise<readonly DocumentDiff[]> {
  const { base, head } = await resolveRevisions(range);
  const changed = await changedYaml({ base, head }, paths);
  const read = async (revision: string, path: string | null): Promise<SideFile | null> =>
    path === null ? null : readSide(path, await textAt(revision, path), request.now);
  const files = await mapLimited(changed, async ({ before, after }): Promise<FilePair> => {
    return { before: await read(base, before), after: await read(head, after) };
  });
  const ours = files.filter(isOurs);
  const needsCalendars = ours.some((file) => [file.before, file.after].some(hasPolicy));
  const calendars = needsCalendars
    ? await mapLimited(await calendarFiles(head), (path) => read(head, path))
    : [];
  return diffDocuments(ours, { ...request, calendars: calendarsOf(calendars) });
}

const AT_ONCE = 8;

/** Each read is a process of git: only so many at once. */
async function mapLimited<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let index = 0; index < items.length; index += AT_ONCE)
    results.push(...(await Promise.all(items.slice(index, index + AT_ONCE).map(work))));
  return results;
}

/** Somebody else's YAML is left aside, broken or not. */
function isOurs({ before, after }: FilePair): boolean {
  return [before, after].some((side) => side !== null && (side.documents.length > 0 || side.looksOurs));
}

function hasPolicy(file: SideFile | null): boolean {
  return file?.documents.some(({ kind }) => kind === 'policy') === true;
}

function calendarsOf(files: readonly (SideFile | null)[]): ReadonlyMap<string, CalendarSide> {
  const calendars = files.flatMap((file) =>
    (file?.documents ?? []).flatMap((each) => (each.kind === 'calendar' ? [[each.name, each] as const] : [])),
  );
  return new Map(calendars);
}

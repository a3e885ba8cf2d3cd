import { resolve } from 'node:path';
import type { PolicyFields } from '../core/policy.ts';
import { formatProblem, type Problem } from '../core/problem.ts';
import { readCalendarTest } from './calendar-tests.ts';
import { calendarIssues } from './check-calendar.ts';
import { togetherProblems } from './check-together.ts';
import { workloadProblems } from './check-workloads.ts';
import { type DocumentKind, kindOf } from './document-kind.ts';
import { type FoundFile, findYaml } from './find-yaml.ts';
import { errorAt, type Issue } from './issue.ts';
import { buildRevision, knownNames } from './load.ts';
import type { Known } from './metadata.ts';
import { readPolicy } from './policy-document.ts';
import { readText, unreadableFile } from './read-file.ts';
import { scaledObjectIssues } from './scaled-object.ts';
import type { ClusterVersions } from './scaled-object-scene.ts';
import { at, gatherSources, type Sources } from './sources.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

export interface CheckReport {
  /** Every file that was looked at, those that a bellwether.yaml names among them. */
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
  /** Documents that are none of ours, and what they are. */
  readonly skipped: readonly { readonly file: string; readonly line: number; readonly what: string }[];
  /** Whether something that was named is not there, which is wrong usage and no wrong content. */
  readonly missing: boolean;
  /** The names that the files' own configuration gives. */
  readonly known: Known;
}

interface CheckedDocument {
  readonly file: FoundFile;
  readonly document: YamlDocument;
  readonly kind: DocumentKind;
}

/** Checks files and whole directories: every problem of every document, told apart by content. `now` is epoch ms. */
export async function checkFiles(
  paths: readonly string[],
  now: number,
  versions: ClusterVersions = {},
): Promise<CheckReport> {
  const { files, missing } = await findYaml(paths);
  const parsed = await Promise.all(files.map(async (file) => ({ ...(await parseFile(file.path)), file })));
  const documents = parsed.flatMap(({ file, documents }) =>
    documents.map((document) => ({ file, document, kind: kindOf(document.value) })),
  );
  const mains = [...new Set(documents.filter(({ kind }) => kind === 'config').map(({ file }) => file.path))];
  const sources = await Promise.all(mains.map(gatherSources));
  const ofConfigs = new Set(sources.flatMap(filesOf).map((path) => resolve(path)));
  const isAlone = ({ path }: { readonly path: string }): boolean => !ofConfigs.has(resolve(path));
  const known = knownOf(sources, now);
  const alone = documents.filter(({ file }) => isAlone(file));
  const problems = [
    ...missing.map((path) => unreadableFile(path, 'was missing')),
    ...parsed.filter(({ file }) => isAlone(file)).flatMap((file) => file.problems),
    ...sources.flatMap((each) => problemsOf(each, now)),
    ...togetherProblems(alone),
    ...workloadProblems(documentsOf(alone), { known }),
    ...alone.flatMap(({ document, kind, file }) =>
      document.toProblems(issuesOf(document.value, kind, { known, now, versions, named: file.named })),
    ),
  ];
  return {
    files: [...new Set([...files.map(({ path }) => path), ...sources.flatMap(filesOf)])],
    problems: inOrder(problems),
    skipped: alone.flatMap(skippedOf),
    missing: missing.length > 0,
    known,
  };
}

async function parseFile(path: string) {
  const read = await readText(path);
  return 'fault' in read
    ? { documents: [], problems: [unreadableFile(path, read.fault)] }
    : parseYaml(read.text, path);
}

function filesOf({ main, policies, calendars }: Sources): readonly string[] {
  return [main, ...policies, ...calendars].map(({ path }) => path);
}

function problemsOf(sources: Sources, now: number): readonly Problem[] {
  const built = buildRevision(sources, now);
  const calendars = sources.calendars.flatMap(({ path, read }) =>
    'text' in read ? parseYaml(read.text, path).documents : [],
  );
  return [
    ...('problems' in built ? built.problems : built.revision.warnings),
    // What loading has said of them too is told once.
    ...calendars.flatMap((document) => document.toProblems(calendarIssues(document.value, now))),
  ];
}

/** The names that triggers may use; nothing is known without a bellwether.yaml. */
function knownOf(sources: readonly Sources[], now: number): Known {
  if (sources.length === 0) return { policies: undefined, calendars: undefined };
  const each = sources.map((each) => knownNames(each, now));
  return {
    policies: new Map<string, PolicyFields>(each.flatMap(({ policies }) => [...policies])),
    calendars: new Set(each.flatMap(({ calendars }) => [...calendars])),
    defaultPolicy: each.find(({ defaultPolicy }) => defaultPolicy !== undefined)?.defaultPolicy,
    windows: new Map(each.flatMap(({ windows }) => [...windows])),
  };
}

interface Context {
  readonly known: Known;
  readonly now: number;
  readonly versions: ClusterVersions;
  readonly named: boolean;
}

function issuesOf(
  value: unknown,
  kind: DocumentKind,
  { known, now, versions, named }: Context,
): readonly Issue[] {
  switch (kind) {
    case 'policy':
      return readPolicy(value).issues;
    case 'calendar':
      return calendarIssues(value, now);
    case 'test':
      return readCalendarTest(value).issues;
    case 'scaledobject':
      return scaledObjectIssues(value, known, versions);
    case 'unknown':
      return named
        ? [errorAt([], 'must be a Bellwether configuration, policy or calendar, or a ScaledObject')]
        : [];
    case 'kubernetes':
    case 'config':
      return [];
    default:
      return kind satisfies never;
  }
}

/** The objects of a cluster among them. */
function documentsOf(checked: readonly CheckedDocument[]): readonly YamlDocument[] {
  return checked.flatMap(({ document, kind }) =>
    kind === 'kubernetes' || kind === 'scaledobject' ? [document] : [],
  );
}

function skippedOf({ file, document, kind }: CheckedDocument): CheckReport['skipped'] {
  if (kind !== 'kubernetes' && (kind !== 'unknown' || file.named)) return [];
  const [place] = document.toProblems([errorAt([], '')]);
  const what =
    kind === 'unknown'
      ? 'nothing of Bellwether'
      : `kind ${String(at(document.value, ['kind'])).slice(0, 60)}`;
  return [{ file: file.path, line: place?.line ?? 1, what }];
}

/** By file and place; what two configurations say of the same file is said once. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const unique = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  return [...unique.values()].sort((a, b) =>
    a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1,
  );
}

import { dirname, resolve } from 'node:path';
import type { Calendar } from '../calendar/calendar.ts';
import type { PolicyFields } from '../core/policy.ts';
import { hasErrors, type Problem } from '../core/problem.ts';
import { BellwetherConfig } from './bellwether-schema.ts';
import { errorAt, type Issue, warningAt } from './issue.ts';
import { readCalendar } from './load-calendar.ts';
import { ANY_POLICY, type WindowBounds } from './metadata.ts';
import { byName, type Collection, collect, namesOf, parseSource } from './named-documents.ts';
import { readPolicy } from './policy-document.ts';
import { floorIssues, readFleets, unknownName } from './references.ts';
import type { Revision } from './revision.ts';
import { at, gatherSources, SECRET_PATHS, type Sources } from './sources.ts';
import type { YamlDocument } from './yaml.ts';
import { zodIssues } from './zod-issues.ts';

export type LoadedRevision = { readonly revision: Revision } | { readonly problems: readonly Problem[] };

/**
 * Reads bellwether.yaml with all files that it names into a revision, or into every problem of every file (warnings
 * among them). There is nothing in between. Paths of secret files come out absolute. Never rejects.
 */
export async function loadRevision(file: string): Promise<LoadedRevision> {
  return buildRevision(await gatherSources(file));
}

/** The documents that bellwether.yaml names. */
interface Named {
  readonly policies: Collection<PolicyFields>;
  readonly calendars: Collection<Calendar>;
}

/** loadRevision without the disk. `now` (epoch ms) decides what has expired. */
export function buildRevision(sources: Sources, now: number = Date.now()): LoadedRevision {
  const named = readNamed(sources, now);
  const main = readMain(sources, named);
  const problems = [...main.problems, ...problemsOfPolicies(named), ...problemsOf(named.calendars)];
  if (main.config === undefined || hasErrors(problems)) return { problems };
  const revision: Revision = {
    id: sources.digest.slice(0, 12),
    config: withAbsolutePaths(main.config, dirname(sources.main.path)),
    policies: byName(named.policies),
    calendars: byName(named.calendars),
    fleets: main.fleets,
    warnings: problems,
  };
  return { revision };
}

function readNamed(sources: Sources, now: number): Named {
  return {
    policies: collect('policy', sources.policies, readPolicy),
    calendars: collect('calendar', sources.calendars, (value) => readCalendar(value, now)),
  };
}

/** The names that triggers may use, whether or not the configuration is otherwise right. */
export function knownNames(sources: Sources, now: number = Date.now()) {
  const [document] = parseSource(sources.main, 'prometheus').documents;
  return { ...knownTo(readNamed(sources, now)), defaultPolicy: document && defaultPolicyOf(document) };
}

function readMain(sources: Sources, named: Named) {
  const { documents, problems } = parseSource(sources.main, 'prometheus');
  const [document, second] = documents;
  if (document === undefined) return { config: undefined, fleets: [], problems };
  const parsed = BellwetherConfig.safeParse(document.value);
  const listed = readFleets(document.value, { ...knownTo(named), defaultPolicy: defaultPolicyOf(document) });
  const issues = [
    ...(parsed.success ? [] : zodIssues(parsed.error, BellwetherConfig, document.value)),
    ...fileIssues(sources),
    ...unknownName(defaultPolicyOf(document), ['defaults', 'policy'], 'policy', namesOf(named.policies)),
    ...listed.issues,
  ];
  const more = second?.toProblems([errorAt([], 'must be the only document of its file')]) ?? [];
  return {
    config: parsed.data,
    fleets: listed.fleets,
    problems: [...problems, ...document.toProblems(issues), ...more],
  };
}

function defaultPolicyOf(document: YamlDocument): string | undefined {
  const name = at(document.value, ['defaults', 'policy']);
  return typeof name === 'string' ? name : undefined;
}

/** A policy that is broken is known all the same; what it would say is not. */
function knownTo({ policies, calendars }: Named) {
  const whole = byName(policies);
  const names = [...namesOf(policies)];
  return {
    policies: new Map(names.map((name) => [name, whole.get(name) ?? ANY_POLICY])),
    calendars: namesOf(calendars),
    windows: new Map(
      calendars.documents.flatMap(({ name, document }) =>
        name === undefined ? [] : [[name, windowBounds(document.value)]],
      ),
    ),
  };
}

/** As they are written, so that a mistake elsewhere in the calendar does not hide them. */
function windowBounds(calendar: unknown): readonly WindowBounds[] {
  const windows = at(calendar, ['windows']);
  const count = (window: unknown, path: readonly string[]): number | undefined => {
    const found = at(window, path);
    return typeof found === 'number' ? found : undefined;
  };
  return (Array.isArray(windows) ? windows : []).map((window: unknown) => ({
    name: String(at(window, ['name']) ?? ''),
    floor: count(window, ['floor']),
    ceiling: count(window, ['ceiling']),
    maxReplicas: count(window, ['policy', 'maxReplicas']),
  }));
}

/** Files that bellwether.yaml names and that are not there. Only their paths are told. */
function fileIssues({ unmatched, faults }: Sources): readonly Issue[] {
  const secrets = SECRET_PATHS.flatMap((path) => {
    const fault = faults.get(path);
    return fault === undefined ? [] : [errorAt(path, `must be a file that can be read, ${fault}`)];
  });
  return [...secrets, ...unmatched.map((path) => warningAt(path, 'matches no file'))];
}

function problemsOf(collection: Collection<unknown>): readonly Problem[] {
  const ofDocuments = collection.documents.flatMap(({ document, issues }) => document.toProblems(issues));
  return [...collection.problems, ...ofDocuments];
}

function problemsOfPolicies({ policies, calendars }: Named): readonly Problem[] {
  const references = policies.documents.flatMap(({ document, value }) =>
    document.toProblems([
      ...unknownName(at(document.value, ['calendar']), ['calendar'], 'calendar', namesOf(calendars)),
      ...(value === undefined ? [] : floorIssues(value, calendars.documents)),
    ]),
  );
  return [...problemsOf(policies), ...references];
}

/** Paths are written relative to bellwether.yaml, and used by rooms that do not know where it lies. */
function withAbsolutePaths(config: BellwetherConfig, base: string): BellwetherConfig {
  const copy = structuredClone(config);
  for (const path of SECRET_PATHS) {
    const holder = at(copy, path.slice(0, -1));
    const key = path.at(-1);
    if (typeof holder !== 'object' || holder === null || key === undefined) continue;
    const file: unknown = Reflect.get(holder, key);
    if (typeof file === 'string') Reflect.set(holder, key, resolve(base, file));
  }
  return copy;
}

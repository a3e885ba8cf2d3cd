import type { Calendar } from '../calendar/calendar.ts';
import { canonical } from '../calendar/diff/pieces.ts';
import type { PolicyFields } from '../core/policy.ts';
import { hasErrors, type Problem } from '../core/problem.ts';
import { kindOf } from './document-kind.ts';
import { readCalendar } from './load-calendar.ts';
import { readPolicy } from './policy-document.ts';
import { type FileText, unreadableFile } from './read-file.ts';
import { at } from './sources.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

interface Place {
  readonly path: string;
  /** '' where the document gives none. */
  readonly name: string;
  /** Errors alone: they make `value` null. */
  readonly problems: readonly Problem[];
}

export interface CalendarSide extends Place {
  readonly kind: 'calendar';
  readonly value: Calendar | null;
  /** Each window by name, as text that is equal for equal windows. */
  readonly definitions: ReadonlyMap<string, string>;
}

export interface PolicySide extends Place {
  readonly kind: 'policy';
  readonly value: PolicyFields | null;
}

export type SideDocument = CalendarSide | PolicySide;

/** One file as one side of a comparison has it. */
export interface SideFile {
  readonly path: string;
  readonly documents: readonly SideDocument[];
  /** Why its documents are not all known: it cannot be read, or is no YAML. */
  readonly broken: readonly Problem[];
  /** Whether it has a line as a calendar or a policy begins, be it YAML or not. */
  readonly looksOurs: boolean;
}

/** The calendars and policies of a file; what else it holds is left aside. `now` is epoch ms. */
export function readSide(path: string, read: FileText, now: number): SideFile {
  if ('fault' in read)
    return { path, documents: [], broken: [unreadableFile(path, read.fault)], looksOurs: false };
  const { documents, problems } = parseYaml(read.text, path);
  return {
    path,
    documents: documents.flatMap((each) => readDocument(each, path, now)),
    broken: problems,
    looksOurs: /^(calendar|policy):/m.test(read.text),
  };
}

function readDocument(document: YamlDocument, path: string, now: number): readonly SideDocument[] {
  const kind = kindOf(document.value);
  if (kind !== 'calendar' && kind !== 'policy') return [];
  const given = at(document.value, [kind]);
  const name = typeof given === 'string' ? given : '';
  if (kind === 'policy') {
    const { value, issues } = readPolicy(document.value);
    return [{ kind, path, name, value: value ?? null, problems: errors(document.toProblems(issues)) }];
  }
  const { value, issues } = readCalendar(document.value, now);
  const problems = errors(document.toProblems(issues));
  return [{ kind, path, name, value: value ?? null, problems, definitions: definitionsOf(document.value) }];
}

function errors(problems: readonly Problem[]): readonly Problem[] {
  return hasErrors(problems) ? problems.filter(({ severity }) => severity === 'error') : [];
}

function definitionsOf(value: unknown): ReadonlyMap<string, string> {
  const windows = at(value, ['windows']);
  if (!Array.isArray(windows)) return new Map();
  return new Map(
    windows.map((window: unknown) => [String(at(window, ['name'])), JSON.stringify(canonical(window))]),
  );
}

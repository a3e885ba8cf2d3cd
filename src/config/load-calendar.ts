import type { Calendar } from '../calendar/calendar.ts';
import { compileCalendar, furtherIssues } from '../calendar/compile.ts';
import { CalendarDocument } from '../calendar/schema.ts';
import { formatInstant } from '../core/instant.ts';
import { hasErrors, type Problem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { withRepairs } from './calendar-repairs.ts';
import { errorAt, type Issue, warningAt } from './issue.ts';
import { readText } from './read-file.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';
import { zodIssues } from './zod-issues.ts';

export interface ReadCalendar {
  /** Undefined when anything is wrong. */
  readonly value: Calendar | undefined;
  readonly issues: readonly Issue[];
}

/** Reads one calendar document; `now` (epoch ms) decides what has expired. */
export function readCalendar(value: unknown, now: number): ReadCalendar {
  const today = formatInstant(now).slice(0, 10);
  const parsed = CalendarDocument.safeParse(value);
  if (!parsed.success) {
    const issues = withRepairs(zodIssues(parsed.error, CalendarDocument, value), value);
    return { value: undefined, issues: [...issues, ...furtherIssues(value, { today })] };
  }
  const compiled = compileCalendar(parsed.data, { today });
  if ('issues' in compiled) return { value: undefined, issues: compiled.issues };
  const { calendar, warnings } = compiled;
  return { value: calendar, issues: [...warnings, ...coverageIssues(calendar, now)] };
}

/** How long before the end of `covers` its renewal is asked for. */
const COVERAGE_NOTICE_MS = 90 * 86_400_000;

/** Outside `covers` the weekly shape stays, and nobody knows the holidays. */
function coverageIssues({ covers, coveredUntil }: Calendar, now: number): readonly Issue[] {
  if (covers === null || coveredUntil === null || now < coveredUntil - COVERAGE_NOTICE_MS) return [];
  const end = now < coveredUntil ? 'ends soon' : 'has ended';
  return [
    warningAt(
      ['covers', 'to'],
      `${end}: after ${covers.to} holidays and other dated rows are unknown (add the next year's rows, then move covers.to)`,
    ),
  ];
}

export type LoadedCalendar =
  | { readonly calendar: Calendar; readonly warnings: readonly Problem[] }
  | { readonly problems: readonly Problem[] };

/** Reads a file that holds one calendar. Rejects with ScalerError `not-found` when the file cannot be read. */
export async function loadCalendarFile(path: string): Promise<LoadedCalendar> {
  const read = await readText(path);
  if ('fault' in read)
    throw new ScalerError('not-found', `${path}: must be a file that can be read, ${read.fault}`);
  const { documents, problems } = parseYaml(read.text, path);
  if (problems.length > 0) return { problems };
  const [document, second] = documents;
  if (document === undefined || second !== undefined) return { problems: [notOne(path, documents)] };
  const { value: calendar, issues } = readCalendar(document.value, Date.now());
  const found = document.toProblems(issues);
  return calendar === undefined || hasErrors(found) ? { problems: found } : { calendar, warnings: found };
}

function notOne(file: string, documents: readonly YamlDocument[]): Problem {
  const message = `must hold one calendar, held ${documents.length === 0 ? 'nothing' : `${documents.length} documents`}`;
  const [second] = documents.slice(1).flatMap((document) => document.toProblems([errorAt([], message)]));
  return second ?? { severity: 'error', file, line: 1, column: 1, path: '', message };
}

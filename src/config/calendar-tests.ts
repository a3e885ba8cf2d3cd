import { dirname, join } from 'node:path';
import { evaluate } from '../calendar/expectations/evaluate.ts';
import { type Failure, failureText, type TestedCalendar } from '../calendar/expectations/failure.ts';
import { CalendarTest } from '../calendar/expectations/schema.ts';
import { CalendarDocument } from '../calendar/schema.ts';
import { openZone } from '../calendar/wall-time.ts';
import type { Problem } from '../core/problem.ts';
import { errorAt, type Issue } from './issue.ts';
import { readCalendar } from './load-calendar.ts';
import { readText, unreadableFile } from './read-file.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';
import { zodIssues } from './zod-issues.ts';

export interface FailedExpectation extends Failure {
  /** Where the expectation stands, and the whole sentence. */
  readonly problem: Problem;
}

export interface TestFileReport {
  readonly file: string;
  /** How many rows were compared with a calendar. */
  readonly expectations: number;
  readonly failures: readonly FailedExpectation[];
  /** Why rows could not be compared: the file itself, or its calendar, is wrong. */
  readonly problems: readonly Problem[];
}

export interface ReadCalendarTest {
  readonly value: CalendarTest | undefined;
  readonly issues: readonly Issue[];
}

/** Reads one test document; the calendar that it names is not looked at. */
export function readCalendarTest(value: unknown): ReadCalendarTest {
  const parsed = CalendarTest.safeParse(value);
  return parsed.success
    ? { value: parsed.data, issues: [] }
    : { value: undefined, issues: zodIssues(parsed.error, CalendarTest, value) };
}

/** Runs the expectations of a `*.test.yaml` file. `now` is epoch ms. Never rejects. */
export async function runTestFile(file: string, now: number): Promise<TestFileReport> {
  const read = await readText(file);
  const nothing = { file, expectations: 0, failures: [] };
  if ('fault' in read) return { ...nothing, problems: [unreadableFile(file, read.fault)] };
  const { documents, problems } = parseYaml(read.text, file);
  if (documents.length === 0 && problems.length === 0) {
    const message = 'must hold a document with "calendar:" and "expect:", was empty';
    return { ...nothing, problems: [{ severity: 'error', file, line: 1, column: 1, path: '', message }] };
  }
  const reports = await Promise.all(documents.map((document) => runDocument(document, now)));
  return {
    file,
    expectations: reports.reduce((sum, report) => sum + report.expectations, 0),
    failures: reports.flatMap((report) => report.failures),
    problems: [...problems, ...reports.flatMap((report) => report.problems)],
  };
}

async function runDocument(document: YamlDocument, now: number): Promise<Omit<TestFileReport, 'file'>> {
  const { value: test, issues } = readCalendarTest(document.value);
  const nothing = { expectations: 0, failures: [] };
  if (!test) return { ...nothing, problems: document.toProblems(issues) };
  const tested = await openCalendar(document, test.calendar, now);
  if ('problems' in tested) return { ...nothing, problems: tested.problems };
  const failures = evaluate(test, tested).flatMap((failure) =>
    document
      .toProblems([errorAt(failure.path, failureText(failure))])
      .map((problem) => ({ ...failure, problem })),
  );
  return { expectations: test.expect.length, failures, problems: [] };
}

/** The calendar that a test names, or why there is none. */
async function openCalendar(
  document: YamlDocument,
  name: string,
  now: number,
): Promise<TestedCalendar | { readonly problems: readonly Problem[] }> {
  const path = join(dirname(document.file), name);
  const refuse = (message: string) => document.toProblems([errorAt(['calendar'], message)]);
  const read = await readText(path);
  if ('fault' in read) return { problems: refuse(`must be a file that can be read, ${path} ${read.fault}`) };
  const { documents, problems } = parseYaml(read.text, path);
  const [only, second] = documents;
  if (problems.length > 0)
    return { problems: [...refuse('must name a calendar without errors'), ...problems] };
  if (!only || second)
    return {
      problems: refuse(`must name a file of one calendar, ${path} holds ${documents.length} documents`),
    };
  const { value: calendar, issues } = readCalendar(only.value, now);
  const parsed = CalendarDocument.safeParse(only.value);
  const zone = openZone(calendar?.timezone ?? '');
  if (!calendar || !parsed.success || !zone) {
    const errors = issues.filter(({ severity }) => severity === 'error');
    return { problems: [...refuse('must name a calendar without errors'), ...only.toProblems(errors)] };
  }
  const placeOf: TestedCalendar['placeOf'] = (place) => {
    const [found] = only.toProblems([errorAt(place, '')]);
    return `${name}:${found?.line ?? 1}`;
  };
  return { calendar, zone, document: parsed.data, placeOf };
}

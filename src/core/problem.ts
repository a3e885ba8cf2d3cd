/**
 * One thing that is wrong (error) or risky (warning) in something that a person wrote. Lines and columns count from 1; line 0 is
 * the file itself, which could not be read. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Dotted path inside the document, '' for the document itself: `windows.0.floor`. */
  readonly path: string;
  /** `must be <rule>, was <value>`, or a sentence. */
  readonly message: string;
  /** The lines that would make it right, where that is known. */
  readonly repair?: Repair;
}

/** An edit of a file, by lines: `removed` begin at `line` (counted from 1), and `added` take their place. */
export interface Repair {
  readonly line: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** `<file>:<line>:<col> <path>: <message>`, the form in which every problem is shown. */
export function formatProblem(problem: Problem): string {
  const path = problem.path === '' ? '' : ` ${problem.path}`;
  const warning = problem.severity === 'warning' ? ' warning:' : '';
  return `${problem.file}:${problem.line}:${problem.column}${path}:${warning} ${problem.message}`;
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}

/** A value as it stands in an error message: quoted, on one line, at most 60 characters. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What is wrong, or risky, at one place of a calendar document; the reader of the file turns the path into line and column. */
export interface Issue {
  readonly path: readonly (string | number)[];
  /** The whole sentence: `must be <rule>, was <value>`. */
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

/** Collects issues while a document is compiled: every check reports, none stops the others. */
export interface Report {
  readonly issues: readonly Issue[];
  error(path: Issue['path'], message: string): void;
  warn(path: Issue['path'], message: string): void;
}

export function newReport(): Report {
  const issues: Issue[] = [];
  return {
    issues,
    error: (path, message) => void issues.push({ path, message, severity: 'error' }),
    warn: (path, message) => void issues.push({ path, message, severity: 'warning' }),
  };
}

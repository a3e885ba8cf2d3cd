/** What is wrong at one place inside a document, before the document's positions are known. */
export interface Issue {
  readonly path: readonly (string | number)[];
  /** The whole sentence: `must be <rule>, was <value>`. */
  readonly message: string;
  readonly severity: 'error' | 'warning';
  /** The key itself is wrong (unknown), so its own position is shown and not its value's. */
  readonly atKey?: boolean;
}

export function errorAt(path: readonly (string | number)[], message: string): Issue {
  return { path, message, severity: 'error' };
}

export function warningAt(path: readonly (string | number)[], message: string): Issue {
  return { path, message, severity: 'warning' };
}

/** What is wrong at one place inside a document, before the document's positions are known. */
export interface Issue {
  readonly path: readonly (string | number)[];
  /** The whole sentence: `must be <rule>, was <value>`. */
  readonly message: string;
  readonly severity: 'error' | 'warning';
  /** The key itself is wrong (unknown), so its own position is shown and not its value's. */
  readonly atKey?: boolean;
  /** What would make it right, all of it together. */
  readonly edits?: readonly Edit[];
}

/** One change to a document: the value to write at a path (and the maps on the way to it), or what to take away. */
export type Edit =
  | { readonly path: Issue['path']; readonly to: unknown }
  | { readonly path: Issue['path']; readonly drop: true };

export function errorAt(path: readonly (string | number)[], message: string): Issue {
  return { path, message, severity: 'error' };
}

export function warningAt(path: readonly (string | number)[], message: string): Issue {
  return { path, message, severity: 'warning' };
}

/** The issue with the one value that makes it right: written at its own path unless another is given. */
export function mended(issue: Issue, to: unknown, path: Issue['path'] = issue.path): Issue {
  return { ...issue, edits: [{ path, to }] };
}

/** The issue whose repair is to take away what stands at its path. */
export function droppable(issue: Issue): Issue {
  return { ...issue, edits: [{ path: issue.path, drop: true }] };
}

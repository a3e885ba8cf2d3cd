import type { Problem } from '../../core/problem.ts';
import type { CapacityDiff } from './diff.ts';

export interface FieldChange {
  /** Dotted: `burst.hold`. */
  readonly field: string;
  /** As people write it; null: not given. */
  readonly before: string | null;
  readonly after: string | null;
}

/** What became of one calendar or policy. */
export interface DocumentDiff {
  /** `file`: it could not be read so far that its documents are known. */
  readonly kind: 'calendar' | 'policy' | 'file';
  readonly name: string;
  readonly path: string;
  readonly status: 'added' | 'deleted' | 'changed';
  /** Where it was and how it was called, where that is not the same. */
  readonly previousPath: string | null;
  readonly previousName: string | null;
  /** What is wrong with the old side; then `diff` shows the new one alone. */
  readonly beforeProblems: readonly Problem[];
  /** What is wrong with the new side; then there is no `diff`. */
  readonly afterProblems: readonly Problem[];
  readonly fields: readonly FieldChange[];
  readonly diff: CapacityDiff | null;
}

export interface DiffReport {
  /** As the reader named them: two files, or two revisions. */
  readonly before: string;
  readonly after: string;
  readonly gpusPerReplica: number;
  /** Every calendar and policy that was compared, those in which nothing changes included. */
  readonly documents: readonly DocumentDiff[];
}

/** Whether the document is worth a word: a file of which only comments moved is not. */
export function tellsAnything(document: DocumentDiff): boolean {
  const { diff, status, previousName, previousPath } = document;
  return (
    status !== 'changed' ||
    previousName !== null ||
    previousPath !== null ||
    document.fields.length > 0 ||
    isBroken(document) ||
    (diff !== null && diff.changes.length + diff.sessions.length + diff.notes.length > 0)
  );
}

export function isBroken({ beforeProblems, afterProblems }: DocumentDiff): boolean {
  return beforeProblems.length > 0 || afterProblems.length > 0;
}

/** The old side is unknown, so that hours are those of the new one and no gain. */
export function isAlone({ beforeProblems, afterProblems }: DocumentDiff): boolean {
  return beforeProblems.length > 0 && afterProblems.length === 0;
}

import type { SideDocument, SideFile } from './side-documents.ts';

/** One file on both sides; null: not there on that side. */
export interface FilePair {
  readonly before: SideFile | null;
  readonly after: SideFile | null;
}

/** One calendar or policy on both sides. */
export interface DocumentPair {
  readonly before: SideDocument | null;
  readonly after: SideDocument | null;
  /** The old file, where it is broken and may have held the document. */
  readonly brokenBefore: SideFile | null;
}

interface Left {
  readonly document: SideDocument;
  readonly file: FilePair;
}

/**
 * Which document of the old side is which of the new one: by name within its file, then by name in any other file (git
 * takes files that are alike for each other), then the only one that is left of its kind in its file: its name changed.
 */
export function pairDocuments(files: readonly FilePair[]): readonly DocumentPair[] {
  const old: Left[] = files.flatMap((file) => leftOf(file, file.before));
  const now: Left[] = files.flatMap((file) => leftOf(file, file.after));
  const pairs: DocumentPair[] = [
    ...take(old, now, (a, b) => a.file === b.file && sameName(a.document, b.document)),
    ...take(old, now, (a, b) => sameName(a.document, b.document)),
    ...take(
      old,
      now,
      (a, b) => a.file === b.file && onlyOfKind(old, a) && onlyOfKind(now, b) && sameKind(a, b),
    ),
  ];
  for (const { document: after, file } of now) {
    const isBroken = (file.before?.broken.length ?? 0) > 0;
    pairs.push({ before: null, after, brokenBefore: isBroken ? file.before : null });
  }
  for (const { document: before, file } of old) {
    // A new file that cannot be read may hold it still.
    if ((file.after?.broken.length ?? 0) === 0) pairs.push({ before, after: null, brokenBefore: null });
  }
  return pairs;
}

function leftOf(file: FilePair, side: SideFile | null): readonly Left[] {
  return (side?.documents ?? []).map((document) => ({ document, file }));
}

/** Pairs what belongs together and takes it out of both lists. */
function take(
  old: Left[],
  now: Left[],
  belong: (before: Left, after: Left) => boolean,
): readonly DocumentPair[] {
  return [...now].flatMap((after) => {
    const before = old.find((each) => belong(each, after));
    if (!before) return [];
    old.splice(old.indexOf(before), 1);
    now.splice(now.indexOf(after), 1);
    return [{ before: before.document, after: after.document, brokenBefore: null }];
  });
}

function onlyOfKind(left: readonly Left[], one: Left): boolean {
  return left.filter((each) => each.file === one.file && sameKind(each, one)).length === 1;
}

function sameKind(a: Left, b: Left): boolean {
  return a.document.kind === b.document.kind;
}

function sameName(a: SideDocument, b: SideDocument): boolean {
  return a.kind === b.kind && a.name === b.name;
}

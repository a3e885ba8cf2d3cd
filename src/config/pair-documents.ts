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

/**
 * Which document of the old side is which of the new one: by name within its file, then the only one that is left of
 * its kind there (its name was changed), then by name in any other file (it was moved).
 */
export function pairDocuments(files: readonly FilePair[]): readonly DocumentPair[] {
  const pairs: DocumentPair[] = [];
  const leftBefore: SideDocument[] = [];
  const leftAfter: { readonly document: SideDocument; readonly file: FilePair }[] = [];
  for (const file of files) {
    const old = new Set(file.before?.documents ?? []);
    const now = new Set(file.after?.documents ?? []);
    const take = (before: SideDocument, after: SideDocument): void => {
      old.delete(before);
      now.delete(after);
      pairs.push({ before, after, brokenBefore: null });
    };
    for (const after of now) {
      const before = [...old].find((each) => sameName(each, after));
      if (before) take(before, after);
    }
    for (const kind of ['calendar', 'policy'] as const) {
      const [before, ...moreBefore] = [...old].filter((each) => each.kind === kind);
      const [after, ...moreAfter] = [...now].filter((each) => each.kind === kind);
      if (before && after && moreBefore.length + moreAfter.length === 0) take(before, after);
    }
    // A new file that cannot be read may hold them still.
    if ((file.after?.broken.length ?? 0) === 0) leftBefore.push(...old);
    leftAfter.push(...[...now].map((document) => ({ document, file })));
  }
  for (const { document: after, file } of leftAfter) {
    const index = leftBefore.findIndex((each) => sameName(each, after));
    const [before = null] = index < 0 ? [] : leftBefore.splice(index, 1);
    const isBroken = before === null && (file.before?.broken.length ?? 0) > 0;
    pairs.push({ before, after, brokenBefore: isBroken ? file.before : null });
  }
  return [...pairs, ...leftBefore.map((before) => ({ before, after: null, brokenBefore: null }))];
}

function sameName(a: SideDocument, b: SideDocument): boolean {
  return a.kind === b.kind && a.name === b.name;
}

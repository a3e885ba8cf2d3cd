import type { Problem } from '../core/problem.ts';

/** Something about a translation that its reader must know, and where in the source it comes from. */
export interface Note {
  /** lost: it has no counterpart. differs: it has one that means something else. assumed: the source does not say. */
  readonly kind: 'lost' | 'differs' | 'assumed';
  /** Line of the source, from 1; null for the file as a whole. */
  readonly line: number | null;
  readonly text: string;
}

/** YAML documents for Bellwether, and everything that they do not say. */
export interface Translation {
  readonly documents: readonly string[];
  readonly notes: readonly Note[];
}

export type Translated = Translation | { readonly problems: readonly Problem[] };

/** What the source cannot know. */
export interface TranslateOptions {
  /** File name as people are shown it. */
  readonly file: string;
  readonly model: string;
  readonly namespace: string;
  readonly scalerAddress: string;
  /** Name of the ScaledObject; undefined: what the source calls it. */
  readonly name?: string;
  readonly timezone?: string;
  /** `09:30-16:00`. */
  readonly hours?: string;
}

const HEADINGS = {
  lost: 'Not carried over:',
  differs: 'Means something else here:',
  assumed: 'Assumed, because the source does not say:',
} as const satisfies Readonly<Record<Note['kind'], string>>;

/** The whole output: a head of comments with every note, and the documents. */
export function translationText({ documents, notes }: Translation, file: string): string {
  const head = [`# Translated from ${oneLine(file)}. Review it, then run: bellwether check FILE`];
  for (const kind of ['lost', 'differs', 'assumed'] as const) {
    const ofKind = notes.filter((note) => note.kind === kind);
    if (ofKind.length > 0) head.push('#', `# ${HEADINGS[kind]}`, ...ofKind.flatMap(noteLines));
  }
  return `${head.join('\n')}\n\n${documents.map((text) => text.trimEnd()).join('\n---\n')}\n`;
}

/** `line 9: metrics_interval_s …`, as stderr and the comments show a note. */
export function noteText({ line, text }: Note): string {
  return line === null ? oneLine(text) : `line ${line}: ${oneLine(text)}`;
}

const WIDTH = 116;

function noteLines(note: Note): readonly string[] {
  const lines: string[] = [];
  let line = '# -';
  for (const word of noteText(note).split(' ')) {
    if (line.length + word.length + 1 > WIDTH && line.length > 4) {
      lines.push(line);
      line = '#  ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** Nothing that a source holds may end a comment of ours. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

import { translateCommand } from '../../src/cli/translate.ts';
import { readCalendar } from '../../src/config/load-calendar.ts';
import { readPolicy } from '../../src/config/policy-document.ts';
import { parseYaml } from '../../src/config/yaml.ts';
import type { Translated, TranslateOptions, Translation } from '../../src/translate/translation.ts';
import { translationText } from '../../src/translate/translation.ts';

export function options(file: string, more: Partial<TranslateOptions> = {}): TranslateOptions {
  return { file, model: 'llama', namespace: 'llm', scalerAddress: 'bellwether:6000', ...more };
}

/** A translation that worked; throws its problems otherwise. */
export function sound(translated: Translated): Translation {
  if ('problems' in translated) throw new Error(translated.problems.map(({ message }) => message).join('\n'));
  return translated;
}

/** The documents of a translation as values, ScaledObjects last as they stand. */
export function valuesOf(translation: Translation): readonly Readonly<Record<string, unknown>>[] {
  const { documents, problems } = parseYaml(translationText(translation, 'source'), 'out.yaml');
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
  return documents.map(({ value }) => value as Record<string, unknown>);
}

/** The policy of a document with durations in ms, or what is wrong with it. */
export function policyOf(value: unknown): unknown {
  const read = readPolicy(value);
  return read.value ?? read.issues.map(({ message }) => message);
}

export function calendarOf(value: unknown) {
  const read = readCalendar(value, Date.parse('2026-07-01T12:00:00Z'));
  if (!read.value) throw new Error(read.issues.map(({ message }) => message).join('\n'));
  return read.value;
}

/** Notes without their standing part: what was said of this very source. */
export function notesOf({ notes }: Translation): readonly string[] {
  return notes.flatMap(({ kind, line, text }) => (line === null ? [] : [`${kind} ${line}: ${text}`]));
}

export async function runTranslate(...args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  let exit = 0;
  const io = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    setExitCode: (code: number) => {
      exit = code;
    },
    color: false,
  };
  await translateCommand(io).parseAsync([...args], { from: 'user' });
  return { out: out.join('\n'), err, exit };
}

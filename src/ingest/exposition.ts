import type { Metric } from './points.ts';

/** One line of a `/metrics` page. */
export interface ExposedSample {
  readonly name: string;
  readonly labels: Metric;
  /** As exposed: NaN and the infinities too. */
  readonly value: number;
  /** Epoch ms, where the page gives one. */
  readonly timestamp: number | null;
}

/** More labels than any series of vLLM's has by far; a line with more is not read. */
const MAX_LABELS = 64;

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"/y;
const LABEL_VALUE = /((?:[^"\\]|\\.)*)"\s*(,?)/y;
const VALUE = /[ \t]+(\S+)(?:[ \t]+(-?\d{1,16}))?[ \t]*(?:#.*)?$/y;

/**
 * Samples of the names asked for, from a page in Prometheus' text format. Lines that are none are skipped, whatever
 * they hold: one bad line of a foreign exporter must not hide the rest. Never throws.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseExposition(page: string, wanted: (name: string) => boolean): ExposedSample[] {
  const samples: ExposedSample[] = [];
  let start = 0;
  while (start < page.length) {
    let end = page.indexOf('\n', start);
    if (end < 0) end = page.length;
    const sample = parseLine(page.slice(start, end).trim(), wanted);
    if (sample) samples.push(sample);
    start = end + 1;
  }
  return samples;
}

function parseLine(line: string, wanted: (name: string) => boolean): ExposedSample | undefined {
  const name = match(NAME, line, 0)?.[0];
  if (name === undefined || !wanted(name)) return undefined;
  const head =
    line[name.length] === '{' ? parseLabels(line, name.length + 1) : { labels: {}, end: name.length };
  const tail = head && match(VALUE, line, head.end);
  if (!tail) return undefined;
  const value = parseValue(tail[1] ?? '');
  if (value === undefined) return undefined;
  return { name, labels: head.labels, value, timestamp: tail[2] === undefined ? null : Number(tail[2]) };
}

/** The labels from `position`, just after the brace; `end` is just after the closing one. */
function parseLabels(line: string, position: number): { labels: Metric; end: number } | undefined {
  // No prototype, so that a label called __proto__ is a label.
  const labels: Record<string, string> = Object.create(null);
  let at = position;
  for (let count = 0; count <= MAX_LABELS; count++) {
    const close = match(/\s*\}/y, line, at);
    if (close) return { labels, end: at + close[0].length };
    const name = match(LABEL_NAME, line, at);
    if (!name) return undefined;
    const value = match(LABEL_VALUE, line, at + name[0].length);
    if (!value) return undefined;
    labels[name[1] ?? ''] = unescapeValue(value[1] ?? '');
    at += name[0].length + value[0].length;
    if (value[2] === '' && !match(/\}/y, line, at)) return undefined;
  }
  return undefined;
}

function unescapeValue(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/g, (whole, one) => ESCAPES[one as string] ?? whole) : text;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

function parseValue(text: string): number | undefined {
  if (/^\+?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-inf$/i.test(text)) return Number.NEGATIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function match(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

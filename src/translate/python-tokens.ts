/** One token of Python text; strings without their quotes, comments without their `#`. */
export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'operator' | 'comment';
  readonly text: string;
  readonly line: number;
}

const SPACE = /[ \t\r\f\\]+/y;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y;
const QUOTE = /[rRbBuUfF]{0,2}("""|'''|"|')/y;

/**
 * The tokens of Python text, which is only ever read, never run. Text that is no Python gives tokens too: what is looked
 * for is a call among them, and a note in prose around it does no harm.
 */
export function pythonTokens(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const push = (kind: Token['kind'], value: string, length: number): void => {
    tokens.push({ kind, text: value, line });
    at += length;
  };
  while (at < text.length) {
    const character = text[at] ?? '';
    if (character === '\n') {
      line++;
      at++;
      continue;
    }
    const space = match(SPACE);
    if (space) {
      at += space[0].length;
      continue;
    }
    if (character === '#') {
      const end = lineEnd(text, at);
      push('comment', text.slice(at + 1, end).trim(), end - at);
      continue;
    }
    const quote = match(QUOTE);
    if (quote) {
      const start = at + quote[0].length;
      const end = stringEnd(text, start, quote[1] ?? '"');
      const value = text.slice(start, end.value);
      push('string', value, end.next - at);
      for (const each of value) if (each === '\n') line++;
      continue;
    }
    const number = match(NUMBER);
    const name = number ? null : match(NAME);
    if (number) push('number', number[0], number[0].length);
    else if (name) push('name', name[0], name[0].length);
    else push('operator', character, 1);
  }
  return tokens;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** Where a string's value ends and the text goes on; one without an end stops at its line, or at the file's end. */
function stringEnd(
  text: string,
  start: number,
  quote: string,
): { readonly value: number; readonly next: number } {
  const limit = quote.length === 3 ? text.length : lineEnd(text, start);
  for (let at = start; at < limit; at++) {
    if (text[at] === '\\') at++;
    else if (text.startsWith(quote, at)) return { value: at, next: at + quote.length };
  }
  return { value: limit, next: limit };
}

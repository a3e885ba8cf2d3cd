import { type CST, Lexer, type LineCounter, Parser } from 'yaml';

/** Lines, and lexical tokens, that a file may have: some 11,000 dated rows, ten thousand listed fleets. */
const MAX_TOKENS = 300_000;

/** Deeper than any document of ours by far, and far from where a recursive reader runs out of stack. */
const MAX_DEPTH = 100;

/** Each alias is looked up in the whole document. */
const MAX_ALIASES = 100;

/** Keys of one map: whether each stands once is found by comparing all with all. */
const MAX_KEYS = 5_000;

const TOO_LONG = `must have at most ${MAX_TOKENS} lines and YAML tokens: split it into several files`;
const TOO_DEEP = 'must be nested less deeply';

/** What the lexer says before the text of a plain scalar or of a block. */
const SCALAR_FOLLOWS = '\u001f';

export type BoundedTokens =
  | { readonly tokens: readonly CST.Token[]; readonly hasAliases: boolean }
  /** The rule that the text breaks. */
  | { readonly excess: string };

/**
 * The token trees of YAML text that is quick to compose, or why it is not. Counts while it reads and stops there, so that
 * no text takes long, and never recurses: V8 ends the process, and throws nothing, when a RegExp is compiled at the
 * stack's very end.
 */
export function boundedTokens(text: string, lines: LineCounter): BoundedTokens {
  return hasTooManyLines(text) ? { excess: TOO_LONG } : withoutEnvironment(() => readTokens(text, lines));
}

/**
 * The parser looks into `process.env` (for LOG_TOKENS) at every token, each time a call out of JavaScript: a seventh of what
 * it takes to load a calendar. `work` is synchronous, so nobody else sees that it is away.
 */
function withoutEnvironment<T>(work: () => T): T {
  const { env } = process;
  process.env = {};
  try {
    return work();
  } finally {
    process.env = env;
  }
}

function readTokens(text: string, lines: LineCounter): BoundedTokens {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let count = 0;
  let depth = 0;
  let isScalar = false;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    if (++count > MAX_TOKENS) return { excess: TOO_LONG };
    if (!isScalar && (lexeme === '[' || lexeme === '{') && ++depth > MAX_DEPTH) return { excess: TOO_DEEP };
    if (!isScalar && (lexeme === ']' || lexeme === '}')) depth--;
    isScalar = lexeme === SCALAR_FOLLOWS;
    for (const token of parser.next(lexeme)) tokens.push(token);
  }
  for (const token of parser.end()) tokens.push(token);
  return boundedTrees(tokens);
}

function hasTooManyLines(text: string): boolean {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    if (++lines > MAX_TOKENS) return true;
  }
  return false;
}

function boundedTrees(tokens: readonly CST.Token[]): BoundedTokens {
  const stack: CST.Token[] = [...tokens];
  const depths: number[] = tokens.map(() => 0);
  let aliases = 0;
  let depth = 0;
  const push = (child: CST.Token | null | undefined): void => {
    if (!child) return;
    stack.push(child);
    depths.push(depth + 1);
  };
  for (let token = stack.pop(); token !== undefined; token = stack.pop()) {
    depth = depths.pop() ?? 0;
    if (depth > MAX_DEPTH) return { excess: TOO_DEEP };
    if (token.type === 'alias' && ++aliases > MAX_ALIASES)
      return { excess: `must have at most ${MAX_ALIASES} aliases` };
    if (token.type === 'document') push(token.value);
    if (!('items' in token)) continue;
    const isMap =
      token.type === 'block-map' || (token.type === 'flow-collection' && token.start.source === '{');
    if (isMap && token.items.length > MAX_KEYS)
      return { excess: `must have at most ${MAX_KEYS} keys in one map` };
    for (const item of token.items) {
      push(item.key);
      push(item.value);
    }
  }
  return { tokens, hasAliases: aliases > 0 };
}

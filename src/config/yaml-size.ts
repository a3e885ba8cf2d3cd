import { type CST, Lexer } from 'yaml';
import { MAX_DEPTH, TOO_DEEP } from './yaml-depth.ts';

/** Lexical tokens that a file may have: some 11,000 dated rows, ten thousand listed fleets; composed within a second. */
const MAX_TOKENS = 300_000;

/** Each alias is looked up in the whole document. */
const MAX_ALIASES = 100;

/** Keys of one map: whether each stands once is found by comparing all with all. */
const MAX_KEYS = 5_000;

/** What of the text would take long to parse, as a rule that it breaks. Stops counting there, so that no file takes long. */
export function excessOfText(text: string): string | undefined {
  const tooMany = `must have at most ${MAX_TOKENS} lines and YAML tokens: split it into several files`;
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1))
    if (++lines > MAX_TOKENS) return tooMany;
  let tokens = 0;
  let depth = 0;
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) return tooMany;
    if (!isScalar && (lexeme === '[' || lexeme === '{') && ++depth > MAX_DEPTH) return TOO_DEEP;
    if (!isScalar && (lexeme === ']' || lexeme === '}')) depth--;
    isScalar = lexeme === SCALAR_FOLLOWS;
  }
  return undefined;
}

/** What the lexer says before the text of a plain scalar or of a block. */
const SCALAR_FOLLOWS = '\u001f';

/** What of the tokens would take long to compose, as a rule that the file breaks; undefined when nothing would. */
export function excessOf(tokens: readonly CST.Token[]): string | undefined {
  const stack: CST.Token[] = [...tokens];
  let aliases = 0;
  for (let token = stack.pop(); token !== undefined; token = stack.pop()) {
    if (token.type === 'alias' && ++aliases > MAX_ALIASES) return `must have at most ${MAX_ALIASES} aliases`;
    if (token.type === 'document' && token.value) stack.push(token.value);
    if (!('items' in token)) continue;
    const isMap =
      token.type === 'block-map' || (token.type === 'flow-collection' && token.start.source === '{');
    if (isMap && token.items.length > MAX_KEYS) return `must have at most ${MAX_KEYS} keys in one map`;
    for (const item of token.items) {
      if (item.key) stack.push(item.key);
      if (item.value) stack.push(item.value);
    }
  }
  return undefined;
}

import { type CST, Lexer } from 'yaml';

/** Lexical tokens that a file may have: some 11,000 dated rows, ten thousand listed fleets; composed within a second. */
export const MAX_YAML_TOKENS = 300_000;

/** Each alias is looked up in the whole document. */
const MAX_ALIASES = 100;

/** Keys of one map: whether each stands once is found by comparing all with all. */
const MAX_KEYS = 5_000;

/** Whether text has more tokens than may be composed. Stops counting there, so that no size of file takes long. */
export function hasTooManyTokens(text: string): boolean {
  let count = 0;
  for (const _ of new Lexer().lex(text)) if (++count > MAX_YAML_TOKENS) return true;
  return false;
}

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

import type { CST } from 'yaml';

/** Deeper than any document of ours by far, and far from where a recursive reader runs out of stack. */
export const MAX_DEPTH = 100;

export const TOO_DEEP = 'must be nested less deeply';

/**
 * Whether tokens nest deeper than MAX_DEPTH. Asked of the token tree, which is built without recursion, before the
 * recursive composer sees it: V8 ends the process, and throws nothing, when a RegExp is compiled at the stack's very end.
 */
export function nestsTooDeeply(tokens: readonly CST.Token[]): boolean {
  const stack: { readonly token: CST.Token; readonly depth: number }[] = tokens.map((token) => ({
    token,
    depth: 0,
  }));
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    if (entry.depth > MAX_DEPTH) return true;
    for (const token of childrenOf(entry.token)) stack.push({ token, depth: entry.depth + 1 });
  }
  return false;
}

function childrenOf(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value ? [token.value] : [];
  if (!('items' in token)) return [];
  return token.items.flatMap((item) =>
    [item.key, item.value].filter((child) => child !== undefined && child !== null),
  );
}

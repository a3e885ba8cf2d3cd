import type { Repository } from './repository.ts';

interface Block {
  readonly fence: string;
  readonly kind: string;
  readonly name: string;
  readonly body: string;
}

const BLOCK = /^(`{3,})(\w+)(?: (\S+))?\n([\s\S]*?)^\1$/gm;

function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(BLOCK)].map(([, fence = '', kind = '', name = '', body = '']) => ({
    fence,
    kind,
    name,
    body,
  }));
}

/** Files that the page begins with, by their names. */
export function filesOf(page: string): Readonly<Record<string, string>> {
  const named = blocksOf(page).filter(({ kind, name }) => kind === 'yaml' && name !== '');
  return Object.fromEntries(named.map(({ name, body }) => [name, body]));
}

/** The page with what its commands really print, all on one terminal; its diffs are applied on the way. */
export async function walk(page: string, repository: Repository, env: NodeJS.ProcessEnv): Promise<string> {
  let walked = page;
  for (const block of blocksOf(page)) {
    if (block.kind === 'diff') await apply(block.body, repository);
    if (block.kind !== 'console') continue;
    const lines: string[] = [];
    for (const command of block.body.split('\n').filter((line) => line.startsWith('$ '))) {
      lines.push(command);
      const { stdout } = await repository.run(`{ ${command.slice(2)}; } 2>&1`, env);
      if (stdout !== '') lines.push(stdout.replace(/\n+$/, ''));
    }
    const written = `${block.fence}console\n${lines.join('\n')}\n${block.fence}`;
    walked = walked.replace(`${block.fence}console\n${block.body}${block.fence}`, () => written);
  }
  return walked;
}

async function apply(diff: string, repository: Repository): Promise<void> {
  await repository.write({ 'change.diff': diff });
  repository.git('apply', 'change.diff');
  await repository.write({ 'change.diff': null });
}

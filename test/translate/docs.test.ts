import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkFiles } from '../../src/config/check.ts';
import { formatProblem } from '../../src/core/problem.ts';
import { runTranslate } from './support.ts';

const sources = new URL('sources/', import.meta.url).pathname;
const page = await readFile(new URL('../../docs/translate.md', import.meta.url), 'utf8');
const directory = await mkdtemp(join(tmpdir(), 'bellwether-translate-'));
afterAll(() => rm(directory, { recursive: true, force: true }));

/** The blocks of the page in order, the fence's language first. */
const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({
  language,
  text,
}));
const commands = blocks.flatMap(({ language, text = '' }, index) => {
  const command = language === 'console' ? /^\$ bellwether translate (.+)$/m.exec(text)?.[1] : undefined;
  const [source, output] = [blocks[index - 1]?.text, blocks[index + 1]?.text];
  return command === undefined ? [] : [{ command, source, output }];
});

describe('docs/translate.md', () => {
  it('shows a command of each kind', () => {
    expect(commands.map(({ command }) => command.split(' ')[0])).toEqual(['ray-config', 'keda-cron', 'hpa']);
  });

  it.each(commands)(
    'shows what `translate $command` says of the source above it',
    async ({ command, source, output }) => {
      const [kind = '', file = '', ...flags] = command.split(' ');
      expect(source).toBe(await readFile(join(sources, file), 'utf8'));
      const run = await runTranslate(kind, join(sources, file), ...flags);
      expect(run.exit).toBe(0);
      expect(run.out.replaceAll(sources, '')).toBe(output?.trimEnd());
      expect(run.err.length).toBeGreaterThan(0);
    },
  );

  it.each(commands)(
    'shows output of `translate $command` that passes check',
    async ({ command, output = '' }) => {
      const path = join(directory, `${command.split(' ')[0]}.yaml`);
      await writeFile(path, output);
      const { problems } = await checkFiles([path], Date.parse('2026-07-01T12:00:00Z'));
      expect(problems.map(formatProblem)).toEqual([]);
    },
  );
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { kindOf } from '../src/config/document-kind.ts';
import { readTrigger } from '../src/config/metadata.ts';
import { readPolicy } from '../src/config/policy-document.ts';
import { parseYaml } from '../src/config/yaml.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const pages = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
const scripts: Record<string, string> = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts;
const withoutCode = (text: string): string => text.replace(/```[\s\S]*?```/g, '');
const commands =
  readFileSync(join(ROOT, 'src/cli.ts'), 'utf8')
    .match(/cli\/([a-z-]+)\.ts/g)
    ?.map((match) => match.slice(4, -3)) ?? [];

describe.each(pages)('$path', ({ path, text }) => {
  it('links only to files that exist', () => {
    const links = [...withoutCode(text).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
      .map(([, link]) => link ?? '')
      .filter((link) => !/^https?:/.test(link));
    expect(links.filter((link) => !existsSync(resolve(ROOT, dirname(path), link)))).toEqual([]);
  });

  it('names only files of the repository that exist', () => {
    const named = [...text.matchAll(/`((?:src|test|bench|scripts|deploy|calendars|proto)\/[\w./-]+)`/g)].map(
      ([, name]) => name ?? '',
    );
    expect(named.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });

  it('names only npm scripts and commands that exist', () => {
    const runs = [...text.matchAll(/npm run (?:-s )?([a-z:0-9]+)/g)].map(([, name]) => name ?? '');
    expect(runs.filter((name) => !(name in scripts))).toEqual([]);
    const called = [...text.matchAll(/\bbellwether ([a-z]+)\b(?= [A-Z-]| FILE|`|\n)/g)].map(
      ([, name]) => name ?? '',
    );
    expect(called.filter((name) => !commands.includes(name))).toEqual([]);
  });

  it('shows policies that are right', () => {
    const issues = [...text.matchAll(/```yaml\n(policy:.*?)```/gs)].flatMap(([, block = '']) => {
      const { documents, problems } = parseYaml(block, path);
      return [
        ...problems,
        ...documents
          .filter(({ value }) => kindOf(value) === 'policy')
          .flatMap(({ value }) => readPolicy(value).issues),
      ];
    });
    expect(issues).toEqual([]);
  });
});

describe('README.md', () => {
  it('shows a trigger that is right', () => {
    const block = /```yaml\n(\s*triggers:.*?)```/s.exec(pages[0]?.text ?? '')?.[1] ?? '';
    const [document] = parseYaml(block.replace(/^ {3}/gm, ''), 'README.md').documents;
    const value = document?.value as { triggers: { metadata: Record<string, string> }[] } | undefined;
    const known = { policies: new Set(['default']), calendars: new Set<string>() };
    expect(
      value?.triggers.map(({ metadata }) => readTrigger({ namespace: 'llm', name: 'vllm', metadata }, known)),
    ).toMatchObject([{ fleet: { id: { model: 'mistralai/Mistral-7B-Instruct-v0.3' }, policy: 'default' } }]);
  });

  it('names the two commands that a newcomer runs', () => {
    expect(pages[0]?.text).toContain('npm ci && npm run demo');
    expect(pages[0]?.text).toContain('npm ci && npm test');
  });
});

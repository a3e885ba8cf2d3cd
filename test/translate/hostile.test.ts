import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonTokens } from '../../src/translate/python-tokens.ts';
import { refusals } from '../../src/translate/refusals.ts';
import { translateCron } from '../../src/translate/translate-cron.ts';
import { translateHpa } from '../../src/translate/translate-hpa.ts';
import { translateRay } from '../../src/translate/translate-ray.ts';
import { type Translated, translationText } from '../../src/translate/translation.ts';
import { cpuMs } from '../support/cpu.ts';
import { options, runTranslate } from './support.ts';

const NOW = Date.parse('2026-07-01T12:00:00Z');
const WORDS = [
  'AutoscalingConfig',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  '=',
  ',',
  ':',
  '"',
  "'",
  '"""',
  '#',
  '\n',
  '\\',
  '.',
  '-',
  '*',
  'min_replicas',
  'max_replicas',
  'MARKET_HOURS',
  'autoscaling_config',
  '1',
  '1e999',
  '9am-4pm ET',
  'None',
  '\u2028',
  '\u0000',
  '\r',
];
const python = fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join(' '));

/** Whatever comes in, what comes out is readable YAML, with the source only ever inside comments and values. */
function isReadable(translated: Translated): void {
  if ('problems' in translated) {
    expect(translated.problems.length).toBeGreaterThan(0);
    return;
  }
  const problems = refusals(translationText(translated, 'x\ny: 1'), NOW);
  for (const { message } of problems) expect(message).not.toContain('valid YAML');
}

describe('a hostile source', () => {
  it('of Python never breaks the output', () => {
    fc.assert(
      fc.property(python, (text) => isReadable(translateRay(text, options('a.py')))),
      { numRuns: 2_000 },
    );
  });

  it('of YAML values never breaks the output', () => {
    const key = fc.constantFrom(
      'autoscaling_config',
      'applications',
      'deployments',
      'name',
      'min_replicas',
      'max_replicas',
      'kind',
      'apiVersion',
      'spec',
      'metadata',
      'triggers',
      'type',
      'metrics',
      'start',
      'end',
      'timezone',
      'desiredReplicas',
      'num_replicas',
      '__proto__',
      'behavior',
    );
    const leaf = fc.oneof(
      fc.constantFrom<unknown>(
        'auto',
        'cron',
        'keda.sh/v1alpha1',
        'ScaledObject',
        'HorizontalPodAutoscaler',
        'UTC',
        '0 8 * * *',
        1,
        -1,
        0,
        null,
        true,
        1e300,
        'a\n- b',
        '# x',
        '\u2028',
        '"',
        '{}',
      ),
      fc.string(),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        leaf,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.array(fc.tuple(key, tie('tree')), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const text = JSON.stringify(value);
        isReadable(translateRay(text, options('a.yaml')));
        isReadable(translateCron(text, { file: 'a.yaml' }));
        isReadable(translateHpa(text, options('a.yaml')));
      }),
      { numRuns: 700 },
    );
  });

  it.each([
    ['names', `class ${'A'.repeat(200)}:\n`, `x = AutoscalingConfig(max_replicas=2)  # "\n- evil: 1`],
    [
      'a name with a line break',
      '',
      '@serve.deployment(autoscaling_config={"max_replicas": 2})\nclass A\n: evil',
    ],
  ])('cannot write keys through %s', (_, before, after) => {
    isReadable(translateRay(before + after, options('a.py')));
  });

  it('from the command line cannot write keys either', async () => {
    const source = new URL('sources/autoscaling_policy.py', import.meta.url).pathname;
    const run = await runTranslate(
      'ray-config',
      source,
      '--model',
      'x"\n    evil: 1',
      '--name',
      'a\nb: 1',
      '--timezone',
      'Mars',
      '--hours',
      '"x',
    );
    expect(run.exit).toBe(1);
    expect(run.err.filter((line) => line.includes('check refuses it')).join('\n')).toMatch(
      /timezone|hours|valid YAML/,
    );
    expect(run.out).not.toMatch(/^ *evil: 1/m);
    expect(run.out).not.toMatch(/^b: 1/m);
  });

  it.each([
    ['Python without an end', `x = AutoscalingConfig(${'('.repeat(100_000)}`, 'a.py'],
    ['ten megabytes of Python', 'a = (1\n'.repeat(1_450_000), 'a.py'],
    ['a megabyte of Python', 'a = (1\n'.repeat(140_000), 'a.py'],
    ['a megabyte of comments', '# 9am-4pm ET\n'.repeat(75_000), 'a.py'],
    ['one long string', `"""${'a'.repeat(1_000_000)}`, 'a.py'],
    ['many configs', 'x = AutoscalingConfig(min_replicas=1)\n'.repeat(26_000), 'a.py'],
    ['backslashes', `'${'\\'.repeat(1_000_000)}`, 'a.py'],
    [
      'spaces before ranges',
      `x = AutoscalingConfig()\nMARKET = AutoscalingConfig() # ${'1 '.repeat(100_000)}`,
      'a.py',
    ],
  ])('of %s is read or refused within two seconds', (_, text, file) => {
    expect(cpuMs(() => isReadable(translateRay(text, options(file))))).toBeLessThan(2_000);
  });

  it.each([
    ['a missing file', '/nonexistent/file.py', 2],
    ['a directory', new URL('.', import.meta.url).pathname, 2],
  ])('that is %s exits with 2', async (_, path, exit) => {
    expect((await runTranslate('ray-config', path)).exit).toBe(exit);
  });
});

describe('pythonTokens', () => {
  it('gives each token its line, through strings of several lines', () => {
    const tokens = pythonTokens('a = """x\ny"""\nb = r\'\\\'\nc # d');
    expect(tokens.map(({ kind, text, line }) => `${line} ${kind} ${text}`)).toEqual([
      '1 name a',
      '1 operator =',
      '1 string x\ny',
      '3 name b',
      '3 operator =',
      "3 string \\'",
      '4 name c',
      '4 comment d',
    ]);
  });
});

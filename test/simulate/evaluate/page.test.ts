import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { optionsOf, USAGE } from '../../../scripts/evaluate-options.ts';
import { LOAD_TESTED } from '../../../src/simulate/evaluate/field.ts';
import { type Evaluation, evaluationPage } from '../../../src/simulate/evaluate/page.ts';
import { BLOCK_BEGIN, BLOCK_END } from '../../../src/simulate/evaluate/page-block.ts';
import type { Run } from '../../../src/simulate/evaluate/results.ts';
import { COLD_STARTS, SEEDS, VOLUMES, WORKLOADS } from '../../../src/simulate/evaluate/workloads.ts';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/evaluation.md', import.meta.url)), 'utf8');

const run = (label: string, gpuHours: number, within = 0.995): Run => ({
  workload: 'finsight',
  volume: 20,
  coldStart: 95,
  label,
  seed: 1,
  within,
  gpuHours,
  starting: 0,
  firstTokenP95: 800,
  starts: 3,
  ready: new Array<number>(288).fill(2),
});
const evaluation: Evaluation = {
  workloads: WORKLOADS.filter(({ file }) => file === null),
  volumes: VOLUMES,
  seeds: SEEDS,
  coldStarts: { 1: COLD_STARTS, 5: COLD_STARTS, 20: [95] },
  sweeps: [],
  runs: [run('oracle', 50), run('keda', 90), run(LOAD_TESTED, 54), run('wva', 40, 0.989_99)],
  recorded: false,
  measured: null,
};

describe('the page', () => {
  it('keeps what people wrote around the generated block', () => {
    const before = `# Mine\n\nintro\n\n${BLOCK_BEGIN}\nold numbers\n${BLOCK_END}\n\n## Why\n`;
    const { text } = evaluationPage(evaluation, 'evaluation', before);
    expect(text.startsWith('# Mine\n\nintro\n\n')).toBe(true);
    expect(text.endsWith(`${BLOCK_END}\n\n## Why\n`)).toBe(true);
    expect(text).not.toContain('old numbers');
  });

  it('is a page of its own where there was none', () => {
    const { text } = evaluationPage(evaluation, 'evaluation', null);
    expect(text).toMatch(/^# Evaluation\n/);
  });

  it('says that recorded traces were missing', () => {
    expect(evaluationPage(evaluation, 'evaluation', null).text).toContain('Only the generated workloads');
    const whole = { ...evaluation, recorded: true };
    expect(evaluationPage(whole, 'evaluation', null).text).not.toContain('Only the generated workloads');
  });

  it('strikes out who misses the objective and rounds nobody up to it', () => {
    const { text } = evaluationPage(evaluation, 'evaluation', null);
    expect(text).toContain('| wva | 98.99 % | ~~40.0~~ |');
    expect(text).toContain('90.0 keda');
  });

  it('gives equal bytes for equal runs', () => {
    expect(evaluationPage(evaluation, 'evaluation', null)).toEqual(
      evaluationPage(evaluation, 'evaluation', null),
    );
  });

  it('draws figures without anything from a network', () => {
    const { figures, text } = evaluationPage(evaluation, 'evaluation', null);
    expect(figures.map(({ name }) => name)).toEqual(['evaluation/ratios.svg', 'evaluation/morning.svg']);
    for (const { name, svg } of figures) {
      expect(text).toContain(`](${name})`);
      expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|NaN|undefined/);
    }
  });
});

describe('docs/evaluation.md', () => {
  it.each(WORKLOADS)('lists $name as the code has it', ({ name, kind, file }) => {
    expect(PAGE).toContain(`| \`${name}\` | ${kind === 'reconstructed' ? '**reconstructed**' : kind}:`);
    if (file !== null) expect(PAGE).toContain(`| \`${file.name}\` | \`${file.sha256}\` |`);
  });

  it('shows commands whose options the program takes', () => {
    const commands = [...PAGE.matchAll(/^\$ npm run evaluate(?: -- ([^\n#]*))?/gm)];
    expect(commands.length).toBeGreaterThan(0);
    for (const [, args = ''] of commands) {
      const words = args.match(/"[^"]*"|\S+/g) ?? [];
      expect(() => optionsOf(words)).not.toThrow();
    }
  });

  it('has the generated block once', () => {
    expect(PAGE.split(BLOCK_BEGIN)).toHaveLength(2);
    expect(PAGE.split(BLOCK_END)).toHaveLength(2);
  });
});

describe('the options', () => {
  it('write nowhere without the recorded traces, so that no page made with them is lost', () => {
    expect(optionsOf([])?.out).toBeNull();
    expect(optionsOf(['--data', 'somewhere'])?.out).toBe('docs/evaluation.md');
    expect(optionsOf(['--out', 'mine.md'])?.out).toBe('mine.md');
  });

  it('leave recorded traces out where there is no folder of them', () => {
    expect(optionsOf([])?.workloads.every(({ file }) => file === null)).toBe(true);
    expect(() => optionsOf(['--only', 'azure2023-code'])).toThrow('--data DIR');
  });

  it.each([
    { args: ['--only', 'finsigt'], says: 'did you mean "finsight"' },
    { args: ['--volumes', '1,3'], says: '--volumes: must be some of 1,5,20, was 1,3' },
    { args: ['--seeds', '5'], says: '--seeds: must be 3 numbers from 1 to 100, was 5' },
    { args: ['--cold-starts', '30,95'], says: '--cold-starts: must be 3 lists of 30+95+300, was 30,95' },
    { args: ['--cold-starts', '30,95,60'], says: '--cold-starts: must be 3 lists' },
    { args: ['--threads', 'many'], says: '--threads: must be a whole number, was many' },
    { args: ['--sppeds', '5'], says: '--sppeds' },
  ])('say what is wrong with $args', ({ args, says }) => {
    expect(() => optionsOf(args)).toThrow(says);
  });

  it('name every workload in the help', () => {
    for (const { name } of WORKLOADS) expect(USAGE).toContain(name);
    expect(optionsOf(['--help'])).toBeNull();
  });
});

import { morningFigure } from './figure-morning.ts';
import { ratioFigure } from './figure-ratios.ts';
import { BLOCK_BEGIN, BLOCK_END, PAGE_TITLE } from './page-block.ts';
import { goalsSection } from './page-goals.ts';
import { setupSection, sweepSection } from './page-setup.ts';
import { tablesSection } from './page-tables.ts';
import { cellsOf, type Run } from './results.ts';
import type { Sweep } from './tune-workload.ts';
import type { ColdStartSeconds, Volume, Workload } from './workloads.ts';

/** Everything that a page is made of. */
export interface Evaluation {
  readonly workloads: readonly Workload[];
  readonly volumes: readonly Volume[];
  readonly seeds: Readonly<Record<Volume, number>>;
  readonly coldStarts: Readonly<Record<Volume, readonly ColdStartSeconds[]>>;
  readonly sweeps: readonly Sweep[];
  readonly runs: readonly Run[];
  /** Whether the recorded traces were there. */
  readonly recorded: boolean;
  /** When and where, as somebody gave it. */
  readonly measured: string | null;
}

export interface Page {
  readonly text: string;
  /** File names are relative to the page. */
  readonly figures: readonly { readonly name: string; readonly svg: string }[];
}

/**
 * The page: `before` with its generated block replaced, or one of its own. What people wrote around the block stays, so that
 * numbers are reproduced and what they mean is written once. No clock is in it but the line that somebody gave.
 */
export function evaluationPage(evaluation: Evaluation, folder: string, before: string | null): Page {
  const cells = cellsOf(evaluation.runs);
  const figures = [ratioFigure(cells, evaluation.workloads), morningFigure(evaluation.runs)].flatMap(
    (figure) => (figure === null ? [] : [{ ...figure, name: `${folder}/${figure.name}` }]),
  );
  const block = [
    BLOCK_BEGIN,
    '',
    setupSection(evaluation),
    '',
    sweepSection(evaluation.sweeps),
    '',
    goalsSection(cells, evaluation.workloads),
    '',
    ...figures.flatMap(({ name, alt }) => [`![${alt}](${name})`, '']),
    tablesSection(cells, evaluation.workloads),
    '',
    BLOCK_END,
  ].join('\n');
  return { text: placed(block, before), figures: figures.map(({ name, svg }) => ({ name, svg })) };
}

function placed(block: string, before: string | null): string {
  const [begin, end] = [before?.indexOf(BLOCK_BEGIN) ?? -1, before?.indexOf(BLOCK_END) ?? -1];
  if (before === null || begin < 0 || end < begin) return `${PAGE_TITLE}\n\n${block}\n`;
  return `${before.slice(0, begin)}${block}${before.slice(end + BLOCK_END.length)}`;
}

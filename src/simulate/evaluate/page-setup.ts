import type { Evaluation } from './page.ts';
import { hours, markdownTable, percent } from './page-text.ts';
import type { Sweep } from './tune-workload.ts';
import { ORACLE_COLD_STARTS, type Volume, type Workload } from './workloads.ts';

/** What was run. */
export function setupSection(evaluation: Evaluation): string {
  const { workloads, volumes, seeds, coldStarts, recorded, measured } = evaluation;
  return [
    '## What was run',
    '',
    ...(measured === null ? [] : [`Measured: ${measured}.`, '']),
    ...(recorded
      ? []
      : ['**Only the generated workloads: the recorded traces were not there (`--data DIR`).**', '']),
    markdownTable([
      ['workload', 'what it is', 'objective', 'calendar', 'scored'],
      ...workloads.map((workload) => [
        `\`${workload.name}\``,
        `${workload.kind === 'reconstructed' ? '**reconstructed**' : workload.kind}: ${workload.origin}`,
        `${workload.objectiveMs / 1000} s`,
        workload.calendar === null ? '–' : `\`${workload.calendar}\``,
        scoredText(workload, volumes),
      ]),
    ]),
    '',
    ...filesText(workloads),
    `Cold starts (lognormal, sigma 0.35, on warm nodes), medians in s: ${volumes.map((volume) => `${coldStarts[volume].join(', ')} at ${volume}x`).join('; ')}; the two traces of an hour hold no calendar, no fit and no starts of 300 s: n/a.`,
    '',
    `Runs with other draws and loop phases (seeds): ${volumes.map((volume) => `${seeds[volume]} at ${volume}x`).join(', ')}. The oracle is found for the first of them (at 20x for a cold start of ${ORACLE_COLD_STARTS[20].join(' and ')} s only), and whatever is divided by it is of that seed.`,
  ].join('\n');
}

/** Volumes of one span and one card on one line. */
function scoredText(workload: Workload, volumes: readonly Volume[]): string {
  const spans = new Map<string, Volume[]>();
  for (const volume of workload.tuning ? ([1] as const) : volumes) {
    const { from, to } = workload.scored[volume];
    const span = `${from.slice(0, 16)}Z to ${to.slice(0, 16)}Z on ${workload.profile[volume]}`;
    spans.set(span, [...(spans.get(span) ?? []), volume]);
  }
  return [...spans]
    .map(([span, of]) => `${of.map((volume) => `${volume}x`).join(', ')}: ${span}`)
    .join('<br>');
}

function filesText(workloads: readonly Workload[]): readonly string[] {
  const files = workloads.flatMap(({ file, name }) => (file === null ? [] : [{ ...file, workload: name }]));
  if (files.length === 0) return [];
  return [
    markdownTable([
      ['file of `--data`', 'sha256, checked before it is used'],
      ...files.map(({ name, sha256 }) => [`\`${name}\``, `\`${sha256}\``]),
    ]),
    '',
  ];
}

/** What the sweeps chose. */
export function sweepSection(sweeps: readonly Sweep[]): string {
  return [
    '## What was tuned on what',
    '',
    'On `finsight-tuning` at 1x, cold start 95 s, one seed, everybody with the same search (`src/simulate/evaluate/tune.ts`); the cheapest with 99.3 % in time.',
    '',
    markdownTable([
      [
        'who',
        'settings tried',
        'default: in time, GPU-hours',
        'tuned: in time, GPU-hours',
        'what the sweep changed',
      ],
      ...sweeps.map(({ name, tried, defaults, best }) => [
        name,
        String(tried),
        `${percent(defaults.score.within)}, ${hours(defaults.score.gpuHours)}`,
        `${percent(best.score.within)}, ${hours(best.score.gpuHours)}`,
        changesText(defaults.values, best.values),
      ]),
    ]),
  ].join('\n');
}

function changesText(defaults: Sweep['best']['values'], best: Sweep['best']['values']): string {
  const changed = Object.entries(best).filter(([knob, value]) => defaults[knob] !== value);
  return changed.length === 0
    ? 'nothing'
    : changed.map(([knob, value]) => `\`${knob}: ${value}\` (${defaults[knob]})`).join(', ');
}

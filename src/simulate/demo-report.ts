import { DateTime } from 'luxon';
import type { DemoResult } from './demo.ts';
import { DEMO_ZONE, type MorningResult, type Stage } from './morning.ts';
import type { FirstTokenStats } from './stats.ts';

/** Wall time in New York, `09:30:05`. */
export function marketTime(at: number, zone: string = DEMO_ZONE): string {
  return DateTime.fromMillis(at, { zone }).toFormat('HH:mm:ss');
}

/** One line of one fleet at one instant. */
export function stageLine(stage: Stage): string {
  const { fleet } = stage.world;
  const load = fleet.pods.reduce(
    (sum, { replica }) => ({
      running: sum.running + (replica?.running ?? 0),
      waiting: sum.waiting + (replica?.waiting ?? 0),
    }),
    { running: 0, waiting: fleet.gatewayDepth },
  );
  const { failed, late } = stage.world.stats().all;
  return [
    stage.label.padEnd(17),
    `asked ${fleet.specReplicas}`,
    `ready ${fleet.readyReplicas}`,
    `starting ${fleet.startingReplicas}`,
    `running ${String(load.running).padStart(3)}`,
    `waiting ${String(load.waiting).padStart(3)}`,
    `late ${String(late).padStart(4)}`,
    `failed ${String(failed).padStart(4)}`,
  ].join('  ');
}

/** The ending: both mornings side by side. */
export function comparison({ mornings, seed, profile, complete }: DemoResult): string {
  const rows: [string, (morning: MorningResult) => string][] = [
    ['replicas ready at the bell', ({ readyAtOpen }) => String(readyAtOpen)],
    ['most replicas asked for', ({ peakReplicas }) => String(peakReplicas)],
    ['first 10 minutes: questions', ({ opening }) => String(opening.requests)],
    ...firstTokenRows('  ', ({ opening }) => opening),
    ['whole morning: questions', ({ all }) => String(all.requests)],
    ...firstTokenRows('  ', ({ all }) => all),
    ['GPU-hours', ({ gpuHours }) => gpuHours.toFixed(2)],
  ];
  const table = rows.map(([name, cell]) =>
    [name.padEnd(36), ...mornings.map((morning) => cell(morning).padStart(17))].join(' '),
  );
  const header = ['', ...mornings.map(({ label }) => label)];
  return [
    complete ? 'The same morning, with and without the calendar' : 'The morning was stopped early; so far:',
    `(seed ${seed}, replica profile ${profile}, simulated; a client without a first token hangs up after 30 s)`,
    '',
    header.map((cell, index) => (index === 0 ? cell.padEnd(36) : cell.padStart(17))).join(' '),
    ...table,
  ].join('\n');
}

function firstTokenRows(
  indent: string,
  of: (morning: MorningResult) => FirstTokenStats,
): [string, (morning: MorningResult) => string][] {
  return [
    [`${indent}time to first token p50`, (morning) => shownTime(of(morning).p50)],
    [`${indent}time to first token p95`, (morning) => shownTime(of(morning).p95)],
    [`${indent}time to first token p99`, (morning) => shownTime(of(morning).p99)],
    [`${indent}later than 2 s, failures included`, (morning) => String(of(morning).late)],
    [`${indent}failed (timed out)`, (morning) => String(of(morning).failed)],
  ];
}

function shownTime(ms: number | null): string {
  if (ms === null) return 'timed out';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

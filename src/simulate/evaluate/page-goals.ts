import { hours, markdownTable, percent, ratio } from './page-text.ts';
import type { Cell } from './results.ts';
import {
  JUDGED,
  NOWHERE_ABOVE,
  OF_ORACLE,
  OF_PEER,
  ROOM,
  reached,
  type Verdict,
  verdictOf,
} from './verdict.ts';
import type { Workload } from './workloads.ts';

const YES_NO = { true: 'yes', false: '**no**', null: 'n/a' } as const;

const GOALS: readonly (readonly [string, (verdict: Verdict) => boolean | null])[] = [
  ['at least 99 % in time', ({ row }) => row.holds],
  [
    `at most ${OF_ORACLE.toFixed(2)} x the oracle where a season can be learned`,
    ({ nearOracle }) => nearOracle,
  ],
  [
    `at most ${OF_PEER.toFixed(2)} x the cheapest peer where the oracle is at most ${ROOM.toFixed(2)} x of it`,
    ({ farBelowPeer }) => farBelowPeer,
  ],
  [`nowhere above ${NOWHERE_ABOVE.toFixed(2)} x the cheapest peer`, ({ noDearer }) => noDearer],
];

/** What came of the goals, on workloads that nothing was tuned on. */
export function goalsSection(cells: readonly Cell[], workloads: readonly Workload[]): string {
  const heldOut = workloads.filter(({ tuning }) => tuning !== true);
  const verdicts = (label: string) =>
    heldOut.flatMap(({ name, season }) =>
      cells.filter((cell) => cell.workload === name).flatMap((cell) => verdictOf(cell, label, season) ?? []),
    );
  const count = (label: string, goal: (verdict: Verdict) => boolean | null) => {
    const { yes, of } = reached(verdicts(label), goal);
    return `${yes} of ${of}`;
  };
  return [
    '## The goals',
    '',
    'On workloads that nothing was tuned on, in how many combinations of workload, volume and cold start. Who has less than 99 % in time has failed there, whatever it cost. A peer counts only where it is in time itself.',
    '',
    markdownTable([
      ['goal', ...JUDGED],
      ...GOALS.map(([goal, holds]) => [goal, ...JUDGED.map((label) => count(label, holds))]),
    ]),
    ...JUDGED.flatMap((label) => [
      '',
      `### ${label}`,
      '',
      markdownTable([
        [
          'workload',
          'volume',
          'cold start',
          'oracle',
          'cheapest peer in time',
          'Bellwether',
          'in time',
          '/ oracle',
          '/ peer',
          `≤ ${OF_ORACLE.toFixed(2)}`,
          `≤ ${OF_PEER.toFixed(2)}`,
          `≤ ${NOWHERE_ABOVE.toFixed(2)}`,
        ],
        ...verdicts(label).map(goalRow),
      ]),
    ]),
  ].join('\n');
}

function goalRow({ cell, row, overOracle, overPeer, ...goals }: Verdict): readonly string[] {
  const { oracle, cheapestPeer } = cell;
  return [
    `\`${cell.workload}\``,
    `${cell.volume}x`,
    `${cell.coldStart} s`,
    oracle === null ? '–' : `${hours(oracle.gpuHours.mean)}${oracle.holds ? '' : ' (misses)'}`,
    cheapestPeer === null ? 'none' : `${hours(cheapestPeer.gpuHours.mean)} ${cheapestPeer.label}`,
    hours(row.gpuHours.mean),
    row.holds ? percent(row.within.mean) : `**${percent(row.within.mean)}**`,
    ratio(overOracle),
    ratio(overPeer),
    YES_NO[`${goals.nearOracle}`],
    YES_NO[`${goals.farBelowPeer}`],
    YES_NO[`${goals.noDearer}`],
  ];
}

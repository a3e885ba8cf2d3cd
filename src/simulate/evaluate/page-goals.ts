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

/** What came of the goals, on workloads that nothing was tuned on. */
export function goalsSection(cells: readonly Cell[], workloads: readonly Workload[]): string {
  const heldOut = workloads.filter(({ tuning }) => tuning !== true);
  const verdicts = heldOut.flatMap(({ name, season }) =>
    cells.filter((cell) => cell.workload === name).flatMap((cell) => verdictOf(cell, JUDGED, season) ?? []),
  );
  const count = (goal: (verdict: Verdict) => boolean | null) => {
    const { yes, of } = reached(verdicts, goal);
    return `${yes} of ${of}`;
  };
  return [
    '## The goals',
    '',
    `For \`${JUDGED}\`, on workloads that nothing was tuned on; who has less than 99 % in time has failed, whatever it cost.`,
    '',
    markdownTable([
      ['goal', 'reached'],
      ['at least 99 % in time', count(({ row }) => row.holds)],
      [
        `at most ${OF_ORACLE.toFixed(2)} x the oracle where a season can be learned`,
        count(({ nearOracle }) => nearOracle),
      ],
      [
        `at most ${OF_PEER.toFixed(2)} x the cheapest peer where the oracle is at most ${ROOM.toFixed(2)} x of it`,
        count(({ farBelowPeer }) => farBelowPeer),
      ],
      [`nowhere above ${NOWHERE_ABOVE.toFixed(2)} x the cheapest peer`, count(({ noDearer }) => noDearer)],
    ]),
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
        '1.10',
        '0.80',
        '1.05',
      ],
      ...verdicts.map(goalRow),
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

import { ARRIVAL_RATE, LOAD_TESTED, TUNED } from './field.ts';
import { type Cell, isOurs, type Row } from './results.ts';

/** The rows that the goals are asked of: as documented for somebody with a load test, and the best of the sweep. */
export const JUDGED = [LOAD_TESTED, `${ARRIVAL_RATE}${TUNED}`] as const;

/** Goals, as ratios of GPU-hours. */
export const OF_ORACLE = 1.1;
export const OF_PEER = 0.8;
/** Where the oracle is at most this share of the cheapest peer there is room for OF_PEER. */
export const ROOM = 0.7;
export const NOWHERE_ABOVE = 1.05;

/** What one cell says of one of our rows. */
export interface Verdict {
  readonly cell: Cell;
  readonly row: Row;
  readonly overOracle: number | null;
  readonly overPeer: number | null;
  /** Null: the goal does not apply. */
  readonly nearOracle: boolean | null;
  readonly farBelowPeer: boolean | null;
  readonly noDearer: boolean | null;
}

export function verdictOf(cell: Cell, label: string, season: boolean): Verdict | null {
  const row = cell.rows.find((each) => each.label === label);
  if (row === undefined || !isOurs(label)) return null;
  const { oracle, cheapestPeer } = cell;
  const { overOracle } = row;
  const overPeer = cheapestPeer && row.gpuHours.mean / cheapestPeer.gpuHours.mean;
  // The peer's own ratio to the oracle, over the seeds that the oracle has.
  const room =
    oracle !== null && cheapestPeer?.overOracle != null ? 1 / cheapestPeer.overOracle <= ROOM : false;
  return {
    cell,
    row,
    overOracle,
    overPeer,
    nearOracle: season && overOracle !== null ? row.holds && overOracle <= OF_ORACLE : null,
    farBelowPeer: room && overPeer !== null ? row.holds && overPeer <= OF_PEER : null,
    noDearer: overPeer === null ? (row.holds ? null : false) : row.holds && overPeer <= NOWHERE_ABOVE,
  };
}

/** How many of those that a goal applies to reach it. */
export function reached(
  verdicts: readonly Verdict[],
  goal: (verdict: Verdict) => boolean | null,
): { readonly yes: number; readonly of: number } {
  const known = verdicts.map(goal).filter((each) => each !== null);
  return { yes: known.filter((each) => each).length, of: known.length };
}

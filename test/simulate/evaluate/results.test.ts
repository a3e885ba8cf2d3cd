import { describe, expect, it } from 'vitest';
import { LOAD_TESTED } from '../../../src/simulate/evaluate/field.ts';
import { cellsOf, GROWN, type Run } from '../../../src/simulate/evaluate/results.ts';
import { verdictOf } from '../../../src/simulate/evaluate/verdict.ts';

const run = (label: string, gpuHours: number, within = 0.995, seed = 1): Run => ({
  workload: 'somewhere',
  volume: 1,
  coldStart: 95,
  label,
  seed,
  within,
  gpuHours,
  starting: 0,
  firstTokenP95: 800,
  starts: 3,
});
const cellOf = (...runs: readonly Run[]) => {
  const [cell] = cellsOf(runs);
  if (cell === undefined) throw new Error('no cell');
  return cell;
};

describe('a cell', () => {
  it('takes for the cheapest peer one that is in time, not one that is cheap', () => {
    const cell = cellOf(run('keda', 50, 0.97), run('knative', 80), run('wva', 90), run(LOAD_TESTED, 60));
    expect(cell.cheapestPeer?.label).toBe('knative');
  });

  it('counts neither us nor the oracle as a peer', () => {
    expect(cellOf(run('oracle', 40), run(LOAD_TESTED, 50), run('keda', 70)).cheapestPeer?.label).toBe('keda');
  });

  it('has no cheapest peer where all of them miss the objective', () => {
    expect(cellOf(run('keda', 50, 0.5), run(LOAD_TESTED, 60)).cheapestPeer).toBeNull();
  });

  it('stands by workload and volume as they were run, and there by cold start', () => {
    const runs = [300, 30].flatMap((coldStart) =>
      ['b', 'a'].map((workload) => ({ ...run('keda', 50), workload, coldStart: coldStart as 30 | 300 })),
    );
    expect(cellsOf(runs).map(({ workload, coldStart }) => `${workload} ${coldStart}`)).toEqual([
      'b 30',
      'b 300',
      'a 30',
      'a 300',
    ]);
  });

  it('keeps the better of the two ways in which a tuned setting was carried over', () => {
    const { rows } = cellOf(run('keda tuned', 50, 0.98), run(`keda tuned${GROWN}`, 90));
    expect(rows.map(({ label, gpuHours }) => [label, gpuHours.mean])).toEqual([['keda tuned', 90]]);
  });

  it('divides by the oracle over the seeds that the oracle has', () => {
    const { rows } = cellOf(run('oracle', 50), run('keda', 60), run('keda', 600, 0.995, 2));
    expect(rows.find(({ label }) => label === 'keda')?.overOracle).toBeCloseTo(1.2);
  });

  it('misses the objective by the mean of its seeds', () => {
    const { rows } = cellOf(run('keda', 60, 0.9899), run('keda', 60, 0.9901, 2), run('wva', 60, 0.9899));
    expect(rows.map(({ label, holds }) => [label, holds])).toEqual([
      ['keda', true],
      ['wva', false],
    ]);
  });
});

describe('a verdict', () => {
  const oracle = run('oracle', 50);
  it.each([
    { name: 'reaches all', ours: run(LOAD_TESTED, 55), goals: [true, true, true] },
    { name: 'is far from the oracle', ours: run(LOAD_TESTED, 60), goals: [false, true, true] },
    { name: 'has room and does not use it', ours: run(LOAD_TESTED, 85), goals: [false, false, true] },
    { name: 'is dearer than the peer', ours: run(LOAD_TESTED, 110), goals: [false, false, false] },
    { name: 'is cheap and late', ours: run(LOAD_TESTED, 40, 0.98), goals: [false, false, false] },
  ])('$name', ({ ours, goals }) => {
    const verdict = verdictOf(cellOf(oracle, run('keda', 100), ours), LOAD_TESTED, true);
    expect([verdict?.nearOracle, verdict?.farBelowPeer, verdict?.noDearer]).toEqual(goals);
  });

  it('asks for no nearness to the oracle without a season, nor for a gain where there is no room', () => {
    const verdict = verdictOf(cellOf(oracle, run('keda', 60), run(LOAD_TESTED, 61)), LOAD_TESTED, false);
    expect([verdict?.nearOracle, verdict?.farBelowPeer, verdict?.noDearer]).toEqual([null, null, true]);
  });
});

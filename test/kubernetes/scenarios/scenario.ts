import type { Scaler } from '../harness/scaler.ts';
import type { Mark } from '../harness/timelines.ts';
import type { Fleet, World } from '../harness/world.ts';

/** What a scenario is given. Both exist once the tests run, not while they are collected. */
export interface Scenario {
  readonly world: () => World;
  /** The scaler of those scenarios that break nothing. */
  readonly calm: () => Scaler;
  /** The end of a scenario: keeps the timeline for docs/e2e.md, with these marks besides its own, and removes the fleet. */
  readonly record: (
    name: string,
    fleet: Pick<Fleet, 'timeline'> & Partial<Fleet>,
    marks?: readonly Mark[],
  ) => void;
}

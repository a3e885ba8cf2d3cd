import type { Scaler } from '../harness/scaler.ts';
import type { Mark } from '../harness/timelines.ts';
import type { Fleet, World } from '../harness/world.ts';

/** What a scenario is given. Both exist once the tests run, not while they are collected. */
export interface Scenario {
  readonly world: () => World;
  /** The scaler of those scenarios that break nothing. */
  readonly calm: () => Scaler;
  /** Keeps a fleet's timeline for docs/e2e.md, with these marks besides its own. */
  readonly record: (name: string, fleet: Pick<Fleet, 'timeline'>, marks?: readonly Mark[]) => void;
}

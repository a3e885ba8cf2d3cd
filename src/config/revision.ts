import type { Calendar } from '../calendar/calendar.ts';
import type { FleetConfig } from '../core/fleet.ts';
import type { PolicyFields } from '../core/policy.ts';
import type { Problem } from '../core/problem.ts';
import type { BellwetherConfig } from './bellwether-schema.ts';

/** One whole, valid configuration: bellwether.yaml with its policies, calendars and listed fleets. Immutable. */
export interface Revision {
  /** Short hash of the content of all files. */
  readonly id: string;
  readonly config: BellwetherConfig;
  readonly policies: ReadonlyMap<string, PolicyFields>;
  readonly calendars: ReadonlyMap<string, Calendar>;
  /** Fleets listed in bellwether.yaml. */
  readonly fleets: readonly FleetConfig[];
  readonly warnings: readonly Problem[];
}

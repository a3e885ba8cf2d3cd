import type { Policy, Signals } from '../core/policy.ts';
import type { Sample } from '../core/sample.ts';
import type { SignalView } from '../core/signal.ts';
import type { Traffic } from '../signal/traffic.ts';

export type SignalName = NonNullable<Signals['only']>;

/** Everything that a signal is computed from. `running` is the count of replicas that serve. */
export interface DemandContext {
  readonly at: number;
  readonly policy: Policy;
  readonly samples: readonly Sample[];
  readonly current: Sample;
  readonly running: number;
  /** What was last asked for; null while nothing is known. */
  readonly target: number | null;
  /** How long a replica takes to come, ms. */
  readonly lead: number;
  /** What weeks of history came to; null where there are none, or they have not been read. */
  readonly traffic: Traffic | null;
  /** The fleet's recent history is still being read back. */
  readonly pending: boolean;
}

/** A step of the way to a signal's demand that explain names by itself. */
export interface Finding {
  readonly step: 'arrivals' | 'season' | 'capacity';
  readonly reason: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A signal's aggregate and the replicas that it alone asks for. */
export interface Measured {
  readonly value: number | null;
  readonly demand: number | null;
  readonly detail: string;
  /** Why the value may be too low: it may raise the fleet and not lower it. */
  readonly partial?: string;
  readonly findings?: readonly Finding[];
  /** Known although no pod reports: a gateway counts. */
  readonly independent?: boolean;
}

export interface Reading extends SignalView {
  readonly name: SignalName;
  readonly detail: string;
  readonly partial: string | null;
  readonly findings: readonly Finding[];
}

export function unknown(detail: string): Measured {
  return { value: null, demand: null, detail };
}

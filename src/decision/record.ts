import type { FleetId } from '../core/fleet.ts';
import type { ReplicaFacts } from '../core/sample.ts';
import type { HoldReason, SignalView } from '../core/signal.ts';
import type { DecisionState } from './state.ts';

export type StepName =
  | 'signals'
  // Only where the policy reads the arrival rate.
  | 'arrivals'
  | 'season'
  | 'capacity'
  | 'demand'
  | 'gain'
  | 'bounds'
  | 'burst'
  | 'delay'
  | 'guards'
  | 'landing'
  | 'clamp'
  | 'buffer';

/** One step of decide(): what came in, what went out, why, and the numbers it used. Explain prints these and nothing else. */
export interface Step {
  readonly step: StepName;
  /** Replicas before and after the step; null while unknown. Fractions only around `demand`. */
  readonly in: number | null;
  readonly out: number | null;
  /** One sentence with its numbers. */
  readonly reason: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A clock that runs: what will happen at `at` if nothing changes. */
export interface Timer {
  readonly name: 'upscale' | 'downscale' | 'burst' | 'start' | 'provision';
  readonly since: number;
  readonly at: number;
  readonly what: string;
}

/** The answer for one fleet at one instant with all its reasons. */
export interface Decision {
  readonly at: number;
  /** Replicas asked for; null while nothing is known. */
  readonly replicas: number | null;
  /** Pause pods wanted; 0 without a `buffer` policy; null while unknown. */
  readonly buffer: number | null;
  /** Why the fleet does not fall, or null. */
  readonly held: HoldReason | null;
  /** One sentence: the step that set the number and its reason. */
  readonly reason: string;
  readonly steps: readonly Step[];
  readonly signals: readonly SignalView[];
  readonly bounds: {
    readonly floor: number;
    readonly ceiling: number | null;
    readonly min: number;
    readonly max: number;
    readonly windows: readonly string[];
    readonly covered: boolean;
  };
  readonly replicaFacts: ReplicaFacts;
  readonly timers: readonly Timer[];
  /** What comes next: the earliest of timers and calendar transitions. */
  readonly next: { readonly at: number; readonly replicas?: number; readonly why: string } | null;
  /** Replicas that demand alone asks for, before gain and bounds; null while unknown. */
  readonly demand: number | null;
  /** What will not go as it should, in sentences; left out where there is nothing to say. */
  readonly warnings?: readonly string[];
}

/** A decision of a fleet as stored and as explain answers it. */
export interface DecisionRecord extends Decision {
  readonly fleet: FleetId;
  readonly mode: 'active' | 'advisory';
  /** Which revision of the configuration decided. */
  readonly revision: string;
  readonly recomputed?: boolean;
}

/** What lists, metrics and the log need of a decision: a record without its steps, of which 10,000 are kept. */
export interface DecisionLine
  extends Pick<
    DecisionRecord,
    'fleet' | 'mode' | 'at' | 'replicas' | 'held' | 'reason' | 'replicaFacts' | 'demand'
  > {
  readonly bounds: Pick<Decision['bounds'], 'floor' | 'ceiling'>;
}

export interface Outcome {
  readonly decision: Decision;
  readonly state: DecisionState;
}

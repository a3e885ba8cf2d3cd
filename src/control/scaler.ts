import type { FleetConfig, FleetId, Role } from '../core/fleet.ts';
import type { ScalerError } from '../core/scaler-error.ts';
import type { DecisionLine, DecisionRecord } from '../decision/record.ts';
import type { ClusterStatus } from '../ingest/kubernetes/cluster.ts';
import type { SourceStatus } from '../ingest/source.ts';

/** A fleet as the servers hold it; obtained by `resolve`, stable for one identity. */
export interface FleetHandle {
  readonly key: string;
  readonly config: FleetConfig;
}

/** What KEDA is told of a fleet. */
export interface Answer {
  /** Replicas to report, an integer >= 0; null: nothing is known, say UNAVAILABLE. */
  readonly replicas: number | null;
  /** True if a calendar floor above 0 is in force, which makes an unknown fleet active. */
  readonly floorAboveZero: boolean;
  /** Why, in one sentence. */
  readonly reason: string;
  /** Grid instant of the decision; null while there is none. */
  readonly at: number | null;
}

export interface ExplainQuery {
  readonly namespace: string;
  readonly name: string;
  readonly role: Role;
  readonly model?: string;
  /** A past (or the current) instant, epoch ms; undefined: the Snapshot's. */
  readonly at?: number;
  /** What-if overrides: policy fields, and `ongoing`, `ready`. Text as it stands in the URL. */
  readonly set?: Readonly<Record<string, string>>;
}

/** One line of `GET /v1/fleets`. */
export interface FleetLine {
  readonly id: FleetId;
  readonly mode: 'active' | 'advisory';
  readonly record: DecisionLine | null;
}

/** Points of the chart on the page: one an evaluation, oldest first, at most some hours. */
export interface ChartPoint {
  readonly at: number;
  readonly demand: number | null;
  readonly floor: number;
  readonly replicas: number | null;
  readonly ready: number | null;
}

export interface ScalerHealth {
  /** A revision serves and the loop turned within three intervals. */
  readonly ready: boolean;
  readonly lastTurn: number | null;
  readonly source: SourceStatus;
  readonly revision: string;
  /** Problems of a refused reload, formatted; empty when the files on disk are what serves. */
  readonly refused: readonly string[];
  readonly evaluationInterval: number;
  /** The cluster that is watched, and what of it is not known; null or left out where none is. */
  readonly cluster?: ClusterStatus | null;
}

/** A fleet as RPCs need to know it. */
export interface AnsweredFleet {
  readonly config: { readonly id: { readonly role: Role } };
}

/** What RPCs ask of a scaler. It may be on another thread: what it does not know by heart it answers later. */
export interface Answering {
  /** Finds or registers the fleet that a trigger describes. Returns the error instead of throwing: RPCs are hot. */
  resolve(ref: TriggerRef): AnsweredFleet | ScalerError | Promise<AnsweredFleet | ScalerError>;
  answer(fleet: AnsweredFleet): Answer;
  /** As answer(), with its reason where answer() leaves that out because nothing is known. */
  explained(fleet: AnsweredFleet): Answer | Promise<Answer>;
  /** As answer(), but waits (at most 1 s) for a fleet seen for the first time to be decided. */
  settled(fleet: AnsweredFleet): Promise<Answer>;
  /** Calls `listener` after every Snapshot that holds the fleet; returns how to stop. */
  subscribe(fleet: AnsweredFleet, listener: (answer: Answer) => void): () => void;
}

/** Why a fleet is no longer kept: nobody asked for it, or more are asked for than are kept. */
export type Dropped = 'idle' | 'crowded';

/** Hears what RPCs on another thread must know. */
export interface Follower {
  /** These fleets have answers, of one Snapshot. */
  answered(fleets: readonly FleetHandle[]): void;
  /** Nobody knows the fleet any more. */
  gone(fleet: FleetHandle): void;
  /** Triggers may mean something else from here on. */
  respelled(): void;
}

/** What the servers may ask of control. Everything answers from memory but `explain` with `at` or `set`, and `settled`. */
export interface Scaler extends Answering {
  resolve(ref: TriggerRef): FleetHandle | ScalerError;
  fleets(): readonly FleetLine[];
  /** Rejects with ScalerError: not-found, invalid (a bad `set`), exhausted (two at a time), unavailable. */
  explain(query: ExplainQuery): Promise<DecisionRecord>;
  chart(query: ExplainQuery): readonly ChartPoint[];
  /** Calendar transitions of the fleet within the next `horizonMs`, current bounds first. */
  agenda(query: ExplainQuery, horizonMs: number): readonly AgendaEntry[];
  health(): ScalerHealth;
}

export interface AgendaEntry {
  readonly at: number;
  readonly floor: number;
  readonly ceiling: number | null;
  readonly windows: readonly string[];
}

/** A ScaledObjectRef off the wire: KEDA's own names, values as they came. */
export interface TriggerRef {
  readonly namespace: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

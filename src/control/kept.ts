import type { FleetId } from '../core/fleet.ts';
import type { ReplicaFacts, Sample } from '../core/sample.ts';
import type { HoldReason } from '../core/signal.ts';
import { decide, type Settled } from '../decision/decide.ts';
import type { Decision, DecisionLine, DecisionRecord } from '../decision/record.ts';
import type { DecisionState } from '../decision/state.ts';
import { inputOf, type Standing, type Track } from './track.ts';

/** A decision as it is kept. */
export interface Kept {
  readonly line: DecisionLine;
  /** The whole record, exactly as it was decided. */
  record(): DecisionRecord;
}

/** What a decision was made of. */
export interface Making {
  readonly standing: Standing;
  readonly at: number;
  readonly samples: readonly Sample[];
  readonly before: DecisionState;
}

/**
 * Keeps what a decision came to and what it was made of, and not its steps: those are ten times as much, and hardly
 * anybody asks. decide() is pure, so from the same input and state it tells them again, to the letter.
 */
export function keep(making: Making, settled: Settled): Kept {
  return new Remade(making, settled, false);
}

/** The same for a buffer, which answers with the pause pods of a decision. */
export function keepBuffer(making: Making, settled: Settled): Kept {
  return new Remade(making, settled, true);
}

export function recordOf({ fleet, mode, revision }: Standing, decision: Decision): DecisionRecord {
  return { ...decision, fleet, mode, revision };
}

/** A fleet's decision as its buffer answers it: the pause pods for replicas, and their reason. */
export function asBuffer(decision: Decision): Decision {
  const step = decision.steps.find((candidate) => candidate.step === 'buffer');
  return { ...decision, replicas: decision.buffer, reason: step?.reason ?? decision.reason };
}

/** One object for all of it, since each of 10,000 fleets leaves one behind at every evaluation. */
class Remade implements Kept, DecisionLine {
  readonly at: number;
  readonly replicas: number | null;
  readonly held: HoldReason | null;
  readonly replicaFacts: ReplicaFacts;
  readonly demand: number | null;
  readonly #standing: Standing;
  readonly #samples: readonly Sample[];
  readonly #before: DecisionState;
  readonly #buffer: boolean;
  readonly #floor: number;
  readonly #ceiling: number | null;

  constructor({ standing, at, samples, before }: Making, settled: Settled, buffer: boolean) {
    this.at = at;
    this.replicas = buffer ? settled.buffer : settled.replicas;
    this.held = settled.held;
    this.replicaFacts = settled.replicaFacts;
    this.demand = settled.demand;
    this.#standing = standing;
    this.#samples = samples;
    this.#before = before;
    this.#buffer = buffer;
    this.#floor = settled.bounds.floor;
    this.#ceiling = settled.bounds.ceiling;
  }

  get line(): DecisionLine {
    return this;
  }

  get fleet(): FleetId {
    return this.#standing.fleet;
  }

  get mode(): Track['mode'] {
    return this.#standing.mode;
  }

  get bounds(): DecisionLine['bounds'] {
    return { floor: this.#floor, ceiling: this.#ceiling };
  }

  get reason(): string {
    return this.record().reason;
  }

  record(): DecisionRecord {
    const { decision } = decide(inputOf(this.#standing, this.#samples, this.at), this.#before);
    return recordOf(this.#standing, this.#buffer ? asBuffer(decision) : decision);
  }
}

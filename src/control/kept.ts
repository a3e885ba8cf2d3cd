import type { FleetId } from '../core/fleet.ts';
import type { ReplicaFacts } from '../core/sample.ts';
import type { HoldReason } from '../core/signal.ts';
import { decide, type Settled } from '../decision/decide.ts';
import type { DecisionInput } from '../decision/input.ts';
import type { Decision, DecisionLine, DecisionRecord } from '../decision/record.ts';
import type { DecisionState } from '../decision/state.ts';
import type { Track } from './track.ts';

/** A decision as it is kept. */
export interface Kept {
  readonly line: DecisionLine;
  /** The whole record, exactly as it was decided. */
  record(): DecisionRecord;
}

/** What a decision was made of, and for whom. */
export interface Making {
  readonly fleet: FleetId;
  readonly mode: Track['mode'];
  readonly revision: string;
  readonly input: DecisionInput;
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

export function recordOf({ fleet, mode, revision }: Making, decision: Decision): DecisionRecord {
  return { ...decision, fleet, mode, revision };
}

/** A fleet's decision as its buffer answers it: the pause pods for replicas, and their reason. */
export function asBuffer(decision: Decision): Decision {
  const step = decision.steps.find((candidate) => candidate.step === 'buffer');
  return { ...decision, replicas: decision.buffer, reason: step?.reason ?? decision.reason };
}

/** One object for all of it, since each of 10,000 fleets leaves one behind at every evaluation. */
class Remade implements Kept, DecisionLine {
  readonly fleet: FleetId;
  readonly mode: Track['mode'];
  readonly replicas: number | null;
  readonly held: HoldReason | null;
  readonly replicaFacts: ReplicaFacts;
  readonly demand: number | null;
  readonly #revision: string;
  readonly #input: DecisionInput;
  readonly #before: DecisionState;
  readonly #buffer: boolean;
  readonly #floor: number;
  readonly #ceiling: number | null;

  constructor({ fleet, mode, revision, input, before }: Making, settled: Settled, buffer: boolean) {
    this.fleet = fleet;
    this.mode = mode;
    this.replicas = buffer ? settled.buffer : settled.replicas;
    this.held = settled.held;
    this.replicaFacts = settled.replicaFacts;
    this.demand = settled.demand;
    this.#revision = revision;
    this.#input = input;
    this.#before = before;
    this.#buffer = buffer;
    this.#floor = settled.bounds.floor;
    this.#ceiling = settled.bounds.ceiling;
  }

  get line(): DecisionLine {
    return this;
  }

  get at(): number {
    return this.#input.at;
  }

  get bounds(): DecisionLine['bounds'] {
    return { floor: this.#floor, ceiling: this.#ceiling };
  }

  get reason(): string {
    return this.record().reason;
  }

  record(): DecisionRecord {
    const making = {
      fleet: this.fleet,
      mode: this.mode,
      revision: this.#revision,
      input: this.#input,
      before: this.#before,
    };
    const { decision } = decide(this.#input, this.#before);
    return recordOf(making, this.#buffer ? asBuffer(decision) : decision);
  }
}

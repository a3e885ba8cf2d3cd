import type { FleetId } from '../core/fleet.ts';
import { decide } from '../decision/decide.ts';
import type { DecisionInput } from '../decision/input.ts';
import type { Decision, DecisionLine, DecisionRecord } from '../decision/record.ts';
import type { DecisionState } from '../decision/state.ts';
import type { Track } from './track.ts';

/** A decision as it is kept. */
export interface Kept {
  readonly line: DecisionLine;
  /** The whole record, exactly as it was decided. */
  readonly record: () => DecisionRecord;
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
export function keep(making: Making, decision: Decision): Kept {
  return { line: lineOf(making, decision), record: () => remake(making) };
}

/** The same for a buffer, which answers with the pause pods of a decision. */
export function keepBuffer(making: Making, decision: Decision): Kept {
  return { line: lineOf(making, asBuffer(decision)), record: () => remakeBuffer(making) };
}

export function recordOf({ fleet, mode, revision }: Making, decision: Decision): DecisionRecord {
  return { ...decision, fleet, mode, revision };
}

/** A fleet's decision as its buffer answers it: the pause pods for replicas, and their reason. */
export function asBuffer(decision: Decision): Decision {
  const step = decision.steps.find((candidate) => candidate.step === 'buffer');
  return { ...decision, replicas: decision.buffer, reason: step?.reason ?? decision.reason };
}

function remake(making: Making): DecisionRecord {
  return recordOf(making, decide(making.input, making.before).decision);
}

function remakeBuffer(making: Making): DecisionRecord {
  return recordOf(making, asBuffer(decide(making.input, making.before).decision));
}

function lineOf({ fleet, mode }: Making, decision: Decision): DecisionLine {
  const { at, replicas, held, reason, replicaFacts, demand, bounds } = decision;
  const { floor, ceiling } = bounds;
  return { fleet, mode, at, replicas, held, reason, replicaFacts, demand, bounds: { floor, ceiling } };
}

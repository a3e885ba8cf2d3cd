import { resolvePolicy } from '../core/policy.ts';
import type { DecisionLine } from '../decision/record.ts';
import type { Answer } from './scaler.ts';
import type { Track } from './track.ts';

/** What KEDA is told of a record: the fleet's replicas, the buffer's pause pods, or 0 where the advice is neutral. */
export function answerOf(track: Track, record: DecisionLine): Answer {
  if (track.mode === 'advisory' && track.config.advisoryAnswer === 'zero') {
    const reason = 'advisory: 0 is neutral beside other triggers';
    return { replicas: 0, floorAboveZero: false, reason, at: record.at };
  }
  const floor = Math.max(record.bounds.floor, resolvePolicy(track.fields).minReplicas);
  return new Told(record, floor > 0);
}

/** Its reason is told where somebody asks: RPCs say it only while nothing is known. */
class Told implements Answer {
  readonly replicas: number | null;
  readonly floorAboveZero: boolean;
  readonly at: number;
  readonly #record: DecisionLine;

  constructor(record: DecisionLine, floorAboveZero: boolean) {
    this.replicas = record.replicas;
    this.floorAboveZero = floorAboveZero;
    this.at = record.at;
    this.#record = record;
  }

  get reason(): string {
    return this.#record.reason;
  }
}

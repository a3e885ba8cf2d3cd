import { resolvePolicy } from '../core/policy.ts';
import type { DecisionLine } from '../decision/record.ts';
import type { Answer } from './scaler.ts';
import type { Track } from './track.ts';

/**
 * What KEDA is told of a fleet: its replicas, the buffer's pause pods, or 0 where the advice is neutral. In place, since 10,000 new
 * ones at each evaluation would all live until the next. The reason is told where somebody asks: RPCs say it only while nothing is
 * known.
 */
export class FleetAnswer implements Answer {
  replicas: number | null = null;
  floorAboveZero = false;
  at: number | null = null;
  #line: DecisionLine | null = null;
  #neutral = false;

  take({ mode, config, fields }: Track, line: DecisionLine): void {
    this.#line = line;
    this.#neutral = mode === 'advisory' && config.advisoryAnswer === 'zero';
    this.at = line.at;
    this.replicas = this.#neutral ? 0 : line.replicas;
    this.floorAboveZero =
      !this.#neutral && Math.max(line.bounds.floor, resolvePolicy(fields).minReplicas) > 0;
  }

  get reason(): string {
    if (this.#neutral) return 'advisory: 0 is neutral beside other triggers';
    return this.#line === null ? 'not decided yet' : this.#line.reason;
  }
}

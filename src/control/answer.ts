import { resolvePolicy } from '../core/policy.ts';
import type { DecisionLine } from '../decision/record.ts';
import type { Answer } from './scaler.ts';
import type { Track } from './track.ts';

/** What KEDA is told of a record: the fleet's replicas, the buffer's pause pods, or 0 where the advice is neutral. */
export function answerOf(track: Track, record: DecisionLine): Answer {
  const neutral = track.mode === 'advisory' && track.config.advisoryAnswer === 'zero';
  return {
    replicas: neutral ? 0 : record.replicas,
    floorAboveZero: !neutral && Math.max(record.bounds.floor, resolvePolicy(track.fields).minReplicas) > 0,
    reason: neutral ? 'advisory: 0 is neutral beside other triggers' : record.reason,
    at: record.at,
  };
}

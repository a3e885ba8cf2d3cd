import { mergeFields } from '../core/policy.ts';
import { decide } from '../decision/decide.ts';
import type { DecisionInput } from '../decision/input.ts';
import type { Decision, DecisionRecord } from '../decision/record.ts';
import type { DecisionState } from '../decision/state.ts';
import type { Reading } from '../ingest/source.ts';
import { answerOf } from './answer.ts';
import { applySample, inputOf, type Track } from './track.ts';

/** What one fleet comes to at one instant, computed aside and applied when the whole cycle is done. */
export interface Draft {
  readonly track: Track;
  readonly record: DecisionRecord;
  readonly before: DecisionState;
  /** The track's state when this was computed; by now another one may be there. */
  readonly found: DecisionState;
  readonly state: DecisionState;
}

/** Decides a fleet at the reading's instant. Its sample joins the window; nothing else of the track changes. */
export function draftOf(track: Track, reading: Reading, evaluationInterval: number, revision: string): Draft {
  applySample(track, reading);
  const before = track.decidedAt === reading.at ? track.before : track.state;
  const outcome = decide(inputOf(track, reading.at, evaluationInterval), before);
  return {
    track,
    record: recordOf(track, outcome.decision, revision),
    before,
    found: track.state,
    state: outcome.state,
  };
}

/**
 * Decides a buffer: the decision of the fleet it serves, with the buffer trigger's own overrides over that fleet's
 * policy, of which it answers the pause pods.
 */
export function draftBuffer(
  track: Track,
  served: Draft | undefined,
  at: number,
  evaluationInterval: number,
  revision: string,
): Draft {
  const before = track.state;
  if (served === undefined) {
    const state = { ...before, buffer: before.buffer };
    return { track, record: orphan(track, at, before.buffer, revision), before, found: before, state };
  }
  const input: DecisionInput = {
    ...inputOf(served.track, at, evaluationInterval),
    fields: mergeFields(served.track.fields, track.config.overrides),
  };
  const { decision } = decide(input, { ...served.before, buffer: before.buffer });
  return {
    track,
    record: recordOf(track, asBuffer(decision), revision),
    before,
    found: before,
    state: { ...before, target: decision.buffer, buffer: decision.buffer },
  };
}

/** A fleet's decision as its buffer answers it: the pause pods for replicas, and their reason. */
export function asBuffer(decision: Decision): Decision {
  const step = decision.steps.find((candidate) => candidate.step === 'buffer');
  return { ...decision, replicas: decision.buffer, reason: step?.reason ?? decision.reason };
}

/** Makes a draft what the RPCs answer from. */
export function applyDraft({ track, record, before, state }: Draft): void {
  track.before = before;
  track.state = state;
  track.decidedAt = record.at;
  track.record = record;
  track.answer = answerOf(track, record);
  track.records.push(record);
  track.chart.push({
    at: record.at,
    demand: record.demand,
    floor: record.bounds.floor,
    replicas: record.replicas,
    ready: record.replicaFacts.ready,
  });
}

export function recordOf(track: Track, decision: Decision, revision: string): DecisionRecord {
  return { ...decision, fleet: track.config.id, mode: track.mode, revision };
}

function orphan(track: Track, at: number, last: number | null, revision: string): DecisionRecord {
  const reason = `the fleet ${track.config.id.namespace}/${track.config.bufferOf ?? ''} that this buffer serves is not known`;
  return {
    fleet: track.config.id,
    mode: track.mode,
    revision,
    at,
    replicas: last,
    buffer: last,
    held: 'unknown',
    reason,
    steps: [{ step: 'buffer', in: last, out: last, reason, inputs: {} }],
    signals: [],
    bounds: { floor: 0, ceiling: null, min: 0, max: 0, windows: [], covered: true },
    replicaFacts: { spec: null, ready: null, starting: null, unschedulable: null, source: 'unknown' },
    timers: [],
    next: null,
    demand: null,
  };
}

import type { Revision } from '../config/revision.ts';
import { mergeFields } from '../core/policy.ts';
import type { Sample } from '../core/sample.ts';
import { settle } from '../decision/decide.ts';
import type { DecisionRecord } from '../decision/record.ts';
import type { DecisionState } from '../decision/state.ts';
import type { Reading } from '../ingest/source.ts';
import { type Kept, keep, keepBuffer } from './kept.ts';
import { inputOf, samplesWith, standingOf, type Track } from './track.ts';

/** What one fleet comes to at one instant, computed aside and applied when the whole cycle is done. */
export interface Draft {
  readonly track: Track;
  readonly kept: Kept;
  readonly samples: readonly Sample[];
  readonly before: DecisionState;
  /** The track's state when this was computed; by now another one may be there. */
  readonly found: DecisionState;
  readonly state: DecisionState;
}

/** What a buffer is decided from: the fleet that it serves, at the same instant. */
export type Served = Pick<Draft, 'track' | 'samples' | 'before'>;

/** Decides a fleet at the reading's instant. Nothing of the track changes before the draft is applied. */
export function draftOf(track: Track, reading: Reading, revision: Revision): Draft {
  const { at } = reading;
  const samples = samplesWith(track, reading);
  const before = track.decidedAt === at ? track.before : track.state;
  const standing = standingOf(track, at, revision);
  const settled = settle(inputOf(standing, samples, at), before);
  const kept = keep({ standing, at, samples, before }, settled);
  const { state } = settled;
  return { track, kept, samples, before, found: track.state, state };
}

/**
 * Decides a buffer: the decision of the fleet it serves, with the buffer trigger's own overrides over that fleet's
 * policy, of which it answers the pause pods.
 */
export function draftBuffer(track: Track, served: Served | undefined, at: number, revision: Revision): Draft {
  const found = track.state;
  const { samples } = track;
  if (served === undefined) {
    const record = orphan(track, at, found.buffer, revision.id);
    const kept = { line: record, record: () => record };
    return { track, kept, samples, before: found, found, state: found };
  }
  const standing = {
    ...standingOf(served.track, at, revision),
    fleet: track.config.id,
    mode: track.mode,
    fields: mergeFields(served.track.fields, track.config.overrides),
  };
  const before = { ...served.before, buffer: found.buffer };
  const settled = settle(inputOf(standing, served.samples, at), before);
  const kept = keepBuffer({ standing, at, samples: served.samples, before }, settled);
  const state = { ...found, target: settled.buffer, buffer: settled.buffer };
  return { track, kept, samples, before: found, found, state };
}

/** Makes a draft what the RPCs answer from. */
export function applyDraft({ track, kept, samples, before, state }: Draft): void {
  track.samples = samples;
  track.before = before;
  track.state = state;
  track.decidedAt = kept.line.at;
  track.kept = kept;
  track.answer.take(track, kept.line);
}

/** Puts the fleet's newest decision into its memories, if it is still that of the draft. */
export function remember({ track, kept }: Draft): void {
  if (track.kept !== kept) return;
  const { at, demand, bounds, replicas, replicaFacts } = kept.line;
  track.records.push(kept);
  track.chart.push({ at, demand, floor: bounds.floor, replicas, ready: replicaFacts.ready });
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

import { decide } from '../decision/decide.ts';
import type { DecisionState } from '../decision/state.ts';
import { EMPTY_STATE } from '../decision/state.ts';
import type { History } from '../ingest/source.ts';
import { inputOf, pushSample, type Track } from './track.ts';

/** The longest of all delays, holds and look-backs of a fleet, ms: how far back its state depends on history. */
export function memoryOf(track: Track): number {
  const { fields } = track;
  const waits = [
    fields.upscaleDelay ?? 30_000,
    fields.downscaleDelay ?? 300_000,
    fields.downscaleToZeroDelay ?? 0,
    fields.burst?.hold ?? 60_000,
    fields.provisionTimeout ?? 600_000,
  ];
  return Math.max(...waits) + (fields.lookBackPeriod ?? 30_000);
}

/**
 * Law 2: the state a fleet would have if the process had run all along, by replaying its samples through decide().
 * Starts from the target exported at the first sample, if there is one. The result is never below the newest exported
 * answer. Leaves `track.samples` filled with the look-back window.
 */
export function replayHistory(track: Track, history: History, evaluationInterval: number): void {
  const { samples, exported } = history;
  const first = samples[0];
  const newest = exported[exported.length - 1];
  if (first === undefined) {
    if (newest !== undefined) track.state = { ...EMPTY_STATE, target: newest.replicas };
    return;
  }
  const known = exported.findLast((entry) => entry.at <= first.at);
  let state: DecisionState = { ...EMPTY_STATE, target: known?.replicas ?? null };
  let before = state;
  track.samples = [];
  for (const sample of samples) {
    pushSample(track, sample);
    before = state;
    state = decide({ ...inputOf(track, sample.at, evaluationInterval), historyPending: false }, state).state;
  }
  const target = newest === undefined ? state.target : Math.max(newest.replicas, state.target ?? 0);
  track.before = before;
  track.state = target === state.target ? state : { ...state, target, wish: null };
}

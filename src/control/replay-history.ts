import type { Revision } from '../config/revision.ts';
import { historyWindow } from '../core/policy.ts';
import type { Sample } from '../core/sample.ts';
import { decide } from '../decision/decide.ts';
import type { DecisionState } from '../decision/state.ts';
import { EMPTY_STATE } from '../decision/state.ts';
import type { History } from '../ingest/source.ts';
import { inputOf, standingOf, type Track, windowWith } from './track.ts';

/** The longest of all delays, holds and look-backs of a fleet, ms: how far back its state depends on history. */
export function memoryOf({ fields }: Pick<Track, 'fields'>): number {
  const waits = [
    // A waiting rise outlives a gap of its own delay.
    2 * (fields.upscaleDelay ?? 30_000),
    fields.downscaleDelay ?? 300_000,
    fields.downscaleToZeroDelay ?? 0,
    fields.burst?.hold ?? 60_000,
    fields.provisionTimeout ?? 600_000,
  ];
  return Math.max(...waits) + historyWindow(fields);
}

/**
 * Law 2: the state a fleet would have if the process had run all along, by replaying its samples through decide(). Where
 * an answer was exported, the replay starts from it once the samples fill a look-back window: before that it would
 * decide from half of what was then known. The result is never below the newest exported answer. Leaves
 * `track.samples` filled with the look-back window; a past that tells nothing leaves the track as it is.
 */
export function replayHistory(track: Track, history: History, revision: Revision): void {
  const { samples, exported } = history;
  const newest = exported[exported.length - 1];
  if (samples.length === 0) {
    if (newest !== undefined) track.state = { ...EMPTY_STATE, target: newest.replicas };
    return;
  }
  const seed = seedOf(track, history);
  let { state } = seed;
  let before = state;
  let window: readonly Sample[] = [];
  for (const [index, sample] of samples.entries()) {
    window = windowWith(window, sample, track.fields);
    if (index < seed.skipped) continue;
    before = state;
    const standing = standingOf(track, sample.at, revision);
    state = decide({ ...inputOf(standing, window, sample.at), historyPending: false }, state).state;
  }
  const lifted = newest !== undefined && (state.target === null || newest.replicas > state.target);
  if (!lifted && state.target === null && track.state.target !== null) return;
  // Seeded by no answer, it falls when the other falls if both stood on the same: what stood no lower keeps its wait.
  const unseeded = seed.state.target === null;
  const stood = (one: DecisionState, least: number): boolean =>
    unseeded && one.target !== null && one.target >= least && waitedAlike(one, exported);
  const lift = (one: DecisionState): DecisionState =>
    lifted && !stood(one, newest.replicas) ? { ...one, target: newest.replicas, wish: null } : one;
  track.samples = window;
  track.before = lift(before);
  track.state = lift(state);
  track.decidedAt = samples[samples.length - 1]?.at ?? null;
}

/**
 * Whether all that was exported during a wait for a fall is what the replay stood on: such a wait has one target
 * throughout. Where another number was exported, the process that answered it waited for something else, or not at all.
 */
function waitedAlike({ target, wish }: DecisionState, exported: History['exported']): boolean {
  if (wish?.direction !== 'down') return true;
  return exported.every(({ at, replicas }) => at < wish.since || replicas === target);
}

/**
 * What the replay starts from, and how many samples only fill the window before it. Without an answer at the first
 * sample the process began after it, or knew nothing until then but since when pods found no node.
 */
function seedOf(
  track: Track,
  { samples, exported }: History,
): { readonly state: DecisionState; readonly skipped: number } {
  const first = samples[0]?.at ?? 0;
  const filled = first + historyWindow(track.fields);
  const skipped = samples.findIndex(({ at }) => at >= filled);
  const start = samples[skipped]?.at ?? Number.NEGATIVE_INFINITY;
  const atFirst = exported.findLast(({ at }) => at <= first);
  const atStart = exported.findLast(({ at }) => at <= start);
  if (atFirst === undefined || atStart === undefined)
    return { state: { ...EMPTY_STATE, target: atFirst?.replicas ?? null }, skipped: 0 };
  const seenSince = samples.slice(0, skipped + 1).find(({ presence }) => presence === 'fresh')?.at ?? null;
  return { state: { ...EMPTY_STATE, target: atStart.replicas, seenSince }, skipped };
}

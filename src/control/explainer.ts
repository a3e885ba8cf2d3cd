import { gridInstant } from '../core/instant.ts';
import { resolvePolicy } from '../core/policy.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { decide } from '../decision/decide.ts';
import type { DecisionRecord } from '../decision/record.ts';
import { autoLead } from '../policy/lead.ts';
import type { ControlContext } from './control.ts';
import { memoryOf, replayHistory } from './replay-history.ts';
import type { AgendaEntry, ExplainQuery } from './scaler.ts';
import { capacityFor, inputOf, newTrack, type Track } from './track.ts';
import { recordOf } from './turn.ts';
import { changed, readWhatIf, type WhatIf } from './what-if.ts';

/** Recomputations at a time, and how long one may take. */
const CONCURRENT = 2;
const TIME_LIMIT = 10_000;
/** Answers why N: from the stored records, and by recomputing past instants and what-ifs aside from the loop. */
export class Explainer {
  readonly #context: () => ControlContext;
  #running = 0;

  constructor(options: { readonly context: () => ControlContext }) {
    this.#context = options.context;
  }

  /** The track of a query; throws not-found, or invalid where several models share the name. */
  find(query: ExplainQuery): Track {
    const matches: Track[] = [];
    for (const track of this.#context().registry.tracks()) {
      const { id } = track.config;
      if (id.namespace !== query.namespace || id.name !== query.name || id.role !== query.role) continue;
      if (query.model === undefined || id.model === query.model) matches.push(track);
    }
    const [track] = matches;
    if (track === undefined)
      throw new ScalerError(
        'not-found',
        `no fleet ${query.namespace}/${query.name} with role ${query.role} is known`,
      );
    if (matches.length > 1) {
      const models = matches.map(({ config }) => config.id.model).join(', ');
      throw new ScalerError(
        'invalid',
        `several fleets are called ${query.namespace}/${query.name}; name one by model: ${models}`,
      );
    }
    return track;
  }

  async explain(query: ExplainQuery): Promise<DecisionRecord> {
    const track = this.find(query);
    const set = query.set ?? {};
    if (query.at === undefined && Object.keys(set).length === 0) return current(track);
    if (query.at !== undefined && Object.keys(set).length === 0) {
      const stored = this.#stored(track, query.at);
      if (stored !== undefined) return stored;
    }
    if (this.#running >= CONCURRENT)
      throw new ScalerError('exhausted', `${CONCURRENT} recomputations are running; try again in a moment`);
    this.#running++;
    try {
      return await this.#recompute(track, query, readWhatIf(set));
    } finally {
      this.#running--;
    }
  }

  agenda(query: ExplainQuery, horizonMs: number): readonly AgendaEntry[] {
    const track = this.find(query);
    const { now, revision } = this.#context();
    const { calendar } = track;
    if (calendar === null) return [];
    const at = now();
    const lead = autoLead(resolvePolicy(track.fields), null, revision.config.evaluationInterval);
    const first = calendar.boundsAt(at, lead);
    const entries: AgendaEntry[] = [
      { at, floor: first.floor, ceiling: first.ceiling, windows: first.windows },
    ];
    for (const change of calendar.next(at, lead, 200)) if (change.at <= at + horizonMs) entries.push(change);
    return entries;
  }

  #stored(track: Track, at: number): DecisionRecord | undefined {
    const { revision } = this.#context();
    const instant = gridInstant(at, revision.config.evaluationInterval);
    return track.records.toArray().find((record) => record.at === instant);
  }

  async #recompute(track: Track, query: ExplainQuery, changes: WhatIf): Promise<DecisionRecord> {
    const { revision, source, now } = this.#context();
    const step = revision.config.evaluationInterval;
    const scratch = this.#scratchOf(track);
    let at = track.record?.at ?? null;
    if (query.at !== undefined) {
      at = gridInstant(query.at, step);
      if (at > now()) throw new ScalerError('invalid', 'at must not lie in the future');
      const range = {
        from: at - Math.ceil(Math.min(revision.config.historyLimit, memoryOf(track)) / step) * step,
        to: at,
        step,
      };
      const histories = await source
        .history(range, [track.query], AbortSignal.timeout(TIME_LIMIT))
        .catch((reason: unknown) => {
          throw new ScalerError('unavailable', 'the history of that instant cannot be read', {
            cause: reason,
          });
        });
      const history = histories.get(track.key);
      if (history === undefined || history.samples.at(-1)?.at !== at)
        throw new ScalerError('not-found', 'nothing is known of that instant');
      replayHistory(scratch, history, step);
    }
    if (at === null) throw new ScalerError('unavailable', 'the fleet has not been decided yet');
    const decision = decide(changed(inputOf(scratch, at, step), changes), scratch.before).decision;
    return { ...recordOf(track, decision, revision.id), recomputed: true };
  }

  /** A copy of the track that a recomputation may change. */
  #scratchOf(track: Track): Track {
    const scratch = newTrack(track.key, track.config, capacityFor(100_000), track.lastAsked);
    scratch.fields = track.fields;
    scratch.calendar = track.calendar;
    scratch.mode = track.mode;
    scratch.samples = [...track.samples];
    scratch.before = track.before;
    return scratch;
  }
}

function current(track: Track): DecisionRecord {
  if (track.record === null) throw new ScalerError('unavailable', 'the fleet has not been decided yet');
  return track.record;
}

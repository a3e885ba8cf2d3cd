import { p95Of } from '../core/cold-start.ts';
import { gridInstant } from '../core/instant.ts';
import { mergeFields, resolvePolicy } from '../core/policy.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { decide } from '../decision/decide.ts';
import type { DecisionRecord } from '../decision/record.ts';
import { autoLead } from '../policy/lead.ts';
import type { ControlContext } from './context.ts';
import { asBuffer, recordOf } from './kept.ts';
import { memoryOf, replayHistory } from './replay-history.ts';
import type { AgendaEntry, ExplainQuery } from './scaler.ts';
import { capacityFor, inputOf, newTrack, standingOf, type Track } from './track.ts';
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
    for (const track of this.#context().registry.named(query.namespace, query.name)) {
      const { id } = track.config;
      if (id.role !== query.role) continue;
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
    const p95 = p95Of(track.coldStarts.totals);
    const lead = autoLead(resolvePolicy(track.fields), p95, revision.config.evaluationInterval);
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
    return track.records
      .toArray()
      .find(({ line }) => line.at === instant)
      ?.record();
  }

  async #recompute(track: Track, query: ExplainQuery, changes: WhatIf): Promise<DecisionRecord> {
    const { registry, revision } = this.#context();
    const isBuffer = track.config.id.role === 'buffer';
    const served = isBuffer ? registry.servedBy(track) : track;
    if (served === undefined)
      throw new ScalerError('unavailable', 'the fleet that this buffer serves is not known');
    const scratch = scratchOf(served);
    if (isBuffer) scratch.fields = mergeFields(served.fields, track.config.overrides);
    const at = query.at === undefined ? served.kept?.line.at : await this.#rewind(scratch, query.at);
    if (at === undefined) throw new ScalerError('unavailable', 'the fleet has not been decided yet');
    const standing = standingOf(scratch, at, revision);
    const input = changed(inputOf(standing, scratch.samples, at), changes);
    const { decision } = decide(input, scratch.before);
    const of = { ...standing, fleet: track.config.id, mode: track.mode };
    return { ...recordOf(of, isBuffer ? asBuffer(decision) : decision), recomputed: true };
  }

  /** Brings a scratch track to the state before the grid instant of `wanted`, from history; returns that instant. */
  async #rewind(scratch: Track, wanted: number): Promise<number> {
    const { revision, source, now } = this.#context();
    const step = revision.config.evaluationInterval;
    const at = gridInstant(wanted, step);
    if (at > now()) throw new ScalerError('invalid', 'at must not lie in the future');
    const back = Math.min(revision.config.historyLimit, memoryOf(scratch));
    const range = { from: at - Math.ceil(back / step) * step, to: at, step };
    const histories = await withinLimit((signal) => source.history(range, [scratch.query], signal));
    const history = histories.get(scratch.key);
    if (history === undefined || history.samples.at(-1)?.at !== at) {
      throw new ScalerError('not-found', 'nothing is known of that instant');
    }
    replayHistory(scratch, history, revision);
    return at;
  }
}

/** What `read` resolves to; a source that does not heed its signal is not waited for either. */
async function withinLimit<T>(read: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), TIME_LIMIT);
  const limit = new Promise<never>((_, reject) => {
    late.signal.addEventListener('abort', () => reject(late.signal.reason));
  });
  try {
    return await Promise.race([read(late.signal), limit]);
  } catch (reason) {
    const why = late.signal.aborted ? `could not be read within ${TIME_LIMIT / 1000}s` : 'cannot be read';
    throw new ScalerError('unavailable', `the history of that instant ${why}`, { cause: reason });
  } finally {
    clearTimeout(timer);
  }
}

/** A copy of the track that a recomputation may change. */
function scratchOf(track: Track): Track {
  const scratch = newTrack(track.key, track.config, capacityFor(100_000), track.lastAsked);
  return {
    ...scratch,
    query: track.query,
    fields: track.fields,
    calendar: track.calendar,
    mode: track.mode,
    samples: track.samples,
    learned: track.learned,
    coldStarts: track.coldStarts,
    before: track.before,
    settled: true,
  };
}

function current(track: Track): DecisionRecord {
  if (track.kept === null) throw new ScalerError('unavailable', 'the fleet has not been decided yet');
  return track.kept.record();
}

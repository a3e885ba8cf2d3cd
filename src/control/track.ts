import type { Calendar } from '../calendar/calendar.ts';
import type { Revision } from '../config/revision.ts';
import { bucketOf, COLD_START_BUCKETS, type ColdStart, p95Of } from '../core/cold-start.ts';
import type { FleetConfig, FleetId } from '../core/fleet.ts';
import { perObject } from '../core/per-object.ts';
import { historyWindow, mergeFields, type PolicyFields } from '../core/policy.ts';
import { NO_SAMPLE, type Sample } from '../core/sample.ts';
import type { DecisionInput } from '../decision/input.ts';
import { type DecisionState, EMPTY_STATE } from '../decision/state.ts';
import { sameFacts } from '../ingest/replica-facts.ts';
import type { FleetQuery, Needs, PastColdStarts, Reading } from '../ingest/source.ts';
import { learnedUntil, type Traffic } from '../signal/traffic.ts';
import { FleetAnswer } from './answer.ts';
import { Chart } from './chart.ts';
import type { Kept } from './kept.ts';
import { Ring } from './ring.ts';
import type { Answer, FleetHandle } from './scaler.ts';

/** All that the process keeps of one fleet. Owned by Control; the Snapshot is all that is `kept` of one instant. */
export interface Track extends FleetHandle {
  config: FleetConfig;
  query: FleetQuery;
  /** The policy's fields with the metadata over them; the last ones known when the policy has gone. */
  fields: PolicyFields;
  calendar: Calendar | null;
  mode: 'active' | 'advisory';
  /** Listed in bellwether.yaml: never forgotten. */
  listed: boolean;
  state: DecisionState;
  /** How it stood when it was last decided. */
  standing: Standing | null;
  /** State before the decision that is `kept`: what a what-if starts from. */
  before: DecisionState;
  /** Instant of the decision between the two; deciding it again starts from `before`. */
  decidedAt: number | null;
  /** Samples of the look-back window and the one before it; replaced, never changed, since decisions keep theirs. */
  samples: readonly Sample[];
  /** What weeks of traffic came to, where the policy learns from them: what holds now, and what will from tonight on. */
  learned: readonly Learned[];
  kept: Kept | null;
  /** Cold starts by bucket: read back at the start, and counted since. */
  readonly coldStarts: { totals: readonly number[]; nodeWaits: readonly number[] };
  readonly answer: FleetAnswer;
  readonly records: Ring<Kept>;
  readonly chart: Chart;
  /** None before the first comes: 10,000 empty sets are megabytes. */
  listeners: Set<(answer: Answer) => void> | undefined;
  /** Whether its history was asked for. */
  enrolled: boolean;
  /** Whether history was read back, or need not be. */
  settled: boolean;
  waiters: Set<() => void> | undefined;
  lastAsked: number;
  readonly firstAsked: number;
  /** Triggers as they were written that mean this fleet. */
  spellings: readonly string[];
}

export interface Learned {
  readonly traffic: Traffic;
  /** What it rests on beside the history; another one is learned when this changes. */
  readonly basis: string;
  /** The objects that the basis was made of, or that were found to make the same. */
  calendar: Calendar | null;
  fields: PolicyFields;
}

/** How much each fleet may remember, so that 10,000 of them fit. */
export interface Capacity {
  readonly records: number;
  readonly chart: number;
}

/** Budgets over all fleets; one fleet gets an hour of records and four of chart at the default interval. */
export function capacityFor(fleets: number): Capacity {
  const share = (budget: number, least: number, most: number): number =>
    Math.min(most, Math.max(least, Math.floor(budget / Math.max(1, fleets))));
  return { records: share(7_200, 1, 720), chart: share(240_000, 24, 2_880) };
}

/** One for all that have nothing. */
export const NONE: readonly never[] = [];

export function newTrack(key: string, config: FleetConfig, capacity: Capacity, now: number): Track {
  return {
    key,
    config,
    query: { key, id: config.id, scaleTarget: config.scaleTarget, promql: undefined, arrivals: undefined },
    fields: {},
    calendar: null,
    mode: 'active',
    listed: false,
    state: EMPTY_STATE,
    standing: null,
    before: EMPTY_STATE,
    decidedAt: null,
    samples: NONE,
    learned: NONE,
    coldStarts: { totals: NONE, nodeWaits: NONE },
    kept: null,
    answer: new FleetAnswer(),
    records: new Ring(capacity.records),
    chart: new Chart(capacity.chart),
    listeners: undefined,
    enrolled: false,
    settled: false,
    waiters: undefined,
    lastAsked: now,
    firstAsked: now,
    spellings: NONE,
  };
}

/** Whether a stream waits for news of the fleet. */
export function isListenedTo({ listeners }: Track): boolean {
  return listeners !== undefined && listeners.size > 0;
}

/** Whether its policy learns from weeks of traffic. */
export function isLearning({ fields, config }: Track): boolean {
  return fields.signals?.arrivalRate !== undefined && config.id.role === 'replicas';
}

/** Points a track at a revision's policy and calendar; a policy that is gone leaves the last known fields in force. */
export function applyRevision(
  track: Track,
  revision: Revision,
  calendars: ReadonlyMap<string, Calendar>,
): void {
  const name = track.config.policy ?? revision.config.defaults.policy;
  const policy = name === undefined ? undefined : revision.policies.get(name);
  if (policy !== undefined) track.fields = fieldsOf(policy, track.config.overrides);
  const calendar = track.config.calendar ?? track.fields.calendar;
  if (calendar === undefined) track.calendar = null;
  else track.calendar = calendars.get(calendar) ?? track.calendar;
  track.mode = track.fields.mode ?? 'active';
  const promql = track.fields.signals?.query?.promql;
  const arrivals = track.fields.signals?.arrivalRate?.promql;
  const { id, scaleTarget } = track.config;
  track.query = { key: track.key, id, scaleTarget, promql, arrivals, needs: needsOf(track.fields) };
}

/** What policies read, one object for all fleets of a policy. */
const needsOf = perObject(({ signals }: PolicyFields): Needs => {
  const { kvCacheUsage, arrivalRate, timeToFirstToken, only } = signals ?? {};
  return {
    kvCache: kvCacheUsage !== undefined || only === 'kvCacheUsage',
    finished: arrivalRate !== undefined || only === 'arrivalRate',
    firstTokens: timeToFirstToken !== undefined || only === 'timeToFirstToken',
  };
});

/** A policy's fields with the factors spelled out: one object for all fleets that override nothing of it. */
const plainFields = perObject((policy: PolicyFields): PolicyFields => mergeFields({}, policy));

function fieldsOf(policy: PolicyFields, overrides: PolicyFields): PolicyFields {
  const fields = plainFields(policy);
  return Object.keys(overrides).length === 0 ? fields : mergeFields(fields, overrides);
}

/**
 * What a decision is made of besides the instant, its samples and the state before it. One object as long as none of it changes: of
 * 10,000 fleets each decision keeps one.
 */
export interface Standing extends Required<Omit<DecisionInput, 'at' | 'samples'>> {
  readonly fleet: FleetId;
  readonly mode: Track['mode'];
  /** Of the configuration. */
  readonly revision: string;
}

/** How the fleet stands at `at`. */
export function standingOf(track: Track, at: number, { id, config }: Revision): Standing {
  const now: Standing = {
    fleet: track.config.id,
    mode: track.mode,
    revision: id,
    fields: track.fields,
    calendar: track.calendar,
    coldStartP95: p95Of(track.coldStarts.totals),
    nodeP95: p95Of(track.coldStarts.nodeWaits),
    evaluationInterval: config.evaluationInterval,
    traffic: trafficAt(track, at),
    historyPending: !track.settled,
  };
  if (track.standing === null || !isSame(track.standing, now)) track.standing = now;
  return track.standing;
}

function isSame(a: Standing, b: Standing): boolean {
  return (
    a.fleet === b.fleet &&
    a.mode === b.mode &&
    a.revision === b.revision &&
    a.fields === b.fields &&
    a.calendar === b.calendar &&
    a.coldStartP95 === b.coldStartP95 &&
    a.nodeP95 === b.nodeP95 &&
    a.evaluationInterval === b.evaluationInterval &&
    a.traffic === b.traffic &&
    a.historyPending === b.historyPending
  );
}

/** What decide() is asked about a fleet at `at`. */
export function inputOf(standing: Standing, samples: readonly Sample[], at: number): DecisionInput {
  const { fields, calendar, coldStartP95, nodeP95, evaluationInterval, traffic, historyPending } = standing;
  return {
    at,
    fields,
    calendar,
    samples,
    coldStartP95,
    nodeP95,
    evaluationInterval,
    traffic,
    historyPending,
  };
}

/** What was learned for `at`; what is meant for later does not hold yet, unless there is nothing else. */
function trafficAt({ learned }: Track, at: number): Traffic | null {
  const until = learnedUntil(at);
  return (learned.findLast(({ traffic }) => traffic.until <= until) ?? learned[0])?.traffic ?? null;
}

/** The samples with one more, without those that no window reads any more; one before the window stays, for growth. */
export function windowWith(
  samples: readonly Sample[],
  sample: Sample,
  fields: PolicyFields,
): readonly Sample[] {
  const start = sample.at - historyWindow(fields);
  let end = samples.length;
  while (end > 0 && (samples[end - 1] ?? sample).at >= sample.at) end--;
  let first = 0;
  while (first < end && (first + 1 < end ? (samples[first + 1] ?? sample).at : sample.at) <= start) first++;
  // As long as it is, and no longer: what grows by push has room for sixteen more.
  const next = new Array<Sample>(end - first + 1);
  for (let index = first; index < end; index++) next[index - first] = samples[index] ?? sample;
  next[end - first] = sample;
  return next;
}

/** The sample with the parts of the one before that say the same: half of what a window of them weighs. */
function sharing(sample: Sample, before: Sample): Sample {
  if (sample.replicas === before.replicas) return sample;
  if (!sameFacts(sample.replicas, before.replicas)) return sample;
  const missing = sample.missing.length + before.missing.length === 0 ? before.missing : sample.missing;
  const notes = sample.notes.length + before.notes.length === 0 ? before.notes : sample.notes;
  return { ...sample, replicas: before.replicas, missing, notes };
}

/** A fleet's samples with the one of a reading, unless this instant is there already (read back from history). */
export function samplesWith({ samples, query, fields }: Track, reading: Reading): readonly Sample[] {
  if (samples[samples.length - 1]?.at === reading.at) return samples;
  const sample = reading.sampleOf(query);
  return windowWith(samples, sharing(sample, samples[samples.length - 1] ?? NO_SAMPLE), fields);
}

/** One more pod of the fleet became ready. */
export function countColdStart({ coldStarts }: Track, { total, nodeWait }: ColdStart): void {
  coldStarts.totals = added(coldStarts.totals, oneIn(total));
  if (nodeWait !== null) coldStarts.nodeWaits = added(coldStarts.nodeWaits, oneIn(nodeWait));
}

/** What was measured before this process; once a fleet. */
export function addColdStarts({ coldStarts }: Track, past: PastColdStarts): void {
  coldStarts.totals = added(coldStarts.totals, past.totals);
  coldStarts.nodeWaits = added(coldStarts.nodeWaits, past.nodeWaits);
}

function oneIn(ms: number): readonly number[] {
  const bucket = bucketOf(ms);
  return Array.from({ length: bucket + 1 }, (_, index) => (index === bucket ? 1 : 0));
}

function added(a: readonly number[], b: readonly number[]): readonly number[] {
  return Array.from(
    { length: COLD_START_BUCKETS.length + 1 },
    (_, index) => (a[index] ?? 0) + (b[index] ?? 0),
  );
}

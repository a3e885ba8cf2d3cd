import { isCounting } from './growth.ts';
import { labelOf, larger, type Metric, type Point, pointsIn } from './points.ts';
import { YOUNG_STORE } from './queries.ts';
import type { KubeLayout } from './replica-facts.ts';
import { carriesOn, modelKey, podKeyOf, type Roster, sameKeys } from './roster.ts';
import { counted, strided } from './slices.ts';
import type { Tables } from './tables.ts';
import { FIELD, type Rows, WIDTH } from './vllm-rows.ts';

/** How long a pod that reported and is scraped in vain still counts as missing (law 4). */
export const MISSING_FOR = 600_000;

/** A pod that reported a model: when last, and with which labels. */
export interface SeenPod {
  readonly namespace: string;
  readonly model: string;
  readonly pod: string;
  readonly metric: Metric;
  /** matchLabels keys by which it was told from others then. */
  readonly keys: readonly string[];
  /** Epoch ms of its newest sample. */
  readonly lastReport: number;
  /** The store was emptied, or down, since: that its `up` is gone says nothing until it reports again. */
  readonly lostByStore: boolean;
}

/** What one instant tells the next. Rebuilt from history like all state. */
export interface Memory {
  /** What the last instant read; null before the first. */
  readonly last: LastRows | null;
  /** Pods that reported before and did not at the last instant, by podKey. */
  readonly pods: ReadonlyMap<string, SeenPod>;
  /** Engines' numbers that were read back for instants before the last one, by key. */
  readonly counters: ReadonlyMap<string, Float64Array>;
  readonly kube: KubeLayout | null;
  /** Instants were not read since: who is not there now may have been lost with the store. */
  readonly interrupted: boolean;
}

export const EMPTY_MEMORY: Memory = {
  last: null,
  pods: new Map(),
  counters: new Map(),
  kube: null,
  interrupted: false,
};

interface LastRows extends Rows {
  /** By pod of the roster: epoch ms of the newest sample of one that reported afresh, NaN for others. */
  readonly seenAt: Float64Array;
}

/** Pods that reported a model within 10 minutes, do not now, and have not gone: by namespace and model. */
export type MissingByModel = ReadonlyMap<string, readonly SeenPod[]>;

/** What an instant's rows say by themselves, against the memory of the one before. */
export interface Reported {
  readonly last: LastRows;
  /** What the counters of each engine grew by since the instant before (growth.ts); null where nothing is counted. */
  readonly increases: Float64Array | null;
  /** Pods that reported before and do not now: whether they are missing or gone their `up` tells. */
  readonly silent: ReadonlyMap<string, Silent>;
}

interface Silent {
  readonly pod: SeenPod;
  /** Old samples of it are left. */
  readonly present: boolean;
}

/** Who reports now, and who does no longer. `fresh` says whether an engine's sample is young enough. */
export function* report(
  memory: Memory,
  rows: Rows,
  known: Known,
  fresh: (engine: number) => boolean,
): Generator<void, Pick<Reported, 'last' | 'silent'>> {
  const { values, observedAt } = rows;
  const { roster } = rows.layout;
  const seenAt = new Float64Array(roster.pods.length).fill(Number.NaN);
  const old = new Uint8Array(roster.pods.length);
  yield* counted(roster.engines.length, (engine) => {
    const pod = roster.podOf[engine] ?? -1;
    if (pod < 0 || !hasGauges(values, engine)) return;
    if (fresh(engine)) seenAt[pod] = larger(larger(seenAt[pod], observedAt[engine]), known.lastReport[pod]);
    else old[pod] = 1;
  });
  const silent = new Map<string, Silent>();
  const consider = (key: string, places: readonly number[], pod: () => SeenPod): void => {
    if (places.some((place) => !Number.isNaN(seenAt[place]))) return;
    const present = places.some((place) => old[place] === 1);
    silent.set(key, { pod: laterOf(silent.get(key)?.pod, pod()), present });
  };
  yield* strided(memory.pods, ([key, pod]) => consider(key, known.placesOf(key, pod.keys), () => pod));
  const { last } = memory;
  const before = last?.layout.roster;
  const isCarriedOn = before !== undefined && carriesOn(roster, before);
  yield* counted(last?.seenAt.length ?? 0, (place) => {
    if (last === null || before === undefined || Number.isNaN(last.seenAt[place])) return;
    if (isCarriedOn && !Number.isNaN(seenAt[place])) return;
    const key = before.pods[place]?.podKey ?? '';
    consider(key, known.placesOf(key, before.keys), () => seenPod(last, place));
  });
  return { last: { ...rows, seenAt }, silent };
}

/** Without either an engine's counters make no pod: its gauges may have gone, and 0 would be put in their place. */
export function hasGauges(values: Float64Array, engine: number): boolean {
  const at = engine * WIDTH;
  return !Number.isNaN(values[at + FIELD.running]) || !Number.isNaN(values[at + FIELD.waiting]);
}

/** What a memory knows of the pods and engines of a roster. */
export interface Known {
  /** By pod: epoch ms of the newest sample that is known of it, NaN where it was never seen. */
  readonly lastReport: Float64Array;
  /** By engine, as Rows has them: the numbers of the instant before. */
  readonly values: Float64Array;
  /** No pod at all was seen before. */
  readonly nobody: boolean;
  /** Places in the roster of a pod that the memory has under `key`, told by `keys`. */
  placesOf(key: string, keys: readonly string[]): readonly number[];
}

/**
 * Finds the pods and engines of a roster in the memory. Where fleets began or ceased to ask for a label, or history was read for
 * few of them, a pod is there under other keys than the roster has: it is then the one that says the same of the labels that both have.
 */
export function* knownOf(memory: Memory, roster: Roster): Generator<void, Known> {
  const { last } = memory;
  const before = last?.layout.roster;
  const others = new OtherKeys(roster);
  const isCarriedOn = before !== undefined && carriesOn(roster, before);
  const carried = isCarriedOn ? last?.seenAt : undefined;
  const lastReport = padded(carried, roster.pods.length, memory.pods.size > 0);
  if (last !== null && before !== undefined && !isCarriedOn) {
    const alike = sameKeys(before.keys, roster.keys);
    yield* counted(last.seenAt.length, (place) => {
      const at = last.seenAt[place] ?? Number.NaN;
      if (Number.isNaN(at)) return;
      const key = before.pods[place]?.podKey ?? '';
      const now = alike ? roster.podAt.get(key) : undefined;
      if (now !== undefined) lastReport[now] = at;
      else if (!alike) others.add(key, seenPod(last, place));
    });
  }
  for (const [key, pod] of memory.pods) {
    if (!sameKeys(pod.keys, roster.keys)) others.add(key, pod);
    else {
      const place = roster.podAt.get(key);
      if (place !== undefined) lastReport[place] = larger(lastReport[place], pod.lastReport);
    }
  }
  yield* others.match(lastReport);
  const { podAt } = roster;
  return {
    lastReport,
    values: yield* valuesBefore(memory, roster, others),
    nobody: memory.pods.size === 0 && (last === null || last.seenAt.every(Number.isNaN)),
    placesOf(key, keys) {
      if (!sameKeys(keys, roster.keys)) return others.heirsOf(key);
      const place = podAt.get(key);
      return place === undefined ? [] : [place];
    },
  };
}

/** Numbers with room for who came since, of whom nothing is known; the same array if it may be and is long enough. */
function padded(numbers: Float64Array | undefined, length: number, copy = false): Float64Array {
  if (numbers?.length === length && !copy) return numbers;
  const all = new Float64Array(length).fill(Number.NaN);
  if (numbers !== undefined) all.set(numbers);
  return all;
}

function* valuesBefore(
  { last, counters }: Memory,
  roster: Roster,
  others: OtherKeys,
): Generator<void, Float64Array> {
  const before = last?.layout.roster;
  if (before !== undefined && counters.size === 0 && carriesOn(roster, before))
    return padded(last?.values, roster.engines.length * WIDTH);
  const numbersOf = (key: string): Float64Array | undefined => {
    const place = before?.engineAt.get(key) ?? -1;
    return last !== null && place >= 0 && isCounting(last.values, place)
      ? last.values.subarray(place * WIDTH, (place + 1) * WIDTH)
      : counters.get(key);
  };
  const values = new Float64Array(roster.engines.length * WIDTH).fill(Number.NaN);
  yield* counted(roster.engines.length, (engine) => {
    const { key, podKey } = roster.engines[engine] ?? { key: '', podKey: '' };
    const was = others.keyOf(roster.podOf[engine] ?? -1);
    const numbers =
      numbersOf(key) ?? (was === undefined ? undefined : numbersOf(was + key.slice(podKey.length)));
    if (numbers !== undefined) values.set(numbers, engine * WIDTH);
  });
  return values;
}

/** Pods that the memory has under other keys than a roster. */
class OtherKeys {
  readonly #roster: Roster;
  /** By the memory's keys: the labels that both have, and the pods by what these say. */
  readonly #groups = new Map<
    string,
    {
      readonly common: readonly string[];
      readonly pods: Map<string, (readonly [key: string, pod: SeenPod])[]>;
    }
  >();
  readonly #heirs = new Map<string, number[]>();
  readonly #keys = new Map<number, string>();

  constructor(roster: Roster) {
    this.#roster = roster;
  }

  add(key: string, pod: SeenPod): void {
    const id = pod.keys.join('\0');
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = { common: this.#roster.keys.filter((name) => pod.keys.includes(name)), pods: new Map() };
      this.#groups.set(id, group);
    }
    const said = podKeyOf(pod, group.common);
    const alike = group.pods.get(said);
    if (alike === undefined) group.pods.set(said, [[key, pod]]);
    else alike.push([key, pod]);
  }

  /** Finds the roster's pods among them; of several that are one pod the one that reported last is it. */
  *match(lastReport: Float64Array): Generator<void, void> {
    if (this.#groups.size === 0) return;
    yield* counted(lastReport.length, (place) => {
      const engine = this.#roster.pods[place];
      if (engine === undefined) return;
      for (const { common, pods } of this.#groups.values()) {
        for (const [key, { lastReport: at }] of pods.get(podKeyOf(engine, common)) ?? []) {
          this.#heirs.set(key, [...this.heirsOf(key), place]);
          if ((lastReport[place] ?? Number.NaN) >= at) continue;
          lastReport[place] = at;
          this.#keys.set(place, key);
        }
      }
    });
  }

  heirsOf(key: string): readonly number[] {
    return this.#heirs.get(key) ?? [];
  }

  /** The memory's key of a pod that is known best by another than its own. */
  keyOf(place: number): string | undefined {
    return this.#keys.get(place);
  }
}

/** The memory after an instant, and who is missing at it. */
export function* remember(
  { interrupted, kube }: Memory,
  { last, silent }: Reported,
  tables: Tables,
): Generator<void, { memory: Memory; missing: MissingByModel }> {
  const pods = yield* missingPods(silent, tables, interrupted);
  const missing = new Map<string, SeenPod[]>();
  for (const pod of pods.values()) {
    const ofModel = modelKey(pod.namespace, pod.model);
    const list = missing.get(ofModel);
    if (list) list.push(pod);
    else missing.set(ofModel, [pod]);
  }
  return { memory: { last, pods, counters: new Map(), kube, interrupted: false }, missing };
}

/** The two memories' knowledge together: what a range read back, and what was seen live meanwhile. */
export function mergeMemories(past: Memory, live: Memory): Memory {
  const pods = new Map(past.pods);
  const counters = new Map(past.counters);
  if (past.last !== null) {
    const { layout, seenAt, values } = past.last;
    for (const [place, { podKey }] of layout.roster.pods.entries())
      if (!Number.isNaN(seenAt[place]))
        pods.set(podKey, laterOf(pods.get(podKey), seenPod(past.last, place)));
    for (const [place, { key }] of layout.roster.engines.entries())
      if (isCounting(values, place)) counters.set(key, values.subarray(place * WIDTH, (place + 1) * WIDTH));
  }
  for (const [key, pod] of live.pods) pods.set(key, laterOf(pods.get(key), pod));
  for (const [key, counts] of live.counters) counters.set(key, counts);
  return { last: live.last, pods, counters, kube: live.kube, interrupted: live.interrupted };
}

/** The silent ones that are not gone. */
function* missingPods(
  silent: Reported['silent'],
  tables: Tables,
  interrupted: boolean,
): Generator<void, ReadonlyMap<string, SeenPod>> {
  const kept = new Map<string, SeenPod>();
  if (silent.size === 0) return kept;
  const up = [...pointsIn(tables.up)];
  const scraped = yield* scrapedPods(up, tables.labels);
  // Nothing at all is scraped any more, or, after an interruption, only just again: that a pod's `up` is gone says nothing.
  const filling = up.length === 0 || isYoung(up);
  const lost = up.length === 0 || (interrupted && filling);
  for (const [key, { pod, present }] of silent) {
    const lostByStore = pod.lostByStore || lost;
    // The store may have been down for longer than that; how long its pods did not report counts once it is filled.
    const ended = tables.evaluatedAt - pod.lastReport >= MISSING_FOR;
    if (ended && !(lostByStore && filling)) continue;
    if (!lostByStore && !present && !scraped.has(modelKey(pod.namespace, pod.pod))) continue;
    kept.set(key, { ...pod, lostByStore });
  }
  return kept;
}

function isYoung(up: readonly Point[]): boolean {
  return up.some(({ metric }) => labelOf(metric, YOUNG_STORE.label) === YOUNG_STORE.value);
}

function* scrapedPods(up: readonly Point[], labels: Tables['labels']): Generator<void, ReadonlySet<string>> {
  const scraped = new Set<string>();
  yield* strided(up, ({ metric }) => {
    scraped.add(modelKey(labelOf(metric, labels.namespace), labelOf(metric, labels.pod)));
  });
  return scraped;
}

function seenPod({ layout, seenAt }: LastRows, place: number): SeenPod {
  const { keys, pods } = layout.roster;
  const { namespace, model, pod, metric } = pods[place] ?? UNNAMED;
  return {
    namespace,
    model,
    pod,
    metric,
    keys,
    lastReport: seenAt[place] ?? 0,
    lostByStore: false,
  };
}

const UNNAMED = { namespace: '', model: '', pod: '', metric: {} };

function laterOf(a: SeenPod | undefined, b: SeenPod): SeenPod {
  return a && a.lastReport > b.lastReport ? a : b;
}

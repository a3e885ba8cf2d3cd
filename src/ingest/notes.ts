import type { Instant } from './instant.ts';
import { pointsIn } from './points.ts';
import { isSameEngine, modelKey } from './roster.ts';
import type { FleetQuery } from './source.ts';
import type { Tables } from './tables.ts';
import { FIELD, isThere, WIDTH } from './vllm-rows.ts';

const NONE: readonly string[] = [];

/** Remarks for explain: what was left out and why, which names were read, what could not be. Sorted, without repeats. */
export function fleetNotes(
  instant: Instant,
  fleet: FleetQuery,
  engines: readonly number[],
): readonly string[] {
  const notes = [...instant.tables.gaps];
  const left = leftOutFor(instant, fleet);
  const routers = left.filter(({ leftOut }) => leftOut === 'router').length;
  const podless = left.length - routers;
  if (routers > 0) notes.push(`left out ${counted(routers)} that a router re-exports (label server)`);
  if (podless > 0) notes.push(`left out ${counted(podless)} without a ${instant.tables.labels.pod} label`);
  if (engines.some((engine) => isOldName(instant, engine)))
    notes.push("KV cache use is read from gpu_cache_usage_perc, the gauge's old name");
  if (isAnyTwice(instant, engines)) notes.push('some engines have several series; each is counted once');
  for (const { note } of [queryValue(instant, fleet), gatewayCount(instant, fleet)]) {
    if (note !== null) notes.push(note);
  }
  // Of nearly all of 10,000 fleets nothing is to be said.
  return notes.length === 0 ? NONE : [...new Set(notes)].sort();
}

function isOldName({ rows: { values } }: Instant, engine: number): boolean {
  const at = engine * WIDTH;
  return Number.isNaN(values[at + FIELD.kvCache]) && !Number.isNaN(values[at + FIELD.gpuCache]);
}

/** Whether one engine is there twice; its series stand side by side. */
function isAnyTwice({ rows }: Instant, engines: readonly number[]): boolean {
  let before = -1;
  for (const engine of engines) {
    if (!isThere(rows, engine)) continue;
    if (isSameEngine(rows.layout.roster, before, engine)) return true;
    before = engine;
  }
  return false;
}

/** Engines left out that say they are of this fleet, or leave open whose they are. */
function leftOutFor({ rows }: Instant, fleet: FleetQuery) {
  const { leftOut, engines } = rows.layout.roster;
  if (leftOut.size === 0) return [];
  const { namespace, model, matchLabels } = fleet.id;
  const keys = new Set([namespace, ''].flatMap((space) => [modelKey(space, model), modelKey(space, '')]));
  const there = [...keys].flatMap((key) => leftOut.get(key) ?? []).filter((place) => isThere(rows, place));
  const found = there.flatMap((place) => engines[place] ?? []);
  // Asked for by label, what a router re-exports is the fleet's.
  return Object.hasOwn(matchLabels, 'server') ? found.filter((one) => one.leftOut !== 'router') : found;
}

interface OneNumber {
  readonly value: number | null;
  readonly note: string | null;
}

/** The custom query's number, or why it has none. */
export function queryValue({ tables }: Instant, { promql }: FleetQuery): OneNumber {
  return oneNumber(tables.custom, promql, 'the custom query');
}

/** What a gateway's counter of requests stands at, or why it is not known. */
export function gatewayCount({ tables }: Instant, { arrivals }: FleetQuery): OneNumber {
  return oneNumber(tables.custom, arrivals, "the query of the gateway's requests");
}

function oneNumber(custom: Tables['custom'], promql: string | undefined, subject: string): OneNumber {
  if (promql === undefined) return { value: null, note: null };
  const result = custom.get(promql);
  if (result === undefined) return { value: null, note: `${subject} was not read in this cycle` };
  if (typeof result === 'string') return { value: null, note: `${subject} ${result}` };
  const points = [...pointsIn(result)];
  const [only] = points;
  if (only && points.length === 1) return { value: only.value, note: null };
  return { value: null, note: `${subject} must give one number, was ${points.length}` };
}

function counted(count: number): string {
  return count === 1 ? '1 series' : `${count} series`;
}

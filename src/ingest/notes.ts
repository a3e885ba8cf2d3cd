import type { Instant } from './instant.ts';
import type { FleetQuery } from './source.ts';
import type { Tables } from './tables.ts';
import { type EngineRow, modelKey } from './vllm-rows.ts';

/** Remarks for explain: what was left out and why, which names were read, what could not be. Sorted, without repeats. */
export function fleetNotes(instant: Instant, fleet: FleetQuery, rows: readonly EngineRow[]): string[] {
  const notes = new Set(instant.tables.gaps);
  const left = leftOutFor(instant, fleet);
  const routers = left.filter((row) => row.leftOut === 'router').length;
  const podless = left.length - routers;
  if (routers > 0) notes.add(`left out ${counted(routers)} that a router re-exports (label server)`);
  if (podless > 0) notes.add(`left out ${counted(podless)} without a ${instant.tables.labels.pod} label`);
  const old = rows.some((row) => row.values.gpuCache !== undefined && row.values.kvCache === undefined);
  if (old) notes.add("KV cache use is read from gpu_cache_usage_perc, the gauge's old name");
  const engines = new Set(rows.map((row) => `${row.pod}\0${row.engine}`));
  if (engines.size < rows.length) notes.add('some engines have several series; each is counted once');
  for (const { note } of [queryValue(instant, fleet), gatewayCount(instant, fleet)]) {
    if (note !== null) notes.add(note);
  }
  return [...notes].sort();
}

/** Rows left out that say they are of this fleet, or leave open whose they are. */
function leftOutFor(instant: Instant, fleet: FleetQuery): EngineRow[] {
  const { namespace, model, matchLabels } = fleet.id;
  if (instant.leftOut.size === 0) return [];
  const keys = new Set([namespace, ''].flatMap((space) => [modelKey(space, model), modelKey(space, '')]));
  const found = [...keys].flatMap((key) => instant.leftOut.get(key) ?? []);
  // Asked for by label, what a router re-exports is the fleet's.
  return Object.hasOwn(matchLabels, 'server') ? found.filter((row) => row.leftOut !== 'router') : found;
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
  const [only] = result;
  if (only && result.length === 1) return { value: only.value, note: null };
  return { value: null, note: `${subject} must give one number, was ${result.length}` };
}

function counted(count: number): string {
  return count === 1 ? '1 series' : `${count} series`;
}

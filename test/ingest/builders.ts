import { fleetKey, type ScaleTarget } from '../../src/core/fleet.ts';
import { nextInstant } from '../../src/ingest/instant.ts';
import { EMPTY_MEMORY } from '../../src/ingest/memory.ts';
import type { Point } from '../../src/ingest/points.ts';
import { PLAIN_LABELS } from '../../src/ingest/queries.ts';
import type { FleetQuery } from '../../src/ingest/source.ts';
import { emptyTables, type Tables } from '../../src/ingest/tables.ts';

/** An instant on every grid used here; what it is does not matter. */
export const AT = 1_800_000_000_000;
export const STALE_AFTER = 60_000;

export function aFleet(
  over: {
    namespace?: string;
    name?: string;
    model?: string;
    matchLabels?: Record<string, string>;
    scaleTarget?: ScaleTarget;
    promql?: string;
  } = {},
): FleetQuery {
  const { namespace = 'llm', name = 'vllm', model = 'm', matchLabels = {} } = over;
  const id = { namespace, name, role: 'replicas', model, matchLabels } as const;
  return { key: fleetKey(id), id, scaleTarget: over.scaleTarget, promql: over.promql };
}

export function aPoint(name: string, labels: Record<string, string>, value: number): Point {
  const shared = { namespace: 'llm', model_name: 'm', engine: '0' };
  return { metric: { __name__: name, ...shared, ...labels }, value };
}

export const running = (labels: Record<string, string>, value: number): Point =>
  aPoint('vllm:num_requests_running', labels, value);
export const waiting = (labels: Record<string, string>, value: number): Point =>
  aPoint('vllm:num_requests_waiting', labels, value);

export function up(pod: string, value = 1): Point {
  return { metric: { namespace: 'llm', pod }, value };
}

/** Tables whose gauges are of the evaluation instant itself unless `stamps` says otherwise; something is always up. */
export function aCycle(over: Partial<Tables> = {}): Tables {
  const at = over.at ?? AT;
  const gauges = over.gauges ?? [];
  const stamps = gauges.map(({ metric }) => ({ metric, value: at / 1000 }));
  return { ...emptyTables(at, at, PLAIN_LABELS), stamps, up: [{ metric: {}, value: 1 }], ...over };
}

/** The instants that consecutive cycles make. */
export function instantsOf(...cycles: readonly Tables[]) {
  let memory = EMPTY_MEMORY;
  return cycles.map((tables) => {
    const next = nextInstant(memory, tables, STALE_AFTER);
    memory = next.memory;
    return next.instant;
  });
}

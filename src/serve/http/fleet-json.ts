import { z } from 'zod';
import type { ChartPoint, FleetLine } from '../../control/scaler.ts';
import { formatInstant } from '../../core/instant.ts';

const Count = z.number().nullable();

/** `GET /v1/fleets`; replicas, reason and at are null until the fleet has been decided. */
export const FleetsJson = z.array(
  z.object({
    namespace: z.string(),
    name: z.string(),
    role: z.enum(['replicas', 'buffer']),
    model: z.string(),
    mode: z.enum(['active', 'advisory']),
    replicas: Count,
    ready: Count,
    reason: z.string().nullable(),
    at: z.string().nullable().meta({ format: 'date-time' }),
    held: z.string().nullable(),
  }),
);
export type FleetsJson = z.infer<typeof FleetsJson>;

export function fleetJson({ id, mode, record }: FleetLine): FleetsJson[number] {
  return {
    namespace: id.namespace,
    name: id.name,
    role: id.role,
    model: id.model,
    mode,
    replicas: record?.replicas ?? null,
    ready: record?.replicaFacts.ready ?? null,
    reason: record?.reason ?? null,
    at: record && formatInstant(record.at),
    held: record?.held ?? null,
  };
}

/** Columns of equal length, oldest first: what a chart takes as it is, and a tenth of the bytes of rows. */
export const ChartJson = z.object({
  at: z.array(z.number()).meta({ description: 'Unix seconds' }),
  demand: z.array(Count),
  floor: z.array(z.number()),
  replicas: z.array(Count),
  ready: z.array(Count),
});
export type ChartJson = z.infer<typeof ChartJson>;

export function chartJson(points: readonly ChartPoint[]): ChartJson {
  const kept = points.filter((point, index) => {
    const [before, after] = [points[index - 1], points[index + 1]];
    return before === undefined || after === undefined || !same(before, point) || !same(point, after);
  });
  return {
    at: kept.map(({ at }) => at / 1000),
    demand: kept.map(({ demand }) => demand),
    floor: kept.map(({ floor }) => floor),
    replicas: kept.map(({ replicas }) => replicas),
    ready: kept.map(({ ready }) => ready),
  };
}

/** A point between two equal ones draws nothing. */
function same(a: ChartPoint, b: ChartPoint): boolean {
  return a.demand === b.demand && a.floor === b.floor && a.replicas === b.replicas && a.ready === b.ready;
}

/** `GET …/agenda`: bounds from each instant on, those in force first. */
export const AgendaJson = z.array(
  z.object({
    at: z.string().meta({ format: 'date-time' }),
    floor: z.number(),
    ceiling: Count,
    windows: z.array(z.string()),
  }),
);
export type AgendaJson = z.infer<typeof AgendaJson>;

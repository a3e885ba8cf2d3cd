import { COLD_START_BUCKETS } from '../core/cold-start.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { schemeOf, scopeOf } from './plan.ts';
import { labelOf, pointsIn, type Vector } from './points.ts';
import type { PrometheusClient } from './prometheus-client.ts';
import { coldStartQuery, type StoreLabels } from './queries.ts';
import { objectNamespace } from './replica-facts.ts';
import type { FleetQuery, PastColdStarts } from './source.ts';

export interface ColdStartSetting {
  readonly client: Pick<PrometheusClient, 'query'>;
  readonly labels: StoreLabels;
  readonly matchers: Readonly<Record<string, string>>;
}

/** Fleets read together: their namespaces fit into a matcher. */
const TOGETHER = 50;

/**
 * What scalers measured of the fleets' cold starts in the last days, as our own histograms have it. Two replicas of the
 * scaler measure the same pods: shares stay right, and five measurements come sooner. Rejects with ScalerError `unavailable`.
 */
export async function readColdStarts(
  setting: ColdStartSetting,
  at: number,
  fleets: readonly FleetQuery[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PastColdStarts>> {
  const read = new Map<string, PastColdStarts>();
  for (let first = 0; first < fleets.length; first += TOGETHER) {
    const group = fleets.slice(first, first + TOGETHER);
    const scope = scopeOf(group);
    if (scope === null) throw new Error('a group of fleets is small enough for a scope');
    const answer = await setting.client.query(
      coldStartQuery(schemeOf({ ...setting, fleets: group }), scope),
      at,
      signal,
    );
    signal.throwIfAborted();
    if (!answer.ok) throw new ScalerError('unavailable', `cold starts: Prometheus ${answer.error}`);
    const cumulative = byFleet(answer.value);
    for (const { key, id } of group) {
      const found = cumulative.get([id.namespace, id.name, id.role, id.model].join('\0'));
      if (found !== undefined)
        read.set(key, { totals: countsOf(found.totals, 0), nodeWaits: countsOf(found.nodes, NODE_WAIT) });
    }
  }
  return read;
}

/** Seconds; what was scheduled within them did not wait for a node. A bucket of the lever's histogram ends here. */
const NODE_WAIT = 10;

interface Cumulative {
  /** Cold starts that took at most so many seconds. */
  readonly totals: Map<number, number>;
  readonly nodes: Map<number, number>;
}

function byFleet(vector: Vector): ReadonlyMap<string, Cumulative> {
  const fleets = new Map<string, Cumulative>();
  for (const { metric, value } of pointsIn(vector)) {
    const [role, model] = ['role', 'model'].map(
      (name) => labelOf(metric, `exported_${name}`) || labelOf(metric, name),
    );
    const key = [objectNamespace(metric), labelOf(metric, 'scaledobject'), role, model].join('\0');
    const found = fleets.get(key) ?? { totals: new Map(), nodes: new Map() };
    fleets.set(key, found);
    const le = labelOf(metric, 'le');
    const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
    (labelOf(metric, 'lever') === '' ? found.totals : found.nodes).set(bound, value);
  }
  return fleets;
}

/** Counts of each bucket from cumulative ones; what is within `above` seconds is left out. */
function countsOf(cumulative: ReadonlyMap<number, number>, above: number): readonly number[] {
  let before = cumulative.get(above) ?? 0;
  return [...COLD_START_BUCKETS, Number.POSITIVE_INFINITY].map((bound) => {
    const within = Math.max(before, cumulative.get(bound) ?? before);
    const count = within - before;
    before = within;
    return count;
  });
}

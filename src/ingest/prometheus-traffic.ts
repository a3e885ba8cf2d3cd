import { ScalerError } from '../core/scaler-error.ts';
import { BUCKET_MS, type TrafficBucket } from '../core/traffic-bucket.ts';
import { matches } from './fold.ts';
import { mapLimited } from './limited.ts';
import { schemeOf, scopeOf } from './plan.ts';
import { labelOf, type RangeSeries } from './points.ts';
import type { PrometheusClient } from './prometheus-client.ts';
import type { StoreLabels } from './queries.ts';
import type { FleetQuery, TrafficRange } from './source.ts';
import { type TrafficQueries, trafficQueries } from './traffic-queries.ts';

export interface TrafficSetting {
  readonly client: PrometheusClient;
  readonly labels: StoreLabels;
  readonly matchers: Readonly<Record<string, string>>;
}

/** Fleets read together: so few that their names fit into a matcher. */
const TOGETHER = 50;
/** Five-minute buckets asked for at once, a day; halved where the answer, or the samples behind it, are too many. */
const CHUNK = 288;
/** Weeks of everything are heavy: one query after the other, beside the live cycle. */
const CONCURRENCY = 1;

/**
 * The traffic of `fleets` in five-minute buckets that start in [from, until), both multiples of BUCKET_MS. Rejects with ScalerError
 * `unavailable` when Prometheus does not answer, and with the signal's reason when aborted.
 */
export async function readTraffic(
  setting: TrafficSetting,
  range: TrafficRange,
  fleets: readonly FleetQuery[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly TrafficBucket[]>> {
  const read = new Map<string, readonly TrafficBucket[]>();
  for (let first = 0; first < fleets.length; first += TOGETHER) {
    const group = fleets.slice(first, first + TOGETHER);
    for (const [key, buckets] of await readGroup(setting, range, group, signal)) read.set(key, buckets);
  }
  return read;
}

type Quantity = keyof TrafficQueries | 'gateway';
/** Values of one quantity of one fleet by bucket, NaN where there is none. */
type Column = Float64Array;
type Columns = ReadonlyMap<Quantity, Column>;

async function readGroup(
  setting: TrafficSetting,
  range: TrafficRange,
  fleets: readonly FleetQuery[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly TrafficBucket[]>> {
  const { labels } = setting;
  const scheme = schemeOf({ ...setting, fleets });
  const scope = scopeOf(fleets);
  if (scope === null) throw new Error('a group of fleets is small enough for a scope');
  const queries = trafficQueries(scheme, scope);
  const asked: readonly Asked[] = [
    ...(Object.keys(queries) as (keyof TrafficQueries)[]).map((quantity) => ({
      quantity,
      promql: queries[quantity],
      of: fleets,
    })),
    ...gatewayQueries(fleets),
  ];
  const columns = new Map<string, Columns>(fleets.map(({ key }) => [key, newColumns(range)]));
  await mapLimited(asked, CONCURRENCY, async (one) => {
    for await (const series of chunks(setting.client, one.promql, range, signal)) {
      for (const fleet of one.of)
        addSeries(columns.get(fleet.key), { ...one, from: range.from }, fleet, { series, labels });
    }
  });
  return new Map(fleets.map((fleet) => [fleet.key, bucketsOf(columns.get(fleet.key), fleet, range)]));
}

interface Asked {
  readonly quantity: Quantity;
  readonly promql: string;
  readonly of: readonly FleetQuery[];
}

function gatewayQueries(fleets: readonly FleetQuery[]): readonly Asked[] {
  const queries = new Set(fleets.map(({ arrivals }) => arrivals).filter((promql) => promql !== undefined));
  return [...queries].map((promql) => ({
    quantity: 'gateway',
    promql,
    of: fleets.filter(({ arrivals }) => arrivals === promql),
  }));
}

const QUANTITIES = ['finished', 'ongoing', 'waiting', 'replicas', 'gateway'] as const;

function newColumns({ from, until }: TrafficRange): Columns {
  const length = Math.max(0, (until - from) / BUCKET_MS);
  return new Map(QUANTITIES.map((quantity) => [quantity, new Float64Array(length).fill(Number.NaN)]));
}

/** The range's answers chunk by chunk. What a function of five minutes says at an instant is of the five minutes before. */
async function* chunks(
  client: PrometheusClient,
  promql: string,
  { from, until }: TrafficRange,
  signal: AbortSignal,
): AsyncGenerator<readonly RangeSeries[]> {
  let size = CHUNK;
  for (let start = from + BUCKET_MS; start <= until; ) {
    const end = Math.min(until, start + (size - 1) * BUCKET_MS);
    const answer = await client.queryRange(promql, { start, end, step: BUCKET_MS }, signal);
    signal.throwIfAborted();
    if (answer.ok) {
      yield answer.value;
      start = end + BUCKET_MS;
    } else if (answer.tooLarge && size > 1) {
      size = Math.ceil(size / 2);
    } else {
      throw new ScalerError('unavailable', `traffic of days past: Prometheus ${answer.error}`);
    }
  }
}

function addSeries(
  columns: Columns | undefined,
  { quantity, from }: Asked & { readonly from: number },
  fleet: FleetQuery,
  { series, labels }: { readonly series: readonly RangeSeries[]; readonly labels: StoreLabels },
): void {
  const column = columns?.get(quantity);
  if (column === undefined) return;
  for (const { metric, times, values } of series) {
    const isOurs =
      quantity === 'gateway' ||
      (labelOf(metric, labels.namespace) === fleet.id.namespace &&
        labelOf(metric, labels.model_name) === fleet.id.model &&
        matches(metric, fleet));
    if (!isOurs) continue;
    for (const [index, time] of times.entries()) {
      const bucket = (time - from) / BUCKET_MS - 1;
      const known = column[bucket] ?? Number.NaN;
      column[bucket] = (Number.isNaN(known) ? 0 : known) + (values[index] ?? 0);
    }
  }
}

function bucketsOf(
  columns: Columns | undefined,
  fleet: FleetQuery,
  { from, until }: TrafficRange,
): readonly TrafficBucket[] {
  const value = (quantity: Quantity, at: number): number | null => {
    const known = columns?.get(quantity)?.[(at - from) / BUCKET_MS];
    return known === undefined || Number.isNaN(known) ? null : known;
  };
  const buckets: TrafficBucket[] = [];
  for (let at = from; at < until; at += BUCKET_MS) {
    const finished = value('finished', at);
    const arrivals =
      fleet.arrivals === undefined ? finished : grown(value('gateway', at - BUCKET_MS), value('gateway', at));
    const ongoing = value('ongoing', at);
    if (arrivals === null && finished === null && ongoing === null) continue;
    const [waiting, replicas] = [value('waiting', at), value('replicas', at)];
    buckets.push({ at, arrivals, finished, ongoing, waiting, replicas });
  }
  return buckets;
}

/** Requests per second between two readings of a sum of counters; one that fell has lost a part, and says nothing. */
function grown(before: number | null, now: number | null): number | null {
  return before === null || now === null || now < before ? null : ((now - before) * 1000) / BUCKET_MS;
}

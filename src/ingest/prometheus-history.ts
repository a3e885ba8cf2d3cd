import { setImmediate } from 'node:timers/promises';
import type { Sample } from '../core/sample.ts';
import { ScalerError } from '../core/scaler-error.ts';
import { sampleFrom } from './fold.ts';
import { nextInstant } from './instant.ts';
import { mapLimited } from './limited.ts';
import { EMPTY_MEMORY, type Memory, MISSING_FOR } from './memory.ts';
import { fillTables, keysOf, type PlannedQuery, planQueries, schemeOf, scopeOf } from './plan.ts';
import { EMPTY_VECTOR, labelOf, pointsIn, type RangeSeries, type Vector, vectorsAt } from './points.ts';
import type { PrometheusClient } from './prometheus-client.ts';
import { exportedQuery, type StoreLabels } from './queries.ts';
import { objectNamespace } from './replica-facts.ts';
import type { ExportedTarget, FleetQuery, History, HistoryRange } from './source.ts';
import { emptyTables } from './tables.ts';

export interface HistorySetting {
  readonly client: PrometheusClient;
  readonly labels: StoreLabels;
  readonly matchers: Readonly<Record<string, string>>;
  readonly settle: number;
  readonly staleAfter: number;
}

export interface PastReading {
  readonly histories: ReadonlyMap<string, History>;
  /** As it was after the last instant: who may be missing, and the counters. */
  readonly memory: Memory;
}

/** Instants read by one range query; a chunk that proves too large is halved. */
const CHUNK = 200;

/** History leaves most of the connections to the live cycle. */
const CONCURRENCY = 3;

/**
 * What live readings of the grid instants in [from, to] would have said. Evaluation instants are those of the live
 * queries, `k * step - settle`, and start ten minutes early, since that is how long a missing pod is remembered.
 * Rejects with ScalerError `unavailable` when Prometheus does not answer, and with the signal's reason when aborted.
 */
export async function readHistory(
  setting: HistorySetting,
  range: HistoryRange,
  fleets: readonly FleetQuery[],
  signal: AbortSignal,
): Promise<PastReading> {
  const replay = createReplay(setting, fleets, range.from);
  const plan = planRange(setting, fleets);
  let next = Math.ceil((range.from - MISSING_FOR) / range.step) * range.step;
  let size = CHUNK;
  while (next <= range.to) {
    const instants = gridInstants(next, range, size);
    const matrices = await askRange(setting, plan, instants, range.step, signal);
    if (matrices !== 'too large') {
      await replay.advance(plan, matrices, instants, signal);
      next += instants.length * range.step;
    } else if (size > 1) {
      size = Math.ceil(size / 2);
    } else {
      throw new ScalerError('unavailable', 'one instant of history is larger than what may be read at once');
    }
  }
  return replay.result();
}

function gridInstants(first: number, { to, step }: HistoryRange, most: number): number[] {
  const count = Math.min(most, Math.floor((to - first) / step) + 1);
  return Array.from({ length: count }, (_, index) => first + index * step);
}

interface RangePlan {
  readonly queries: readonly PlannedQuery[];
  /** Our own metric, which no instant reads. */
  readonly exported: string;
}

function planRange(setting: HistorySetting, fleets: readonly FleetQuery[]): RangePlan {
  const scope = scopeOf(fleets);
  const scheme = schemeOf({ ...setting, fleets });
  return {
    queries: planQueries({ scheme, fleets, up: true, scope }),
    exported: exportedQuery(scheme, scope),
  };
}

interface Matrices {
  readonly tables: readonly (readonly RangeSeries[] | string)[];
  readonly exported: readonly RangeSeries[];
}

async function askRange(
  { client, settle }: HistorySetting,
  { queries, exported }: RangePlan,
  instants: readonly number[],
  step: number,
  signal: AbortSignal,
): Promise<Matrices | 'too large'> {
  const start = (instants[0] ?? 0) - settle;
  const range = { start, end: start + (instants.length - 1) * step, step };
  const own = { promql: exported, table: 'exported', essential: true } as const;
  let tooLarge = false;
  const results = await mapLimited([...queries, own], CONCURRENCY, async ({ promql, table, essential }) => {
    if (tooLarge) return 'was not asked';
    const answer = await client.queryRange(promql, range, signal);
    signal.throwIfAborted();
    if (answer.ok) return answer.value;
    // A custom query may be too heavy by itself; it must not keep all others from being read.
    if (answer.tooLarge && table !== 'custom') tooLarge = true;
    else if (essential) throw new ScalerError('unavailable', `history: Prometheus ${answer.error}`);
    return table === 'custom' ? answer.error : `Prometheus ${answer.error}`;
  });
  const last = results.pop();
  return tooLarge ? 'too large' : { tables: results, exported: typeof last === 'object' ? last : [] };
}

function createReplay(setting: HistorySetting, fleets: readonly FleetQuery[], from: number) {
  const { labels, settle, staleAfter } = setting;
  const keys = keysOf(fleets);
  const samples = new Map<string, Sample[]>(fleets.map((fleet) => [fleet.key, []]));
  const exported = new Map<string, ExportedTarget[]>();
  let memory = EMPTY_MEMORY;

  return {
    async advance(
      { queries }: RangePlan,
      matrices: Matrices,
      instants: readonly number[],
      signal: AbortSignal,
    ) {
      const times = instants.map((at) => at - settle);
      const columns = matrices.tables.map((table) =>
        typeof table === 'string' ? table : vectorsAt(table, times),
      );
      const answers = vectorsAt(matrices.exported, times);
      for (const at of instants) {
        const results = columns.map((column) => (typeof column === 'string' ? column : nextVector(column)));
        const tables = fillTables({ ...emptyTables(at, at - settle, labels), keys }, queries, results);
        const next = nextInstant(memory, tables, staleAfter);
        memory = next.memory;
        const answered = nextVector(answers);
        // Many fleets take long, and the live loop turns meanwhile.
        await setImmediate();
        signal.throwIfAborted();
        // Also what was answered before: it may have been scraped last long before a gap.
        recordExported(exported, answered, at);
        if (at < from) continue;
        for (const fleet of fleets) samples.get(fleet.key)?.push(sampleFrom(next.instant, fleet));
      }
    },
    result(): PastReading {
      const histories = fleets.map(({ key, id }): [string, History] => {
        const known = exported.get(exportedKey(id.namespace, id.name, id.role, id.model)) ?? [];
        return [key, { samples: samples.get(key) ?? [], exported: known }];
      });
      return { histories: new Map(histories), memory };
    },
  };
}

function nextVector(column: Generator<Vector>): Vector {
  const { value } = column.next();
  return value ?? EMPTY_VECTOR;
}

/** The answers of one instant; scalers that exported the same fleet twice (two spellings, two replicas): the largest. */
function recordExported(exported: Map<string, ExportedTarget[]>, answers: Vector, at: number): void {
  for (const { metric, value } of pointsIn(answers)) {
    const [role, model] = ['role', 'model'].map(
      (name) => labelOf(metric, `exported_${name}`) || labelOf(metric, name),
    );
    const key = exportedKey(
      objectNamespace(metric),
      labelOf(metric, 'scaledobject'),
      role ?? '',
      model ?? '',
    );
    const list = exported.get(key) ?? [];
    const last = list.at(-1);
    if (last?.at === at) list[list.length - 1] = { at, replicas: Math.max(last.replicas, value) };
    else list.push({ at, replicas: value });
    exported.set(key, list);
  }
}

function exportedKey(namespace: string, scaledObject: string, role: string, model: string): string {
  return [namespace, scaledObject, role, model].join('\0');
}

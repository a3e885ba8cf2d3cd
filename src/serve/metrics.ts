import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Dropped } from '../control/scaler.ts';
import { COLD_START_BUCKETS, COLD_START_LEVERS, type ColdStart } from '../core/cold-start.ts';
import type { FleetId } from '../core/fleet.ts';
import { perObject } from '../core/per-object.ts';
import type { DecisionLine } from '../decision/record.ts';
import type { SourceStatus } from '../ingest/source.ts';

/** Shorter ones as well: what is within 10 s did not wait for a node. */
const LEVER_BUCKETS = [1, 2, 5, 10, ...COLD_START_BUCKETS];
const EVALUATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const FLEET_LABELS = ['namespace', 'scaledobject', 'role', 'model'] as const;

/** All that Bellwether says of itself to Prometheus. Durations and instants come in as ms and go out as seconds. */
export interface Metrics {
  /** The records of the newest Snapshot; the series of fleets that are not among them vanish. */
  observeSnapshot(records: readonly DecisionLine[]): void;
  evaluated(durationMs: number): void;
  /** Grid instants that were passed over because a cycle was still running. */
  skipped(count: number): void;
  /** A fleet is no longer kept. */
  dropped(why: Dropped): void;
  /** Which revision serves; `valid` is false while what is on disk is refused. */
  configured(revision: string, valid: boolean): void;
  observeSource(status: SourceStatus): void;
  /** Per calendar, the first instant after its `covers`; null for one without an end. */
  calendarsCovered(until: ReadonlyMap<string, number | null>): void;
  coldStarted(fleet: FleetId, durationMs: number): void;
  /** What a cold start went into, ms a lever. */
  coldStartLevers(fleet: FleetId, levers: ColdStart['levers']): void;
  grpcCalls(method: string, code: string, count: number): void;
  /** The exposition, for `contentType`. */
  text(): Promise<string>;
  readonly contentType: string;
  /** Name, type and labels of each metric of ours, Node's own left out. */
  describe(): readonly { readonly name: string; readonly type: string; readonly labels: readonly string[] }[];
}

export interface MetricsOptions {
  /** Epoch ms; for the age of decisions. */
  readonly now?: () => number;
  /** Node's process metrics beside ours; default true. */
  readonly processMetrics?: boolean;
}

type FleetLabels = Readonly<Record<(typeof FLEET_LABELS)[number], string>>;

export function createMetrics({ now = Date.now, processMetrics = true }: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (processMetrics) collectDefaultMetrics({ register: registry });
  let observed: readonly DecisionLine[] = [];
  let series: ReadonlyMap<FleetLabels, DecisionLine> | null = null;
  const labelsOf = perObject(fleetLabels);
  const coldStartsOf = new Map<string, FleetLabels>();

  for (const { name, help, labels, read } of FLEET_GAUGES) {
    const config = { name, help, labelNames: [...FLEET_LABELS, ...(labels ?? [])], registers };
    new SnapshotGauge(config, function* () {
      const at = now();
      for (const [sharedLabels, record] of snapshot()) {
        const value = read(record, at);
        if (value === null) continue;
        yield { value, labels: labels ? { reason: record.held ?? '' } : {}, sharedLabels };
      }
    });
  }

  const own = ownMetrics(registers);

  /** Made when it is first scraped, so that an evaluation costs nothing here. */
  function snapshot(): ReadonlyMap<FleetLabels, DecisionLine> {
    series ??= oneForEachSeries(observed, labelsOf);
    return series;
  }

  function forgetColdStarts(): void {
    if (coldStartsOf.size === 0) return;
    const here = new Set([...snapshot().keys()].map(joined));
    for (const [key, labels] of coldStartsOf) {
      if (here.has(key)) continue;
      own.coldStartSeconds.remove(labels);
      for (const lever of COLD_START_LEVERS) own.coldStartLeverSeconds.remove({ ...labels, lever });
      coldStartsOf.delete(key);
    }
  }

  return {
    observeSnapshot(records) {
      observed = records;
      series = null;
      forgetColdStarts();
    },
    evaluated: (durationMs) => own.evaluationSeconds.observe(durationMs / 1000),
    skipped: (count) => own.skippedEvaluations.inc(count),
    dropped: (reason) => own.droppedFleets.inc({ reason }),
    configured(revision, valid) {
      own.configRevision.reset();
      own.configRevision.set({ revision }, 1);
      own.configValid.set(valid ? 1 : 0);
    },
    observeSource({ name, up, requests }) {
      own.sourceUp[name].set(up ? 1 : 0);
      own.sourceRequests.set({ source: name }, requests);
    },
    calendarsCovered(until) {
      own.coveredUntil.reset();
      for (const [calendar, at] of until) if (at !== null) own.coveredUntil.set({ calendar }, at / 1000);
    },
    coldStarted(fleet, durationMs) {
      const labels = labelsOf(fleet);
      coldStartsOf.set(joined(labels), labels);
      own.coldStartSeconds.observe(labels, durationMs / 1000);
    },
    coldStartLevers(fleet, levers) {
      for (const lever of COLD_START_LEVERS) {
        const ms = levers[lever];
        if (ms !== undefined) own.coldStartLeverSeconds.observe({ ...labelsOf(fleet), lever }, ms / 1000);
      }
    },
    grpcCalls(method, code, count) {
      const byCode = own.calls.get(method) ?? new Map<string, number>();
      own.calls.set(method, byCode.set(code, (byCode.get(code) ?? 0) + count));
    },
    text: () => textOf(registry),
    contentType: registry.contentType,
    describe: () => described(registry),
  };
}

/** What `registry.metrics()` gives, RPCs answered after each metric: one of 10,000 fleets takes some 30 ms. */
async function textOf(registry: Registry): Promise<string> {
  const parts: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    parts.push(await registry.getSingleMetricAsString(name));
    await new Promise(setImmediate);
  }
  return `${parts.join('\n\n')}\n`;
}

/** The metrics that are no fleet's gauge. */
function ownMetrics(registers: Registry[]) {
  const evaluationSeconds = new Histogram({
    name: 'bellwether_evaluation_duration_seconds',
    help: 'Time of one evaluation of all fleets, reading the source included',
    buckets: EVALUATION_BUCKETS,
    registers,
  });
  const skippedEvaluations = new Counter({
    name: 'bellwether_skipped_evaluations_total',
    help: 'Grid instants passed over because the evaluation before was still running',
    registers,
  });
  const droppedFleets = new Counter({
    name: 'bellwether_dropped_fleets_total',
    help: 'Fleets that are no longer kept: idle ones nobody asked for, crowded ones made room for others',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of ['idle', 'crowded'] satisfies Dropped[]) droppedFleets.inc({ reason }, 0);
  const configValid = new Gauge({
    name: 'bellwether_config_valid',
    help: '1 while the configuration on disk is what serves, 0 while it is refused',
    registers,
  });
  const configRevision = new Gauge({
    name: 'bellwether_config_revision_info',
    help: 'The revision of the configuration that serves',
    labelNames: ['revision'],
    registers,
  });
  const sourceUp = {
    prometheus: new Gauge({
      name: 'bellwether_prometheus_up',
      help: '1 if Prometheus answered the last evaluation, 0 if not',
      registers,
    }),
    scrape: new Gauge({
      name: 'bellwether_scrape_up',
      help: '1 if the directly scraped targets answered the last evaluation, 0 if not',
      registers,
    }),
  } as const;
  const sourceRequests = new Gauge({
    name: 'bellwether_source_requests',
    help: 'Queries or scrapes of the last evaluation',
    labelNames: ['source'],
    registers,
  });
  const coveredUntil = new Gauge({
    name: 'bellwether_calendar_covered_until_timestamp_seconds',
    help: 'First instant that the calendar does not cover; absent for a calendar without an end',
    labelNames: ['calendar'],
    registers,
  });
  const coldStartSeconds = new Histogram({
    name: 'bellwether_cold_start_seconds',
    help: 'Time from a pod being created to being ready, time unschedulable left out',
    labelNames: [...FLEET_LABELS],
    buckets: [...COLD_START_BUCKETS],
    registers,
  });
  const coldStartLeverSeconds = new Histogram({
    name: 'bellwether_cold_start_lever_seconds',
    help: 'What cold starts went into: node (to scheduled), image (to pulled), container (to started), runtime (to ready)',
    labelNames: [...FLEET_LABELS, 'lever'],
    buckets: LEVER_BUCKETS,
    registers,
  });
  // Counted in plain maps, since this is once a call, and shown when scraped.
  const calls = new Map<string, Map<string, number>>();
  new Counter({
    name: 'bellwether_grpc_requests_total',
    help: 'Calls and streams of the external scaler that ended, by gRPC status',
    labelNames: ['method', 'code'],
    registers,
    collect() {
      this.reset();
      for (const [method, byCode] of calls) {
        for (const [code, count] of byCode) this.inc({ method, code }, count);
      }
    },
  });
  // A gauge without labels starts at 0, which would say "down" and "refused" before anything was tried.
  for (const gauge of [configValid, sourceUp.prometheus, sourceUp.scrape]) gauge.remove();
  return {
    evaluationSeconds,
    skippedEvaluations,
    droppedFleets,
    configValid,
    configRevision,
    sourceUp,
    sourceRequests,
    coveredUntil,
    coldStartSeconds,
    coldStartLeverSeconds,
    calls,
  };
}

interface FleetGauge {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly ['reason'];
  /** The value, or null where there is none: an unknown series is absent, never 0. */
  readonly read: (record: DecisionLine, now: number) => number | null;
}

const FLEET_GAUGES: readonly FleetGauge[] = [
  {
    name: 'bellwether_desired_replicas',
    help: 'Replicas that KEDA is told; absent while unknown and under an advisory policy',
    read: ({ mode, replicas }) => (mode === 'active' ? replicas : null),
  },
  {
    name: 'bellwether_advised_replicas',
    help: 'Replicas that an advisory policy would ask for; they steer nothing',
    read: ({ mode, replicas }) => (mode === 'advisory' ? replicas : null),
  },
  {
    name: 'bellwether_demand_replicas',
    help: 'Replicas that the signals alone ask for, before gain, bounds and delays; fractions possible',
    read: ({ demand }) => demand,
  },
  {
    name: 'bellwether_floor_replicas',
    help: 'Floor of the calendar in force or led in; 0 without one',
    read: ({ bounds }) => bounds.floor,
  },
  {
    name: 'bellwether_ceiling_replicas',
    help: 'Ceiling of the calendar in force; absent without one',
    read: ({ bounds }) => bounds.ceiling,
  },
  {
    name: 'bellwether_ready_replicas',
    help: 'Replicas that are ready, as the decision saw them',
    read: ({ replicaFacts }) => replicaFacts.ready,
  },
  {
    name: 'bellwether_starting_replicas',
    help: 'Replicas created and not ready, as the decision saw them',
    read: ({ replicaFacts }) => replicaFacts.starting,
  },
  {
    name: 'bellwether_unschedulable_replicas',
    help: 'Replicas that no node has room for, as the decision saw them',
    read: ({ replicaFacts }) => replicaFacts.unschedulable,
  },
  {
    name: 'bellwether_hold',
    help: '1 while the fleet may not fall, with the reason; absent otherwise',
    labels: ['reason'],
    read: ({ held }) => (held === null ? null : 1),
  },
  {
    name: 'bellwether_decision_age_seconds',
    help: 'Time since the instant that the newest decision is for',
    read: ({ at }, now) => Math.max(0, (now - at) / 1000),
  },
];

interface Point {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly sharedLabels: FleetLabels;
}

/**
 * A gauge that is computed from the Snapshot when it is scraped: an evaluation of 10,000 fleets hands over one array, and
 * the registry keeps no series that could outlive its fleet. prom-client renders `sharedLabels` once for each object.
 */
class SnapshotGauge extends Gauge {
  readonly #points: () => Iterable<Point>;

  constructor(config: ConstructorParameters<typeof Gauge>[0], points: () => Iterable<Point>) {
    super(config);
    this.#points = points;
  }

  override async get(): ReturnType<Gauge['get']> {
    const values = [...this.#points()];
    return { ...(await super.get()), values };
  }
}

function fleetLabels({ namespace, name: scaledobject, role, model }: FleetId): FleetLabels {
  return { namespace, scaledobject, role, model };
}

function joined(labels: FleetLabels): string {
  return FLEET_LABELS.map((name) => labels[name]).join('\n');
}

/**
 * Fleets that differ in matchLabels alone would be one series twice, for which Prometheus drops samples: the one that asks
 * for most stands for them, as the HPA would choose.
 */
function oneForEachSeries(
  records: readonly DecisionLine[],
  labelsOf: (id: FleetId) => FleetLabels,
): ReadonlyMap<FleetLabels, DecisionLine> {
  const chosen = new Map<string, DecisionLine>();
  for (const record of records) {
    const key = joined(labelsOf(record.fleet));
    const other = chosen.get(key);
    if (!other || (record.replicas ?? -1) > (other.replicas ?? -1)) chosen.set(key, record);
  }
  return new Map([...chosen.values()].map((record) => [labelsOf(record.fleet), record]));
}

function described(registry: Registry): ReturnType<Metrics['describe']> {
  return registry
    .getMetricsAsArray()
    .filter(({ name }) => name.startsWith('bellwether_'))
    .map((metric) => {
      const { name, type, labelNames } = metric as typeof metric & { readonly labelNames: readonly string[] };
      return { name, type: String(type), labels: labelNames };
    });
}

/**
 * `scale-prometheus.ts`: answers bellwether's instant queries as Prometheus would over the fleets of scale-world.ts,
 * each query with the labels it asks to keep; prints its URL. A query it does not know is answered with an error, so
 * that a bench over half of the data cannot look good.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { SCALE, scaleFleet } from './scale-world.ts';

type Labels = Readonly<Record<string, string>>;
interface Series {
  readonly metric: Labels;
  /** At the epoch second `time`. */
  readonly value: (time: number) => string;
}
type Table = readonly Series[];

const GAUGES = ['num_requests_running', 'num_requests_waiting'];
const ALL_GAUGES = [...GAUGES, 'kv_cache_usage_perc'];
const COUNTERS = [
  'request_success_total',
  'time_to_first_token_seconds_sum',
  'time_to_first_token_seconds_count',
];
const WORKLOADS = [
  'kube_deployment_spec_replicas',
  'kube_deployment_status_replicas',
  'kube_deployment_status_replicas_ready',
];

/** Pods of all fleets, `labels` first as `max by` would keep them. */
function pods(more: readonly Labels[], value: (pod: number, kind: number, time: number) => string): Table {
  const table: Series[] = [];
  for (let fleet = 0; fleet < SCALE.fleets; fleet++) {
    const { namespace, name, model, tenant } = scaleFleet(fleet);
    for (let pod = 0; pod < SCALE.podsPerFleet; pod++) {
      const metric = {
        engine: '0',
        model_name: model,
        namespace,
        pod: `${name}-6f7d8c9b5d-x${pod}q${fleet % 10}z`,
        tenant,
      };
      for (const [kind, labels] of more.entries()) {
        table.push({
          metric: { ...labels, ...metric },
          value: (time) => value(fleet * SCALE.podsPerFleet + pod, kind, time),
        });
      }
    }
  }
  return table;
}

function fleets(rows: (namespace: string, name: string) => readonly Labels[], value: string): Table {
  const table: Series[] = [];
  for (let index = 0; index < SCALE.fleets; index++) {
    const { namespace, name } = scaleFleet(index);
    for (const metric of rows(namespace, name)) table.push({ metric, value: () => value });
  }
  return table;
}

const named = (names: readonly string[]): Labels[] => names.map((name) => ({ __name__: `vllm:${name}` }));
/** A load that moves: each pod by its own phase. */
const load = (pod: number, time: number): number => Math.round(6 + 5 * Math.sin(pod + time / 60));

const TABLES: readonly { readonly asks: RegExp; readonly table: Table }[] = [
  { asks: /timestamp\(/, table: pods([{}], (pod, _kind, time) => String(time - (pod % 15) - 0.25)) },
  // These vLLM count no rejections, so of what finished nothing is asked for unless a policy needs it.
  { asks: /admission_rejections_total.* and on \(/, table: [] },
  {
    asks: /request_success_total/,
    table: pods(named(COUNTERS), (pod, kind, time) => String(Math.floor(time) * (kind + 1) + pod)),
  },
  {
    asks: /num_requests_running(?!.*cache_usage)/,
    table: pods(named(GAUGES), (pod, kind, time) => String(kind === 0 ? load(pod, time) : pod % 3)),
  },
  {
    asks: /num_requests_running/,
    table: pods(named(ALL_GAUGES), (pod, kind, time) =>
      kind === 2 ? '0.42' : String(kind === 0 ? load(pod, time) : pod % 3),
    ),
  },
  {
    asks: /\bup\b/,
    table: [
      ...pods([{}], () => '1').map(({ metric: { namespace = '', pod = '' }, value }) => ({
        metric: { namespace, pod },
        value,
      })),
      { metric: {}, value: () => String(SCALE.fleets * SCALE.podsPerFleet + 3) },
    ],
  },
  {
    asks: /kube_deployment/,
    table: fleets(
      (namespace, name) => WORKLOADS.map((__name__) => ({ __name__, deployment: name, namespace })),
      String(SCALE.podsPerFleet),
    ),
  },
  {
    asks: /kube_horizontalpodautoscaler_info/,
    table: fleets(
      (namespace, name) => [
        {
          horizontalpodautoscaler: `keda-hpa-${name}`,
          namespace,
          scaletargetref_kind: 'Deployment',
          scaletargetref_name: name,
        },
      ],
      '1',
    ),
  },
  { asks: /kube_pod_status_unschedulable/, table: [] },
  { asks: /^vector\(1\)$/, table: [{ metric: {}, value: () => '1' }] },
];

const texts = new WeakMap<Series, string>();

function answer(table: Table, time: number): string {
  const items = table.map((series) => {
    let metric = texts.get(series);
    if (metric === undefined) {
      metric = `{"metric":${JSON.stringify(series.metric)},"value":[`;
      texts.set(series, metric);
    }
    return `${metric}${time},"${series.value(time)}"]}`;
  });
  return `{"status":"success","data":{"resultType":"vector","result":[${items.join(',')}]}}`;
}

/** Between two evaluations, seconds. */
const STEP = 5;
/** How long after an answer the next one is written, ms: the evaluation is over then. */
const WRITE_AHEAD_AFTER = 2_000;
const written = new Map<Table, { readonly time: number; readonly body: Buffer }>();

/**
 * The answer, which was written ahead if the time is the one expected: what is measured shares its cores with this process, as it
 * does not with a Prometheus.
 */
function bodyOf(table: Table, time: number): Buffer {
  const ahead = written.get(table);
  const body = ahead?.time === time ? ahead.body : Buffer.from(answer(table, time));
  setTimeout(() => {
    const next = time + STEP;
    written.set(table, { time: next, body: Buffer.from(answer(table, next)) });
  }, WRITE_AHEAD_AFTER);
  return body;
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const form = new URLSearchParams(body);
  const promql = form.get('query') ?? '';
  const known = TABLES.find(({ asks }) => asks.test(promql));
  response.setHeader('content-type', 'application/json');
  if (known === undefined || request.url !== '/api/v1/query') {
    response.statusCode = 400;
    response.end(JSON.stringify({ status: 'error', errorType: 'bad_data', error: `unknown: ${promql}` }));
  } else response.end(bodyOf(known.table, Number(form.get('time'))));
}

const server = createServer((request, response) => void respond(request, response)).listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`);

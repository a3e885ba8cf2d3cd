import { ALL_NEEDS, type Needs } from './source.ts';

/** The store's own names for labels (`prometheus.labels` of bellwether.yaml). */
export interface StoreLabels {
  readonly namespace: string;
  readonly pod: string;
  readonly model_name: string;
  readonly engine: string;
}

export const PLAIN_LABELS: StoreLabels = {
  namespace: 'namespace',
  pod: 'pod',
  model_name: 'model_name',
  engine: 'engine',
};

/** What every query of a source has in common. */
export interface QueryScheme {
  readonly labels: StoreLabels;
  /** Exact label values that every selector carries: `cluster: a`. */
  readonly matchers: Readonly<Record<string, string>>;
  /** The union of matchLabels keys in use, by which series are kept apart. */
  readonly keys: readonly string[];
}

/** Which fleets history reads when they are few. Both lists are unescaped values. */
export interface Scope {
  readonly namespaces: readonly string[];
  readonly models: readonly string[];
}

/** Each vLLM metric in both of its spellings: its own, and what recording rules and some agents make of the colon. */
const spelled = (...names: readonly string[]): string[] =>
  names.flatMap((name) => [`vllm:${name}`, `vllm_${name}`]);

export const RUNNING = spelled('num_requests_running');
export const WAITING = spelled('num_requests_waiting');
export const KV_CACHE = spelled('kv_cache_usage_perc');
/** The name of the same gauge up to vLLM 0.9. */
export const GPU_CACHE = spelled('gpu_cache_usage_perc');
export const FINISHED = spelled('request_success_total');
export const REJECTED = spelled('admission_rejections_total');
export const FIRST_TOKEN_SECONDS = spelled('time_to_first_token_seconds_sum');
export const FIRST_TOKEN_COUNT = spelled('time_to_first_token_seconds_count');

export const GAUGES = [...RUNNING, ...WAITING, ...KV_CACHE, ...GPU_CACHE];
export const COUNTERS = [...FINISHED, ...REJECTED, ...FIRST_TOKEN_SECONDS, ...FIRST_TOKEN_COUNT];

/** kube-state-metrics' names, by what they say of a workload. */
export const WORKLOADS = {
  kube_deployment_spec_replicas: ['deployment', 'spec'],
  kube_deployment_status_replicas: ['deployment', 'created'],
  kube_deployment_status_replicas_ready: ['deployment', 'ready'],
  kube_statefulset_replicas: ['statefulset', 'spec'],
  kube_statefulset_status_replicas: ['statefulset', 'created'],
  kube_statefulset_status_replicas_ready: ['statefulset', 'ready'],
} as const;

/**
 * A PromQL string literal. JSON's escapes are a subset of Go's but for lone surrogates, which are no text and become
 * U+FFFD; PromQL's lexer takes that one, bare, for broken UTF-8.
 */
export function quote(text: string): string {
  return JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd')).replaceAll('\ufffd', '\\ufffd');
}

/** A regular expression that matches exactly one of `texts`; RE2 anchors it. */
export function quoteAnyOf(texts: readonly string[]): string {
  return quote(texts.map((text) => text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')).join('|'));
}

/** A name that may stand bare in PromQL. */
export function isLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && !name.startsWith('__');
}

/** The gauges that are needed, one series an engine; `server` tells what a router re-exports. */
export function gaugeQuery(scheme: QueryScheme, scope: Scope | null, { kvCache }: Needs = ALL_NEEDS): string {
  const names = kvCache ? GAUGES : [...RUNNING, ...WAITING];
  return `max by (__name__, ${engineLabels(scheme)}) (${selector(names, scheme, vllmScope(scheme, scope))})`;
}

/**
 * When each engine's gauges were really scraped: an instant query stamps its result with its own time. timestamp()
 * drops names, so a selector over several fails as soon as one engine has two; hence a term a name. Of duplicates the
 * newest counts, of the two gauges the older.
 */
export function stampQuery(scheme: QueryScheme, scope: Scope | null): string {
  const by = engineLabels(scheme);
  const stamp = (name: string) => `timestamp(${selector([name], scheme, vllmScope(scheme, scope))})`;
  const newest = (names: readonly string[]) => `max by (${by}) (${names.map(stamp).join(' or ')})`;
  const marked = (names: readonly string[], mark: string) =>
    `label_replace(${newest(names)}, "gauge", "${mark}", "", "")`;
  return `min by (${by}) (${marked(RUNNING, 'running')} or ${marked(WAITING, 'waiting')})`;
}

/**
 * The counters that are needed, their reasons summed, each reason of an engine counted once. Rejections are demand under
 * every policy, and beside them counts how many finished: of the models that count rejections these are always read.
 */
export function counterQuery(
  scheme: QueryScheme,
  scope: Scope | null,
  { finished, firstTokens }: Needs = ALL_NEEDS,
): string {
  const by = `__name__, ${engineLabels(scheme)}`;
  const where = vllmScope(scheme, scope);
  const sums = (names: readonly string[]): string =>
    `sum by (${by}) (max by (${by}, finished_reason, reason) (${selector(names, scheme, where)}))`;
  const names = [
    ...REJECTED,
    ...(finished ? FINISHED : []),
    ...(firstTokens ? [...FIRST_TOKEN_SECONDS, ...FIRST_TOKEN_COUNT] : []),
  ];
  if (finished) return sums(names);
  const { namespace, model_name } = scheme.labels;
  const rejecting = `and on (${namespace}, ${model_name}) ${selector(REJECTED, scheme, where)}`;
  return `${sums(names)} or (${sums(FINISHED)} ${rejecting})`;
}

/** Label and value of the series of upQuery that is there while the store is young. */
export const YOUNG_STORE = { label: 'store', value: 'young' } as const;

/**
 * Which pods are scraped at all, of `namespaces` and of these names (any when null), and one series without labels that counts all
 * targets, which tells a store that was emptied from pods that are gone. A store that knows of nothing scraped before the
 * last minute is young: emptied, or back after an outage, and still filling; one more series says so.
 */
export function upQuery(
  scheme: QueryScheme,
  namespaces: readonly string[] | null,
  names: readonly string[] | null = null,
): string {
  const { namespace, pod } = scheme.labels;
  const within = namespaces === null ? [] : [`${namespace}=~${quoteAnyOf(namespaces)}`];
  const named = names === null ? `${pod}!=""` : `${pod}=~${quoteAnyOf(names)}`;
  const pods = selector(['up'], scheme, [named, ...within]);
  const all = selector(['up'], scheme, []);
  const young = `count(${all}) unless count(${all} offset 1m)`;
  const mark = `label_replace(${young}, "${YOUNG_STORE.label}", "${YOUNG_STORE.value}", "", "")`;
  return `min by (${namespace}, ${pod}) (${pods}) or count(${all}) or ${mark}`;
}

/** Replica counts of Deployments and StatefulSets. */
export function workloadQuery(scheme: QueryScheme, scope: Scope | null): string {
  return kubeQuery(Object.keys(WORKLOADS), ['__name__', 'deployment', 'statefulset'], [], scheme, scope);
}

/** What the HPAs that KEDA makes point at. */
export function autoscalerQuery(scheme: QueryScheme, scope: Scope | null): string {
  const by = ['horizontalpodautoscaler', 'scaletargetref_kind', 'scaletargetref_name'];
  const ours = ['horizontalpodautoscaler=~"keda-hpa-.+"'];
  return kubeQuery(['kube_horizontalpodautoscaler_info'], by, ours, scheme, scope);
}

/** Pods that no node takes. */
export function unschedulableQuery(scheme: QueryScheme, scope: Scope | null): string {
  return `${kubeQuery(['kube_pod_status_unschedulable'], ['pod', 'exported_pod'], [], scheme, scope)} == 1`;
}

/** What was answered before: our own metric, read back. */
export function exportedQuery(scheme: QueryScheme, scope: Scope | null): string {
  const by = ['scaledobject', 'role', 'model', 'exported_role', 'exported_model'];
  return kubeQuery(['bellwether_desired_replicas'], by, [], scheme, scope);
}

/**
 * Cold starts of the last days, by bucket and fleet, as scalers exported them; those of nodes with `lever="node"`. Each
 * process counts from zero, so its largest value is all that it saw.
 */
export function coldStartQuery(scheme: QueryScheme, { namespaces }: Scope): string {
  const names = ['bellwether_cold_start_seconds_bucket', 'bellwether_cold_start_lever_seconds_bucket'];
  const terms = ['namespace', 'exported_namespace'].map((label) => {
    const where = ['lever=~"node|"', `${label}=~${quoteAnyOf(namespaces)}`];
    return `max_over_time(${selector(names, scheme, where)}[7d])`;
  });
  const by =
    'le, lever, namespace, exported_namespace, scaledobject, role, model, exported_role, exported_model';
  return `sum by (${by}) (${terms.join(' or ')})`;
}

/**
 * Series about other objects than the pod that exports them: their own namespace is in `namespace`, or in
 * `exported_namespace` where the scrape did not honour it, and a scope must look at both.
 */
function kubeQuery(
  names: readonly string[],
  by: readonly string[],
  where: readonly string[],
  scheme: QueryScheme,
  scope: Scope | null,
): string {
  const terms = scope
    ? ['namespace', 'exported_namespace'].map((label) => [
        ...where,
        `${label}=~${quoteAnyOf(scope.namespaces)}`,
      ])
    : [where];
  const selectors = terms.map((term) => selector(names, scheme, term)).join(' or ');
  return `max by (namespace, exported_namespace, ${by.join(', ')}) (${selectors})`;
}

/** The empty alternatives keep what lacks the label, so that explain names it as it does without a scope. */
function vllmScope({ labels }: QueryScheme, scope: Scope | null): string[] {
  if (!scope) return [];
  return [
    `${labels.namespace}=~${quoteAnyOf([...scope.namespaces, ''])}`,
    `${labels.model_name}=~${quoteAnyOf([...scope.models, ''])}`,
  ];
}

function engineLabels({ labels, keys }: QueryScheme): string {
  const { namespace, pod, model_name, engine } = labels;
  return [...new Set([namespace, pod, model_name, engine, 'server', ...keys])].join(', ');
}

export function selector(names: readonly string[], scheme: QueryScheme, where: readonly string[]): string {
  const constant = Object.entries(scheme.matchers).map(([name, value]) => `${name}=${quote(value)}`);
  const name = names.length === 1 ? `__name__=${quote(names[0] ?? '')}` : `__name__=~${quoteAnyOf(names)}`;
  return `{${[name, ...constant, ...where].join(', ')}}`;
}

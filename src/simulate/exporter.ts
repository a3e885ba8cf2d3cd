import type { Histogram } from './histogram.ts';
import type { Replica } from './replica.ts';

/**
 * One engine's metrics in Prometheus's text format, under the names of current vLLM (V1, `engine` label). The older names
 * (`gpu_cache_usage_perc`, `num_requests_swapped`) are gone there, so they are not served.
 */
export function renderMetrics(replica: Replica): string {
  const { counters, profile } = replica;
  const labels = `model_name="${escapeLabel(profile.model)}",engine="0"`;
  const block = 16;
  return [
    gauge('vllm:num_requests_running', 'Requests in the batch.', labels, replica.running),
    gauge('vllm:num_requests_waiting', 'Requests that wait to be scheduled.', labels, replica.waiting),
    gauge('vllm:kv_cache_usage_perc', 'KV cache in use, 1 is all of it.', labels, replica.kvCacheUsage),
    counter('vllm:num_preemptions_total', 'Requests preempted.', [[labels, counters.preemptions]]),
    counter('vllm:prompt_tokens_total', 'Prompt tokens prefilled.', [[labels, counters.promptTokens]]),
    counter('vllm:generation_tokens_total', 'Tokens generated.', [[labels, counters.generationTokens]]),
    counter('vllm:request_success_total', 'Requests ended, by reason.', [
      [`${labels},finished_reason="stop"`, counters.finished],
      [`${labels},finished_reason="length"`, 0],
      [`${labels},finished_reason="abort"`, counters.aborted],
    ]),
    histogram('vllm:time_to_first_token_seconds', 'Time to first token.', labels, counters.firstToken),
    histogram('vllm:e2e_request_latency_seconds', 'Time to the last token.', labels, counters.endToEnd),
    gauge(
      'vllm:cache_config_info',
      'The cache configuration.',
      `${labels},block_size="${block}",num_gpu_blocks="${Math.floor(profile.kvCapacityTokens / block)}"`,
      1,
    ),
    '',
  ].join('\n');
}

/** What kube-state-metrics says of the Deployment. */
export interface DeploymentFacts {
  readonly namespace: string;
  readonly deployment: string;
  readonly spec: number;
  readonly status: number;
  readonly ready: number;
}

export function renderKubeState(deployments: readonly DeploymentFacts[]): string {
  const family = (name: string, help: string, value: (facts: DeploymentFacts) => number) =>
    [
      head(name, 'gauge', help),
      ...deployments.map((facts) => `${name}{${deploymentLabels(facts)}} ${value(facts)}`),
    ].join('\n');
  return [
    family('kube_deployment_spec_replicas', 'Replicas asked for.', ({ spec }) => spec),
    family('kube_deployment_status_replicas', 'Replicas that exist.', ({ status }) => status),
    family('kube_deployment_status_replicas_ready', 'Replicas that are ready.', ({ ready }) => ready),
    family(
      'kube_deployment_status_replicas_unavailable',
      'Replicas missing or not ready.',
      ({ spec, ready }) => Math.max(0, spec - ready),
    ),
    '',
  ].join('\n');
}

function deploymentLabels({ namespace, deployment }: DeploymentFacts): string {
  return `namespace="${escapeLabel(namespace)}",deployment="${escapeLabel(deployment)}"`;
}

function head(name: string, type: 'gauge' | 'counter' | 'histogram', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}`;
}

function gauge(name: string, help: string, labels: string, value: number): string {
  return `${head(name, 'gauge', help)}\n${name}{${labels}} ${value}`;
}

function counter(name: string, help: string, series: readonly (readonly [string, number])[]): string {
  return [
    head(name, 'counter', help),
    ...series.map(([labels, value]) => `${name}{${labels}} ${value}`),
  ].join('\n');
}

function histogram(
  name: string,
  help: string,
  labels: string,
  { bounds, counts, sum, count }: Histogram,
): string {
  let cumulative = 0;
  const buckets = counts.map((inBucket, index) => {
    cumulative += inBucket;
    return `${name}_bucket{${labels},le="${bounds[index] ?? '+Inf'}"} ${cumulative}`;
  });
  return [
    head(name, 'histogram', help),
    ...buckets,
    `${name}_sum{${labels}} ${sum}`,
    `${name}_count{${labels}} ${count}`,
  ].join('\n');
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}

import type { ColdStart } from '../pod.ts';
import type { ReplicaProfile } from '../profiles.ts';
import type { Trace } from '../trace.ts';

/**
 * Whoever decides how many replicas a simulated fleet has. It lives as long as one run and is asked at the instants of its
 * duties only; between them it sees and does nothing, as a control loop does.
 */
export interface Autoscaler {
  /** As tables name it: `keda-cron`, `ray-serve`, … */
  readonly name: string;
  /** Its loops. An autoscaler under KEDA has KEDA's poll and the HPA's sync among them. */
  readonly duties: readonly Duty[];
  /** Why it last answered what it did, in one sentence; asked only when spec.replicas changed. */
  explain?(): string;
}

/** One periodic loop. */
export interface Duty {
  /** Also names the draw of its phase, so that the same loop of two autoscalers turns at the same instants. */
  readonly name: string;
  readonly everyMs: number;
  /** Offset of the first turn from the start; default drawn from the seed in [0, everyMs), as no two loops are aligned. */
  readonly phaseMs?: number;
  /** The new spec.replicas, or null to leave it. Values outside the scale target's own limits are the autoscaler's business. */
  run(view: FleetView): number | null;
}

/**
 * The fleet at one instant. One object that the world updates in place: read it, do not keep it. What an autoscaler may
 * honestly look at differs: what goes through Prometheus (KEDA's prometheus trigger, WVA, Bellwether) reads `prometheus`;
 * what has its own agents in the path (Ray's replicas and handles, Knative's queue-proxies and activator) reads `ongoing`
 * and its integral; spec, status and ready are the Kubernetes API's.
 */
export interface FleetView {
  /** Epoch ms. */
  readonly now: number;
  /** spec.replicas. */
  readonly specReplicas: number;
  /** status.replicas: pods that exist and are not being deleted, ready or not. */
  readonly statusReplicas: number;
  readonly readyReplicas: number;
  /** Pods that wait for a node. */
  readonly unschedulableReplicas: number;
  /** Requests that are neither finished nor given up: at the gateway and in all replicas (draining ones included). */
  readonly ongoing: number;
  /** Of these, those at the gateway because no pod is ready. */
  readonly atGateway: number;
  /** Integral of `ongoing` over time since the start, request-milliseconds: differences of it are mean concurrency. */
  readonly ongoingMs: number;
  /** Requests that arrived since the start. */
  readonly arrivals: number;
  readonly prometheus: PrometheusView;
}

/** vLLM's gauges, as a pod exports them. `kvCacheUsage` is a share, 0..1. */
export type GaugeName = 'running' | 'waiting' | 'kvCacheUsage';
/** vLLM's counters since the engine started. `finished` counts every finished_reason, abort included. */
export type CounterName =
  | 'finished'
  | 'promptTokens'
  | 'generationTokens'
  | 'preemptions'
  | 'firstTokenSeconds'
  | 'firstTokenCount';

/**
 * What a query at `now` answers: each pod is scraped every 15 s at a phase of its own, from the first scrape after it is
 * ready (an engine that still loads serves no metrics) until it is gone; then its series end at the next scrape (stale
 * marker), and a sample older than the 5 min look-back is none either. History reaches back `retentionMs`.
 */
export interface PrometheusView {
  readonly scrapeIntervalMs: number;
  readonly retentionMs: number;
  /** Pods whose series are there now, oldest first. */
  readonly pods: readonly ScrapedPod[];
  /** `sum(metric)`; null: no series, which KEDA reads as 0 under ignoreNullValues and Bellwether never. */
  sum(gauge: GaugeName): number | null;
  /** `sum(avg_over_time(metric[windowMs]))`; pods that are gone count while the window holds samples of theirs. */
  sumOfAverages(gauge: GaugeName, windowMs: number): number | null;
  /** `avg_over_time(sum(a + b …)[windowMs:scrapeInterval])`: as experts write it, over the fleet's sum. */
  averageOfSum(gauges: readonly GaugeName[], windowMs: number): number | null;
  /** `max_over_time(sum(…)[windowMs:scrapeInterval])`. */
  maxOfSum(gauges: readonly GaugeName[], windowMs: number): number | null;
  /** `sum(rate(counter[windowMs]))`, per second; resets cannot happen, since a pod's name is not used twice. */
  rate(counter: CounterName, windowMs: number): number | null;
  /** `kube_deployment_*` as of their last scrape; null before it. */
  readonly kubeState: {
    readonly at: number;
    readonly spec: number;
    readonly status: number;
    readonly ready: number;
    readonly unschedulable: number;
  } | null;
}

/** A pod's series at the instant of the query. */
export interface ScrapedPod {
  readonly name: string;
  /** Timestamp of its newest sample. */
  readonly at: number;
  gauge(name: GaugeName): number;
  counter(name: CounterName): number;
  /** `max_over_time(metric[windowMs])` and its like, per pod (WVA reads 1-minute maxima). */
  max(name: GaugeName, windowMs: number): number;
}

/** What an autoscaler may know before the run: the fleet's limits and its engine, never the trace. */
export interface Setting {
  /** First and last instant of the run, epoch ms. */
  readonly from: number;
  readonly to: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly initialReplicas: number;
  readonly profile: ReplicaProfile;
  readonly coldStart: ColdStart;
  /** Objective for the time to first token, ms. */
  readonly objectiveMs: number;
}

/** What only the oracle gets. */
export interface Foreknowledge extends Setting {
  readonly trace: Trace;
  /** A client without a first token hangs up after this long. */
  readonly clientTimeoutMs: number;
  /** How long a deleted pod may finish what it has. */
  readonly gracePeriodMs: number;
  readonly seed: string | number;
  /**
   * The draws of the n-th pod created in a run (the `initialReplicas` warm ones are 0 .. initialReplicas - 1): the very
   * numbers that every other autoscaler's n-th pod gets, ms. `node` counts only where no warm node is free.
   */
  startOf(ordinal: number): { readonly node: number; readonly start: number };
}

/** What KEDA's operator reads from one trigger, at a poll and at each of the HPA's metric fetches. */
export interface Trigger {
  readonly name: string;
  /** Null: the trigger errs (KEDA then leaves the count alone, or falls back). */
  read(view: FleetView): TriggerReading | null;
}

export interface TriggerReading {
  /** The metric in milli-units of its target (AverageValue): 1,000 is one target's worth. */
  readonly milli: number;
  /** Above the activation threshold. */
  readonly active: boolean;
}

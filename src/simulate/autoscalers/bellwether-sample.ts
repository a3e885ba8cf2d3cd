import { arrivedBetween, type EngineCount } from '../../core/conservation.ts';
import { absentSample, type ReplicaFacts, type Sample, UNKNOWN_REPLICAS } from '../../core/sample.ts';
import type { FleetView, PrometheusView, ScrapedPod } from './autoscaler.ts';

interface Seen extends EngineCount {
  /** Timestamp of the scrape behind it. */
  readonly at: number;
  readonly firstTokenSeconds: number;
  readonly firstTokenCount: number;
}

/** What a sample cannot have without somebody's configuration. */
export interface SampleOptions {
  /** The policy names a gateway's counter for `signals.arrivalRate.promql`. */
  readonly gateway: boolean;
  /** The policy's custom query: here the requests that wait at the gateway. */
  readonly query: boolean;
}

/** Makes of the simulated Prometheus what the ingest room makes of a real one; remembers counters between instants. */
export function createSampler(options: SampleOptions): (view: FleetView) => Sample {
  let seen: ReadonlyMap<string, Seen> = new Map();
  return (view) => {
    const { prometheus, now } = view;
    const facts = replicaFacts(prometheus);
    const gateway = options.gateway ? view.arrivals : null;
    if (prometheus.pods.length === 0) {
      seen = new Map();
      return { ...absentSample(now, 'no series of this fleet', facts), gateway };
    }
    const counts = new Map(prometheus.pods.map((pod) => [pod.name, countsOf(pod)]));
    const growth = grown(seen, counts);
    seen = counts;
    return {
      ...absentSample(now, '', facts),
      ...growth,
      presence: 'fresh',
      why: null,
      observedAt: Math.max(...[...counts.values()].map(({ at }) => at)),
      running: prometheus.sum('running'),
      waiting: prometheus.sum('waiting'),
      kvCacheUsage: prometheus.sum('kvCacheUsage'),
      gateway,
      query: options.query ? view.atGateway : null,
      reporting: prometheus.pods.length,
    };
  };
}

function replicaFacts({ kubeState }: PrometheusView): ReplicaFacts {
  if (kubeState === null) return UNKNOWN_REPLICAS;
  const { spec, status, ready, unschedulable } = kubeState;
  return {
    spec,
    ready,
    starting: status - ready,
    unschedulable,
    source: 'kube-state-metrics deployment/vllm',
  };
}

function countsOf(pod: ScrapedPod): Seen {
  return {
    at: pod.at,
    finished: pod.counter('finished'),
    rejected: 0,
    ongoing: pod.gauge('running') + pod.gauge('waiting'),
    firstTokenSeconds: pod.counter('firstTokenSeconds'),
    firstTokenCount: pod.counter('firstTokenCount'),
  };
}

/** Growth since the instant before, pod by pod; what a pod finished before its first scrape is not counted. */
function grown(before: ReadonlyMap<string, Seen>, now: ReadonlyMap<string, Seen>) {
  const known = { finished: 0, firstTokenSeconds: 0, firstTokenCount: 0 };
  let knows = false;
  let arrived: number | null = 0;
  let arrivedOver: number | null = null;
  for (const [name, pod] of now) {
    const then = before.get(name);
    if (then === undefined) {
      // A pod that was never seen among others that were: what it has came since.
      arrived = arrived === null || before.size === 0 ? null : arrived + pod.ongoing;
      continue;
    }
    knows = true;
    known.finished += pod.finished - then.finished;
    known.firstTokenSeconds += pod.firstTokenSeconds - then.firstTokenSeconds;
    known.firstTokenCount += pod.firstTokenCount - then.firstTokenCount;
    if (arrived !== null) arrived += arrivedBetween(then, pod);
    if (pod.at > then.at) arrivedOver = Math.max(arrivedOver ?? 0, pod.at - then.at);
  }
  return { ...(knows ? known : {}), arrived, arrivedOver };
}

import type {
  FleetView,
  PrometheusView,
  ScrapedPod,
  Setting,
} from '../../../src/simulate/autoscalers/autoscaler.ts';
import { DEFAULT_COLD_START } from '../../../src/simulate/pod.ts';
import { PROFILES } from '../../../src/simulate/profiles.ts';

export const NO_SERIES: PrometheusView = {
  scrapeIntervalMs: 15_000,
  retentionMs: 3_600_000,
  pods: [],
  sum: () => null,
  sumOfAverages: () => null,
  averageOfSum: () => null,
  maxOfSum: () => null,
  rate: () => null,
  kubeState: null,
};

/** A fleet of one ready replica with nothing to do. */
export function aView(over: Partial<FleetView> = {}): FleetView {
  return {
    now: 0,
    specReplicas: 1,
    statusReplicas: over.specReplicas ?? 1,
    readyReplicas: over.specReplicas ?? 1,
    unschedulableReplicas: 0,
    ongoing: 0,
    atGateway: 0,
    ongoingMs: 0,
    arrivals: 0,
    prometheus: NO_SERIES,
    ...over,
  };
}

export interface PodValues {
  readonly name: string;
  readonly at: number;
  readonly running: number;
  readonly waiting: number;
  readonly finished: number;
  readonly kvCacheUsage?: number;
}

export function aPod({ name, at, running, waiting, finished, kvCacheUsage = 0 }: PodValues): ScrapedPod {
  const gauges = { running, waiting, kvCacheUsage };
  return {
    name,
    at,
    gauge: (gauge) => gauges[gauge],
    counter: (counter) => (counter === 'finished' ? finished : 0),
    max: (gauge) => gauges[gauge],
  };
}

export function prometheusOf(
  pods: readonly PodValues[],
  kubeState: PrometheusView['kubeState'] = null,
): PrometheusView {
  const scraped = pods.map(aPod);
  return {
    ...NO_SERIES,
    pods: scraped,
    kubeState,
    sum: (gauge) => (scraped.length === 0 ? null : scraped.reduce((sum, pod) => sum + pod.gauge(gauge), 0)),
  };
}

export function aSetting(over: Partial<Setting> = {}): Setting {
  return {
    from: 0,
    to: 86_400_000,
    minReplicas: 1,
    maxReplicas: 10,
    initialReplicas: 1,
    profile: PROFILES['a10g-mistral-7b'],
    coldStart: DEFAULT_COLD_START,
    objectiveMs: 2_000,
    ...over,
  };
}

import type { HpaSpec } from '../../core/hpa-spec.ts';
import type { Autoscaler, FleetView, Setting } from './autoscaler.ts';
import { createKedaHpa } from './keda-hpa.ts';
import { prometheusTrigger } from './keda-triggers.ts';
import { ceilings, definePeer, floors } from './peer.ts';
import { createWvaAnalyzer, WVA_DEFAULTS, type WvaConfig, type WvaInput } from './wva-saturation.ts';

const PEAK_WINDOW_MS = 60_000;
const LENGTH_WINDOW_MS = 300_000;
/** Of the controller's own `wva_desired_replicas`, by its ServiceMonitor. */
const SCRAPE_MS = 15_000;

export interface WvaOptions {
  readonly config: WvaConfig;
  /** `GLOBAL_OPT_INTERVAL`. */
  readonly intervalMs: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly stabilizationWindowSeconds: number;
}

/**
 * The Workload-Variant-Autoscaler with one variant: its controller reads Prometheus, publishes `wva_desired_replicas`, and a
 * ScaledObject whose threshold is 1 carries that to the HPA. It keeps one replica: its scale to zero is off by default.
 */
export function createWva(setting: Setting, options: WvaOptions): Autoscaler {
  const analyzer = createWvaAnalyzer(options.config);
  const minReplicas = Math.max(1, options.minReplicas);
  let desired: number | null = null;
  let scraped: number | null = null;
  let why = 'nothing was analyzed yet';

  function optimize(view: FleetView): null {
    const result = analyzer.analyze(collect(view, setting, { ...options, minReplicas }));
    desired = result.desired;
    why = `${Math.round(result.demand)} tokens of demand at ${result.perReplicaCapacity} a replica are ${desired}`;
    return null;
  }
  function scrape(): null {
    scraped = desired;
    return null;
  }
  return createKedaHpa({
    name: 'wva',
    triggers: [
      prometheusTrigger({
        name: 'wva_desired_replicas',
        query: () => scraped,
        threshold: 1,
        ignoreNullValues: false,
      }),
    ],
    minReplicaCount: minReplicas,
    maxReplicaCount: options.maxReplicas,
    behavior: sampleBehavior(options.stabilizationWindowSeconds),
    before: [
      { name: 'wva-optimize', everyMs: options.intervalMs, run: optimize },
      { name: 'wva-scrape', everyMs: SCRAPE_MS, run: scrape },
    ],
    explain: () => why,
  });
}

/** `config/samples/hpa-integration.yaml`: ten pods each way in 15 s; the tolerance stays the HPA's own. */
function sampleBehavior(stabilizationWindowSeconds: number): HpaSpec['behavior'] {
  const policies = [{ type: 'Pods', value: 10, periodSeconds: 15 }] as const;
  return {
    scaleUp: { stabilizationWindowSeconds: 0, policies },
    scaleDown: { stabilizationWindowSeconds, policies },
  };
}

function collect(
  { prometheus, specReplicas, statusReplicas, readyReplicas, atGateway }: FleetView,
  { profile }: Setting,
  { minReplicas, maxReplicas }: Pick<WvaOptions, 'minReplicas' | 'maxReplicas'>,
): WvaInput {
  const finished = prometheus.rate('finished', LENGTH_WINDOW_MS) ?? 0;
  const mean = (tokens: number | null) => (finished > 0 ? (tokens ?? 0) / finished : 0);
  return {
    replicas: prometheus.pods.map((pod) => ({
      kvCacheUsage: pod.max('kvCacheUsage', PEAK_WINDOW_MS),
      queueLength: pod.max('waiting', PEAK_WINDOW_MS),
    })),
    kvTokens: profile.kvCapacityTokens,
    avgInputTokens: mean(prometheus.rate('promptTokens', LENGTH_WINDOW_MS)),
    avgOutputTokens: mean(prometheus.rate('generationTokens', LENGTH_WINDOW_MS)),
    schedulerQueue: atGateway,
    currentReplicas: Math.max(specReplicas, statusReplicas),
    readyReplicas,
    minReplicas,
    maxReplicas,
    maxNumBatchedTokens: profile.maxNumBatchedTokens,
    maxNumSeqs: profile.maxNumSeqs,
  };
}

type Knob =
  | 'scaleUpThreshold'
  | 'scaleDownBoundary'
  | 'kvCacheThreshold'
  | 'queueLengthThreshold'
  | 'optimizationIntervalSeconds'
  | 'stabilizationWindowSeconds'
  | 'minReplicas'
  | 'maxReplicas';

export const WVA = definePeer<Knob>({
  name: 'wva',
  title: 'llm-d Workload-Variant-Autoscaler, saturation V2',
  defaults: (setting) => ({
    ...WVA_DEFAULTS,
    optimizationIntervalSeconds: 60,
    stabilizationWindowSeconds: 300,
    minReplicas: Math.max(1, setting.minReplicas),
    maxReplicas: setting.maxReplicas,
  }),
  knobs: (setting) => ({
    kvCacheThreshold: [0.2, 0.3, 0.45, 0.6, 0.8],
    scaleUpThreshold: [0.5, 0.7, 0.85],
    scaleDownBoundary: [0.3, 0.5, 0.7],
    queueLengthThreshold: [1, 2, 5],
    optimizationIntervalSeconds: [15, 30, 60],
    stabilizationWindowSeconds: [0, 300, 900],
    minReplicas: floors(setting).filter((count) => count >= 1),
    maxReplicas: ceilings(setting),
  }),
  build: (setting, values) =>
    createWva(setting, {
      config: values,
      intervalMs: values.optimizationIntervalSeconds * 1000,
      minReplicas: values.minReplicas,
      maxReplicas: values.maxReplicas,
      stabilizationWindowSeconds: values.stabilizationWindowSeconds,
    }),
});

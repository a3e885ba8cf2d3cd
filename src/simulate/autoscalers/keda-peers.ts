import type { HpaSpec } from '../../core/hpa-spec.ts';
import type { Autoscaler, Setting, Trigger } from './autoscaler.ts';
import { createKedaHpa } from './keda-hpa.ts';
import { type CronWindow, cronTrigger, gatewayTrigger, prometheusTrigger } from './keda-triggers.ts';
import { ceilings, definePeer, floors, multiples, type Peer } from './peer.ts';
import { loadTested } from './sizing.ts';

/** `sum(vllm:num_requests_running) + sum(vllm:num_requests_waiting)`, over a window or as it stands. */
function ongoingTrigger(threshold: number, windowSeconds: number): Trigger {
  return windowSeconds === 0
    ? prometheusTrigger({
        name: 'prometheus',
        query: (prometheus) => {
          const running = prometheus.sum('running');
          const waiting = prometheus.sum('waiting');
          return running === null || waiting === null ? null : running + waiting;
        },
        threshold,
      })
    : prometheusTrigger({
        name: 'prometheus',
        query: (prometheus) => prometheus.averageOfSum(['running', 'waiting'], windowSeconds * 1000),
        threshold,
        // Experts have read of the night on which the series vanished and KEDA scaled everything down.
        ignoreNullValues: false,
      });
}

/** What the HPA does with no `behavior` at all, but for the one window that people do turn. */
function plainBehavior(stabilizationWindowSeconds: number): HpaSpec['behavior'] {
  return stabilizationWindowSeconds === 300 ? null : { scaleDown: { stabilizationWindowSeconds } };
}

/** Open policies upward and no tolerance: the averaged query is the only thing that steadies a rise. */
function expertBehavior(stabilizationWindowSeconds: number): HpaSpec['behavior'] {
  return {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      policies: [{ type: 'Pods', value: 100, periodSeconds: 15 }],
      tolerance: '0',
    },
    scaleDown: { stabilizationWindowSeconds, tolerance: '0' },
  };
}

type Knob =
  | 'threshold'
  | 'stabilizationWindowSeconds'
  | 'minReplicaCount'
  | 'maxReplicaCount'
  | 'pollingIntervalSeconds'
  | 'windowSeconds'
  | 'cronReplicas';
type Values = Readonly<Record<Knob, number>>;

interface Variant {
  readonly name: string;
  readonly title: string;
  /** With avg_over_time, open policies and no tolerance. */
  readonly expert: boolean;
  readonly cron: CronWindow | null;
}

const WINDOWS = [60, 120, 300, 600] as const;

function kedaPeer({ name, title, expert, cron }: Variant): Peer {
  return definePeer<Knob>({
    name,
    title,
    defaults: (setting) => ({
      threshold: loadTested(setting.profile).ongoing,
      stabilizationWindowSeconds: 300,
      minReplicaCount: setting.minReplicas,
      maxReplicaCount: setting.maxReplicas,
      pollingIntervalSeconds: 30,
      windowSeconds: expert ? 120 : 0,
      cronReplicas: cron ? Math.min(setting.maxReplicas, Math.max(2, setting.minReplicas)) : 0,
    }),
    knobs: (setting, { threshold }) => ({
      threshold: multiples(threshold, [0.2, 0.35, 0.5, 0.75, 1, 1.5]),
      ...(expert ? { windowSeconds: WINDOWS } : {}),
      ...(cron ? { cronReplicas: cronCounts(setting) } : {}),
      stabilizationWindowSeconds: [60, 300, 900],
      minReplicaCount: floors(setting),
      maxReplicaCount: ceilings(setting),
    }),
    build: (setting, values) => scaledObject(name, setting, values, { expert, cron }),
  });
}

function scaledObject(
  name: string,
  { from, to }: Setting,
  values: Values,
  { expert, cron }: Pick<Variant, 'expert' | 'cron'>,
): Autoscaler {
  const window = values.stabilizationWindowSeconds;
  return createKedaHpa({
    name,
    triggers: [
      ongoingTrigger(values.threshold, values.windowSeconds),
      ...(cron ? [cronTrigger(cron, values.cronReplicas, from, to)] : []),
      ...(values.minReplicaCount === 0 ? [gatewayTrigger()] : []),
    ],
    minReplicaCount: values.minReplicaCount,
    maxReplicaCount: values.maxReplicaCount,
    pollingIntervalMs: values.pollingIntervalSeconds * 1000,
    behavior: expert ? expertBehavior(window) : plainBehavior(window),
  });
}

/** What a schedule may hold through its window, up to the whole fleet. */
function cronCounts({ minReplicas, maxReplicas }: Setting): readonly number[] {
  const counts = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32].filter(
    (count) => count > minReplicas && count < maxReplicas,
  );
  return [...counts, maxReplicas];
}

/** The ScaledObject of KEDA's own documentation: an instant query and no behavior. */
export const KEDA = kedaPeer({
  name: 'keda',
  title: 'KEDA prometheus trigger',
  expert: false,
  cron: null,
});

/** As people write it who have run one: averaged, open policies, tolerance 0, an empty query is an error. */
export const KEDA_AVERAGE = kedaPeer({
  name: 'keda-average',
  title: 'KEDA prometheus trigger with avg_over_time',
  expert: true,
  cron: null,
});

/** The two with a cron trigger beside them, for loads with hours. */
export function kedaCronPeers(cron: CronWindow): readonly Peer[] {
  return [
    kedaPeer({ name: 'keda-cron', title: 'KEDA prometheus and cron triggers', expert: false, cron }),
    kedaPeer({
      name: 'keda-cron-average',
      title: 'KEDA prometheus with avg_over_time and cron triggers',
      expert: true,
      cron,
    }),
  ];
}

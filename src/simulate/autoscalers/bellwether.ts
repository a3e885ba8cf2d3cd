import type { Calendar } from '../../calendar/calendar.ts';
import { arrivalRuleOf } from '../../core/arrival-rule.ts';
import { type HpaSpec, openBehavior } from '../../core/hpa-spec.ts';
import { historyWindow, type PolicyFields } from '../../core/policy.ts';
import type { Sample } from '../../core/sample.ts';
import type { TrafficBucket } from '../../core/traffic-bucket.ts';
import { decide } from '../../decision/decide.ts';
import type { Decision } from '../../decision/record.ts';
import { type DecisionState, EMPTY_STATE } from '../../decision/state.ts';
import type { ColdStart, Draw } from '../pod.ts';
import { createRandom, lognormal } from '../random.ts';
import type { Autoscaler, FleetView, Setting, Trigger } from './autoscaler.ts';
import { createSampler } from './bellwether-sample.ts';
import { createKedaHpa } from './keda-hpa.ts';
import { gatewayTrigger } from './keda-triggers.ts';
import { createTrafficLog } from './traffic-log.ts';

export interface BellwetherOptions {
  readonly name: string;
  /** The policy as a layer; the setting's minReplicas and maxReplicas hold where it names none. */
  readonly fields: PolicyFields;
  readonly calendar: Calendar | null;
  /**
   * Default 15 s, since pods are scraped every 15 s: between scrapes an evaluation sees nothing new, and the HPA asks no
   * more often than that.
   */
  readonly evaluationIntervalMs?: number;
  /** What the shipped ScaledObjects set, unless somebody's differ. */
  readonly behavior?: HpaSpec['behavior'];
  readonly pollingIntervalMs?: number;
  /** Sees every decision as it is made. */
  readonly onDecision?: (decision: Decision) => void;
  /** What Prometheus holds of the weeks before, for policies that learn from them, ascending; default nothing yet. */
  readonly history?: readonly TrafficBucket[];
}

/**
 * The product: decide() on the grid over what Prometheus and kube-state-metrics show of the simulated fleet, its last answer
 * served to KEDA's poll and to the HPA's sync as the external trigger `bellwether-replicas` of a shipped ScaledObject.
 */
export function createBellwether(setting: Setting, options: BellwetherOptions): Autoscaler {
  const { calendar, evaluationIntervalMs = 15_000 } = options;
  const fields: PolicyFields = {
    minReplicas: setting.minReplicas,
    maxReplicas: setting.maxReplicas,
    ...options.fields,
  };
  const sample = createSampler({
    gateway: fields.signals?.arrivalRate?.promql !== undefined,
    query: fields.signals?.query !== undefined,
  });
  const traffic = createTrafficLog(calendar, historyOf(fields), options.history);
  const keepMs = historyWindow(fields);
  const coldStartP95 = measuredP95(setting.coldStart);
  const samples: Sample[] = [];
  let state: DecisionState = EMPTY_STATE;
  let last: Decision | null = null;

  function evaluate(view: FleetView): null {
    const at = view.now;
    const current = sample(view);
    samples.push(current);
    // The one before the window stays, for growth.
    while (samples.length > 1 && (samples[1]?.at ?? at) <= at - keepMs) samples.shift();
    const outcome = decide(
      {
        at,
        fields,
        calendar,
        samples,
        coldStartP95,
        evaluationInterval: evaluationIntervalMs,
        traffic: traffic.record(current),
      },
      state,
    );
    state = outcome.state;
    last = outcome.decision;
    options.onDecision?.(last);
    return null;
  }
  const trigger: Trigger = {
    name: 'bellwether-replicas',
    read() {
      const replicas = last?.replicas ?? null;
      return replicas === null ? null : { milli: replicas * 1000, active: replicas > 0 };
    },
  };
  const minReplicaCount = fields.minReplicas ?? setting.minReplicas;
  return createKedaHpa({
    name: options.name,
    triggers: minReplicaCount === 0 ? [trigger, gatewayTrigger()] : [trigger],
    minReplicaCount,
    maxReplicaCount: fields.maxReplicas ?? setting.maxReplicas,
    cooldownPeriodMs: 30_000,
    ...(options.pollingIntervalMs === undefined ? {} : { pollingIntervalMs: options.pollingIntervalMs }),
    behavior: options.behavior ?? openBehavior(),
    before: [
      {
        name: 'bellwether-evaluation',
        everyMs: evaluationIntervalMs,
        // Evaluations lie on multiples of the interval of Unix time.
        phaseMs: (evaluationIntervalMs - (setting.from % evaluationIntervalMs)) % evaluationIntervalMs,
        run: evaluate,
      },
    ],
    explain: () => last?.reason ?? 'nothing was decided yet',
  });
}

const DAY_MS = 86_400_000;

/** How far back the policy learns from, whole days in ms; 0: not at all. */
function historyOf({ signals }: PolicyFields): number {
  return signals?.arrivalRate === undefined
    ? 0
    : Math.ceil(arrivalRuleOf(signals.arrivalRate).history / DAY_MS) * DAY_MS;
}

const DRAWS = 2_000;
const P95_BY_COLD_START = new WeakMap<ColdStart, number>();

/**
 * The p95 of the fleet's cold starts, ms, as its own histogram would have it after weeks of them: from draws of the same
 * distribution that are nobody's pods. Time without a node is no cold start.
 */
function measuredP95(coldStart: ColdStart): number {
  let p95 = P95_BY_COLD_START.get(coldStart);
  if (p95 === undefined) {
    const random = createRandom('measured-cold-starts');
    const draw = (of: Draw | null) => (of ? lognormal(random, of.medianSeconds, of.sigma) * 1000 : 0);
    const starts = Array.from(
      { length: DRAWS },
      () => draw(coldStart.start) + draw(coldStart.imagePull) + draw(coldStart.weights ?? null),
    );
    p95 = Math.round(starts.sort((a, b) => a - b)[Math.floor(DRAWS * 0.95)] ?? 0);
    P95_BY_COLD_START.set(coldStart, p95);
  }
  return p95;
}

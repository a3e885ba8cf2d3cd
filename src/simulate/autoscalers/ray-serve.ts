import type { PolicyFields } from '../../core/policy.ts';
import { absentSample, type Sample } from '../../core/sample.ts';
import { decide } from '../../decision/decide.ts';
import { type DecisionState, EMPTY_STATE } from '../../decision/state.ts';
import { type RayConfig, rayFields } from '../golden-ray.ts';
import type { Autoscaler, FleetView } from './autoscaler.ts';
import { ceilings, definePeer, floors, multiples } from './peer.ts';
import { loadTested } from './sizing.ts';

/** `RAY_SERVE_{REPLICA,HANDLE}_AUTOSCALING_METRIC_PUSH_INTERVAL_S`. */
const PUSH_INTERVAL_MS = 10_000;

/**
 * Ray Serve's default policy: decide() as the golden file holds it against Ray, guards off, no calendar, with the look-back
 * that Ray applies before the policy sees a number. Replicas and handles push what they have every 10 s; what waits for a
 * replica is counted, since handles queue it. Ray's loop turns every 0.1 s; nothing it reads changes between pushes, so
 * that only the end of a delay is seen up to 10 s late here.
 */
export function createRayServe(name: string, config: RayConfig, lookBackMs: number): Autoscaler {
  const fields: PolicyFields = { ...rayFields(config, false), lookBackPeriod: lookBackMs };
  const samples: Sample[] = [];
  // No start hold: Ray has none.
  let state: DecisionState = { ...EMPTY_STATE, seenSince: 0 };
  let reason = 'nothing was decided yet';

  function run(view: FleetView): number | null {
    const at = view.now;
    samples.push(pushed(view));
    while (samples.length > 1 && (samples[0]?.at ?? at) <= at - lookBackMs) samples.shift();
    const before = state.target === null ? { ...state, target: view.specReplicas } : state;
    const outcome = decide(
      { at, fields, calendar: null, samples, coldStartP95: null, evaluationInterval: PUSH_INTERVAL_MS },
      before,
    );
    state = outcome.state;
    reason = outcome.decision.reason;
    const { replicas } = outcome.decision;
    return replicas === view.specReplicas ? null : replicas;
  }
  return { name, duties: [{ name: 'ray-push', everyMs: PUSH_INTERVAL_MS, run }], explain: () => reason };
}

function pushed({ now, ongoing, readyReplicas }: FleetView): Sample {
  return {
    ...absentSample(now, ''),
    presence: 'fresh',
    why: null,
    observedAt: now,
    running: ongoing,
    waiting: 0,
    reporting: readyReplicas,
    replicas: { spec: null, ready: readyReplicas, starting: null, unschedulable: null, source: 'replicas' },
  };
}

type Knob =
  | 'target_ongoing_requests'
  | 'upscale_delay_s'
  | 'downscale_delay_s'
  | 'look_back_period_s'
  | 'upscaling_factor'
  | 'downscaling_factor'
  | 'min_replicas'
  | 'max_replicas';

export const RAY_SERVE = definePeer<Knob>({
  name: 'ray-serve',
  title: 'Ray Serve autoscaling_config',
  defaults: (setting) => ({
    target_ongoing_requests: loadTested(setting.profile).ongoing,
    upscale_delay_s: 30,
    downscale_delay_s: 600,
    look_back_period_s: 30,
    upscaling_factor: 1,
    downscaling_factor: 1,
    min_replicas: setting.minReplicas,
    max_replicas: setting.maxReplicas,
  }),
  knobs: (setting, { target_ongoing_requests }) => ({
    target_ongoing_requests: multiples(target_ongoing_requests, [0.2, 0.35, 0.5, 0.75, 1, 1.5]),
    look_back_period_s: [30, 120, 300, 600],
    downscale_delay_s: [60, 300, 600],
    upscale_delay_s: [0, 30],
    min_replicas: floors(setting),
    max_replicas: ceilings(setting),
    downscaling_factor: [0.5, 1],
    upscaling_factor: [1, 1.5],
  }),
  build: (_setting, { look_back_period_s, ...config }) =>
    createRayServe('ray-serve', config, look_back_period_s * 1000),
});

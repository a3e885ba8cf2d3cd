import { describe, expect, it } from 'vitest';
import type { AutoscalerFacts } from '../../src/core/cluster-facts.ts';
import type { HpaSpec, ScalingRules } from '../../src/core/hpa-spec.ts';
import { landingStep } from '../../src/policy/landing.ts';
import { aPolicy } from '../support/decision.ts';

const open: ScalingRules = {
  stabilizationWindowSeconds: 0,
  policies: [{ type: 'Pods', value: 100, periodSeconds: 15 }],
  tolerance: '0',
};
const hpa = (spec: Partial<HpaSpec> = {}, stopped: string | null = null): AutoscalerFacts => ({
  name: 'keda-hpa-vllm',
  spec: { minReplicas: 1, maxReplicas: 40, behavior: { scaleUp: open, scaleDown: open }, ...spec },
  currentReplicas: null,
  desiredReplicas: null,
  stopped,
});
const land = (wanted: number, current: number, autoscaler: AutoscalerFacts, fields = {}) =>
  landingStep(wanted, { current, created: current, autoscaler }, aPolicy(fields));

describe('the landing by an HPA that is known', () => {
  it('is exact where its tolerance is 0 and its policies are open', () => {
    for (const [from, to] of [
      [20, 21],
      [10, 11],
      [40, 39],
      [1, 40],
    ] as const) {
      expect(land(to, from, hpa())).toMatchObject({
        out: to,
        reason: `keda-hpa-vllm goes from ${from} to ${to} at its next sync`,
        warning: null,
      });
    }
  });

  it('counts the syncs that the default policies take', () => {
    // 1, 5, 10, 20, 40 with a behavior whose policies are the defaults.
    const slow = hpa({ behavior: { scaleUp: {}, scaleDown: null } });
    expect(land(40, 1, slow).reason).toBe('keda-hpa-vllm goes from 1 to 40 within 1m');
  });

  it('counts the window of a fall, at its longest', () => {
    const windowed = hpa({ behavior: { scaleDown: { ...open, stabilizationWindowSeconds: 300 } } });
    expect(land(2, 8, windowed)).toMatchObject({
      warning: null,
      reason: expect.stringMatching(/from 8 to 2 within 5m/),
    });
  });

  it.each<[string, number, number, AutoscalerFacts, string]>([
    ['maxReplicas', 41, 20, hpa(), 'comes to 40 instead of 41: its maxReplicas is 40'],
    ['minReplicas', 1, 4, hpa({ minReplicas: 3 }), 'comes to 3 instead of 1: its minReplicas is 3'],
    [
      'the default tolerance',
      21,
      20,
      hpa({ behavior: null }),
      'stays at 20 instead of 21: its tolerance of 0.1 ignores the change',
    ],
    [
      'a tolerance of its own, downward',
      19,
      20,
      hpa({ behavior: { scaleUp: open, scaleDown: { ...open, tolerance: '50m' } } }),
      'stays at 20 instead of 19: its tolerance of 0.05 ignores the change',
    ],
    [
      'a side that is disabled',
      4,
      8,
      hpa({ behavior: { scaleUp: open, scaleDown: { selectPolicy: 'Disabled' } } }),
      'stays at 8 instead of 4: its scaleDown is disabled',
    ],
    [
      'small steps that stop short within the tolerance',
      10,
      20,
      hpa({
        behavior: {
          scaleUp: open,
          scaleDown: {
            stabilizationWindowSeconds: 0,
            policies: [{ type: 'Pods', value: 1, periodSeconds: 15 }],
          },
        },
      }),
      'comes to 11 instead of 10: its scaleDown policies and its tolerance of 0.1 stop it short',
    ],
  ])('warns of %s', (_, wanted, current, autoscaler, words) => {
    const { out, warning, reason } = land(wanted, current, autoscaler);
    expect(out).toBe(wanted);
    expect(reason).toBe(`keda-hpa-vllm ${words}`);
    expect(warning).toBe(reason);
  });

  it('warns of one that does not scale at all', () => {
    const stopped = hpa({}, 'FailedGetExternalMetric: no matching metrics found');
    expect(land(4, 2, stopped).warning).toBe(
      'keda-hpa-vllm does not scale at all just now: FailedGetExternalMetric: no matching metrics found',
    );
    expect(land(2, 2, stopped).warning).toBeNull();
  });

  it('leaves zero to KEDA, and counts from one replica after zero', () => {
    expect(land(0, 1, hpa())).toMatchObject({
      out: 0,
      reason: 'KEDA scales to zero, not the HPA',
      warning: null,
    });
    expect(land(3, 0, hpa())).toMatchObject({ warning: null });
  });

  it('rounds a rise up out of the real band where the policy asks for it', () => {
    const fields = { landing: { roundUp: true } };
    expect(land(21, 20, hpa({ behavior: null }), fields)).toMatchObject({ out: 23, warning: null });
    expect(land(21, 20, hpa(), fields).out).toBe(21);
    expect(land(19, 20, hpa({ behavior: null }), fields).out).toBe(19);
  });
});

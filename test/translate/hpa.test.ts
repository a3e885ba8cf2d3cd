import { describe, expect, it } from 'vitest';
import { translateHpa } from '../../src/translate/translate-hpa.ts';
import { notesOf, options, policyOf, sound, valuesOf } from './support.ts';

const hpa = (spec: string) => `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: vllm, namespace: gpu}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: vllm-server}
${spec}`;
const translate = (spec: string) => sound(translateHpa(hpa(spec), options('hpa.yaml')));
const pods = (name: string, value: string) =>
  `  metrics: [{type: Pods, pods: {metric: {name: ${name}}, target: {type: AverageValue, averageValue: ${value}}}}]\n`;

describe('translate hpa', () => {
  it('carries limits, the target of a count of requests and the stabilization windows', () => {
    const translation = translate(
      `  minReplicas: 2\n  maxReplicas: 8\n${pods('vllm_num_requests_running', '"12"')}  behavior: {scaleUp: {stabilizationWindowSeconds: 60}, scaleDown: {stabilizationWindowSeconds: 600}}\n`,
    );
    const [policy, scaledObject] = valuesOf(translation);
    expect(policyOf(policy)).toEqual({
      minReplicas: 2,
      maxReplicas: 8,
      targetOngoingRequests: 12,
      upscaleDelay: 60_000,
      downscaleDelay: 600_000,
    });
    expect(scaledObject).toMatchObject({
      metadata: { name: 'vllm-server', namespace: 'gpu' },
      spec: { scaleTargetRef: { name: 'vllm-server' }, minReplicaCount: 2, maxReplicaCount: 8 },
    });
    expect(notesOf(translation)).toEqual([
      'differs 8: vllm_num_requests_running: the HPA counts running requests alone; targetOngoingRequests counts running and waiting together, so review 12',
    ]);
  });

  it("takes the HPA's own defaults for what it leaves out", () => {
    expect(policyOf(valuesOf(translate('  maxReplicas: 3\n'))[0])).toMatchObject({
      minReplicas: 1,
      maxReplicas: 3,
      upscaleDelay: 0,
      downscaleDelay: 300_000,
    });
    expect(translate('  maxReplicas: 3\n').documents[0]).toContain(
      'targetOngoingRequests: 10   # not in the HPA: choose',
    );
  });

  it.each([
    [
      'CPU',
      '  maxReplicas: 3\n  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]\n',
      "lost 7: metric cpu (Resource): a GPU server's CPU and memory say nothing of its load",
    ],
    [
      'a total',
      '  maxReplicas: 3\n  metrics: [{type: External, external: {metric: {name: queue_depth}, target: {type: Value, value: 30}}}]\n',
      'lost 7: metric queue_depth (External): a total (target.value) has no counterpart; signals.query with a target per replica may say it',
    ],
    [
      'another metric',
      `  maxReplicas: 3\n${pods('gpu_utilization', '80')}`,
      'lost 7: metric gpu_utilization (Pods): no count of requests; signals (docs/policy.md) may say it',
    ],
    [
      'steps',
      '  maxReplicas: 3\n  behavior: {scaleDown: {policies: [{type: Pods, value: 1, periodSeconds: 60}]}}\n',
      'lost 7: scaleDown.policies = [{"type":"Pods","value":1,"periodSeconds":60}]: a limit of steps; the ScaledObject opens it, and the delays and factors of the policy take its place',
    ],
    [
      'a tolerance',
      '  maxReplicas: 3\n  behavior: {scaleUp: {tolerance: "0.05"}}\n',
      'lost 7: scaleUp.tolerance = 0.05: the ScaledObject sets 0, so that every answer counts',
    ],
    [
      'a window that is none',
      '  maxReplicas: 3\n  behavior: {scaleUp: {stabilizationWindowSeconds: 5m}}\n',
      "lost 7: scaleUp.stabilizationWindowSeconds = 5m: must be 0 to 3600, the HPA's default stands for it",
    ],
    [
      'a minimum that is none',
      '  minReplicas: two\n  maxReplicas: 3\n',
      "lost 6: minReplicas = two: must be a whole number, the HPA's default of 1 stands for it",
    ],
    [
      'a missing maximum',
      '  minReplicas: 2\n',
      'assumed 5: maxReplicas is missing or no number: minReplicas stands for it',
    ],
  ])('says what becomes of %s', (_, spec, note) => {
    expect(notesOf(translate(spec))).toEqual([note]);
  });

  it('reads quantities, and only the first count of requests', () => {
    expect(policyOf(valuesOf(translate(`  maxReplicas: 3\n${pods('queue', '2500m')}`))[0])).toMatchObject({
      targetOngoingRequests: 2.5,
    });
    const second =
      '  maxReplicas: 3\n  metrics:\n    - {type: Pods, pods: {metric: {name: waiting}, target: {averageValue: 5}}}\n    - {type: Pods, pods: {metric: {name: running}, target: {averageValue: 9}}}\n';
    expect(notesOf(translate(second))).toEqual([
      expect.stringMatching(/^differs 8: waiting/),
      'lost 9: metric running (Pods): no count of requests; signals (docs/policy.md) may say it',
    ]);
  });

  it('refuses a file without one', () => {
    expect(translateHpa('kind: Service\n', options('a.yaml'))).toMatchObject({
      problems: [{ message: 'must hold a HorizontalPodAutoscaler' }],
    });
  });
});

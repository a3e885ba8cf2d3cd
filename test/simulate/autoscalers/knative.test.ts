import { describe, expect, it } from 'vitest';
import { KNATIVE } from '../../../src/simulate/autoscalers/knative.ts';
import { aSetting, aView } from './views.ts';

/** Ticks a revision with a load by the second, whose pods are ready at once; pods after each tick. */
function drive(
  values: Readonly<Record<string, number>>,
  load: (second: number) => number,
  seconds: number,
  setting = aSetting(),
) {
  const [tick] = KNATIVE.create(setting, { target: 10, scaleDownDelaySeconds: 0, ...values }).duties;
  const pods: number[] = [];
  let replicas = setting.initialReplicas;
  let ongoingMs = 0;
  for (let second = 2; second <= seconds; second += 2) {
    ongoingMs += (load(second - 1) + load(second)) * 1000;
    const view = aView({ now: second * 1000, specReplicas: replicas, ongoing: load(second), ongoingMs });
    replicas = tick?.run(view) ?? replicas;
    pods.push(replicas);
  }
  return pods;
}

describe('simulated Knative', () => {
  it('aims at 70 % of the target by the mean of what was in flight', () => {
    expect(drive({}, () => 35, 120).at(-1)).toBe(5);
    expect(drive({ targetUtilizationPercentage: 100 }, () => 35, 120).at(-1)).toBe(4);
  });

  it('panics on a burst, and gives back after a stable window', () => {
    const pods = drive({}, (second) => (second > 60 && second <= 80 ? 70 : 7), 240);
    expect(Math.max(...pods.slice(30, 36))).toBe(10);
    expect(pods[60]).toBe(10);
    expect(pods.at(-1)).toBe(1);
  });

  it('keeps to min-scale and max-scale', () => {
    expect(drive({ maxScale: 3 }, () => 70, 60).at(-1)).toBe(3);
    expect(drive({ minScale: 2 }, () => 0, 120).at(-1)).toBe(2);
  });

  it('goes to zero one grace period after its windows are empty, and never at once', () => {
    const setting = aSetting({ minReplicas: 0 });
    const pods = drive({}, (second) => (second < 30 ? 5 : 0), 200, setting);
    const zeroAt = 2 + 2 * pods.indexOf(0);
    expect(zeroAt).toBeGreaterThanOrEqual(30 + 60 + 30 - 2);
    expect(zeroAt).toBeLessThanOrEqual(30 + 60 + 30 + 4);
  });

  it('wakes from zero for what the activator holds', () => {
    const setting = aSetting({ minReplicas: 0, initialReplicas: 0 });
    const [tick] = KNATIVE.create(setting, { target: 10 }).duties;
    expect(tick?.run(aView({ now: 2_000, specReplicas: 0 }))).toBeNull();
    const waiting = aView({ now: 4_000, specReplicas: 0, ongoing: 3, atGateway: 3, ongoingMs: 6_000 });
    expect(tick?.run(waiting)).toBe(1);
  });
});

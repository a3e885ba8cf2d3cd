import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../src/decision/record.ts';
import type { FleetView } from '../../../src/simulate/autoscalers/autoscaler.ts';
import { createBellwether } from '../../../src/simulate/autoscalers/bellwether.ts';
import { createSampler } from '../../../src/simulate/autoscalers/bellwether-sample.ts';
import { aSetting, aView, type PodValues, prometheusOf } from './views.ts';

const kube = (at: number, ready: number) => ({ at, spec: ready, status: ready, ready, unschedulable: 0 });
const pod = (over: Partial<PodValues>): PodValues => ({
  name: 'a',
  at: 0,
  running: 0,
  waiting: 0,
  finished: 0,
  ...over,
});

describe('the simulated sample', () => {
  const sampleOf = (...instants: readonly (readonly PodValues[])[]) => {
    const sampler = createSampler({ gateway: false, query: false });
    const samples = instants.map((pods, index) =>
      sampler(aView({ now: index * 15_000, prometheus: prometheusOf(pods) })),
    );
    return samples[samples.length - 1];
  };

  it('is absent while nobody reports, and not zero', () => {
    expect(sampleOf([])).toMatchObject({ presence: 'absent', running: null, waiting: null, arrived: null });
  });

  it('counts arrivals by conservation, pod by pod', () => {
    const last = sampleOf(
      [pod({ running: 4, finished: 10 }), pod({ name: 'b', running: 2, finished: 5 })],
      [pod({ at: 15_000, running: 6, finished: 13 }), pod({ name: 'b', running: 2, finished: 5 })],
    );
    expect(last).toMatchObject({ running: 8, finished: 3, arrived: 5, arrivedOver: 15_000, reporting: 2 });
  });

  it('counts what a pod has that is new among others, and not what it finished before', () => {
    const last = sampleOf(
      [pod({ running: 4, finished: 10 })],
      [pod({ at: 15_000, running: 4, finished: 10 }), pod({ name: 'b', running: 3, finished: 7 })],
    );
    expect(last).toMatchObject({ arrived: 3, finished: 0 });
  });

  it('does not know at first what arrived', () => {
    expect(sampleOf([pod({ running: 4, finished: 10 })])).toMatchObject({ arrived: null, finished: null });
  });
});

describe('simulated Bellwether', () => {
  /** Turns all its loops over one pod's load, by the quarter of a minute; what spec.replicas was set to. */
  function drive(load: (now: number) => number, minutes: number, onDecision?: (decision: Decision) => void) {
    const setting = aSetting({ from: 7_000, maxReplicas: 6 });
    const autoscaler = createBellwether(setting, {
      name: 'bellwether',
      fields: { targetOngoingRequests: 10, upscaleDelay: 30_000, downscaleDelay: 120_000 },
      calendar: null,
      ...(onDecision ? { onDecision } : {}),
    });
    const rows = autoscaler.duties.map((duty) => ({ duty, next: setting.from + (duty.phaseMs ?? 9_000) }));
    const answers: [number, number][] = [];
    let replicas = 1;
    for (let now = setting.from; now < minutes * 60_000; now += 1_000) {
      for (const row of rows) {
        if (row.next > now) continue;
        row.next += row.duty.everyMs;
        const prometheus = prometheusOf([pod({ at: now, running: load(now) })], kube(now, replicas));
        const view: FleetView = aView({ now, specReplicas: replicas, prometheus });
        const answer = row.duty.run(view);
        if (answer === null) continue;
        replicas = answer;
        answers.push([now, answer]);
      }
    }
    return answers;
  }

  it('decides on multiples of its interval of Unix time', () => {
    const instants: number[] = [];
    drive(
      () => 5,
      3,
      ({ at }) => instants.push(at % 15_000),
    );
    expect(instants.length).toBeGreaterThan(5);
    expect(new Set(instants)).toEqual(new Set([0]));
  });

  it('rises after its own delay and one sync, and falls after its own and the backstop of the HPA', () => {
    const answers = drive((now) => (now >= 300_000 && now < 600_000 ? 35 : 5), 20);
    expect(answers.map(([, replicas]) => replicas)).toEqual([4, 1]);
    const [[rose = 0] = [], [fell = 0] = []] = answers;
    expect(rose).toBeGreaterThanOrEqual(330_000);
    expect(rose).toBeLessThanOrEqual(330_000 + 45_000);
    expect(fell).toBeGreaterThanOrEqual(720_000);
    expect(fell).toBeLessThanOrEqual(720_000 + 90_000);
  });

  it('leaves the fleet alone while it knows nothing', () => {
    const setting = aSetting();
    const { duties } = createBellwether(setting, { name: 'bellwether', fields: {}, calendar: null });
    const blind = aView({ now: 600_000, specReplicas: 5 });
    expect(duties.map((duty) => duty.run(blind))).toEqual([null, null, null]);
  });
});

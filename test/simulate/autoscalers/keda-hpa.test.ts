import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import type { Autoscaler, Trigger } from '../../../src/simulate/autoscalers/autoscaler.ts';
import { createKedaHpa, type KedaHpaOptions } from '../../../src/simulate/autoscalers/keda-hpa.ts';
import {
  cronTrigger,
  gatewayTrigger,
  prometheusTrigger,
} from '../../../src/simulate/autoscalers/keda-triggers.ts';
import { aView, NO_SERIES } from './views.ts';

/** A trigger that can be turned: replicas' worth, or null for an error. */
function turned(start: number | null = 0) {
  const handle = { value: start };
  const trigger: Trigger = {
    name: 'turned',
    read: () => (handle.value === null ? null : { milli: handle.value * 1000, active: handle.value > 0 }),
  };
  return { handle, trigger };
}

const OPEN = {
  scaleUp: { tolerance: '0', policies: [{ type: 'Pods', value: 100, periodSeconds: 15 }] },
  scaleDown: { tolerance: '0', stabilizationWindowSeconds: 0 },
} as const;

function aScaledObject(triggers: readonly Trigger[], over: Partial<KedaHpaOptions> = {}): Autoscaler {
  return createKedaHpa({
    name: 'keda',
    triggers,
    minReplicaCount: 1,
    maxReplicaCount: 20,
    behavior: OPEN,
    ...over,
  });
}

function duty(autoscaler: Autoscaler, name: string) {
  const found = autoscaler.duties.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no duty ${name}`);
  return found;
}

describe('a ScaledObject', () => {
  it('polls every 30 s and syncs every 15 s, or as it is told', () => {
    const periods = ({ duties }: Autoscaler) => duties.map(({ name, everyMs }) => [name, everyMs]);
    expect(periods(aScaledObject([]))).toEqual([
      ['keda-poll', 30_000],
      ['hpa-sync', 15_000],
    ]);
    expect(periods(aScaledObject([], { pollingIntervalMs: 5_000 }))[0]).toEqual(['keda-poll', 5_000]);
  });

  it('lands on the largest of its triggers', () => {
    const [small, large] = [turned(3), turned(7)];
    const sync = duty(aScaledObject([small.trigger, large.trigger]), 'hpa-sync');
    expect(sync.run(aView({ specReplicas: 4 }))).toBe(7);
    large.handle.value = 2;
    expect(sync.run(aView({ now: 15_000, specReplicas: 7 }))).toBe(3);
  });

  it('stays above what its triggers ask for by the default window of 300 s', () => {
    const { handle, trigger } = turned(6);
    const sync = duty(aScaledObject([trigger], { behavior: null }), 'hpa-sync');
    expect(sync.run(aView({ specReplicas: 6 }))).toBeNull();
    handle.value = 2;
    const answers = Array.from({ length: 22 }, (_, turn) =>
      sync.run(aView({ now: (turn + 1) * 15_001, specReplicas: 6 })),
    );
    expect(answers.indexOf(2)).toBe(19);
  });

  it('leaves the count alone where a trigger errs and the rest would shrink, and still rises', () => {
    const [errs, works] = [turned(null), turned(2)];
    const sync = duty(aScaledObject([errs.trigger, works.trigger]), 'hpa-sync');
    expect(sync.run(aView({ specReplicas: 5 }))).toBeNull();
    works.handle.value = 8;
    expect(sync.run(aView({ now: 15_000, specReplicas: 5 }))).toBe(8);
  });

  it('goes to zero after the cooldown only, by KEDA and not by the HPA, and comes back at once', () => {
    const { handle, trigger } = turned(1);
    const keda = aScaledObject([trigger], { minReplicaCount: 0, cooldownPeriodMs: 60_000 });
    const [poll, sync] = [duty(keda, 'keda-poll'), duty(keda, 'hpa-sync')];
    expect(poll.run(aView({ now: 0 }))).toBeNull();
    handle.value = 0;
    expect(sync.run(aView({ now: 10_000 }))).toBeNull();
    expect(poll.run(aView({ now: 60_000 }))).toBeNull();
    expect(poll.run(aView({ now: 90_000 }))).toBe(0);
    handle.value = 3;
    expect(sync.run(aView({ now: 100_000, specReplicas: 0 }))).toBeNull();
    expect(poll.run(aView({ now: 120_000, specReplicas: 0 }))).toBe(1);
  });

  it('holds a fleet whose only trigger errs', () => {
    const { trigger } = turned(null);
    const keda = aScaledObject([trigger], { minReplicaCount: 0 });
    expect(duty(keda, 'keda-poll').run(aView({ now: 900_000, specReplicas: 3 }))).toBeNull();
    expect(duty(keda, 'hpa-sync').run(aView({ now: 900_000, specReplicas: 3 }))).toBeNull();
  });
});

describe('the prometheus trigger', () => {
  it.each([
    { name: 'divides by its threshold', value: 25, threshold: 10, milli: 2_500, active: true },
    { name: 'cuts to milli-units as KEDA does', value: 1.2345, threshold: 1, milli: 1_234, active: true },
    { name: 'is inactive at its activation threshold', value: 0, threshold: 1, milli: 0, active: false },
  ])('$name', ({ value, threshold, milli, active }) => {
    const trigger = prometheusTrigger({ name: 'p', query: () => value, threshold });
    expect(trigger.read(aView())).toEqual({ milli, active });
  });

  it('reads nothing as 0 by default, which scales down, and as an error where it is told to', () => {
    const query = () => NO_SERIES.sum('running');
    expect(prometheusTrigger({ name: 'p', query, threshold: 1 }).read(aView())).toEqual({
      milli: 0,
      active: false,
    });
    expect(
      prometheusTrigger({ name: 'p', query, threshold: 1, ignoreNullValues: false }).read(aView()),
    ).toBeNull();
  });
});

describe('the gateway trigger', () => {
  it('wakes one replica while anything waits at the gateway', () => {
    expect(gatewayTrigger().read(aView({ atGateway: 40 }))).toEqual({ milli: 1000, active: true });
    expect(gatewayTrigger().read(aView())).toEqual({ milli: 0, active: false });
  });
});

describe('the cron trigger', () => {
  const at = (time: string) => DateTime.fromISO(time, { zone: 'America/New_York' }).toMillis();
  const weekdays = { timezone: 'America/New_York', days: [1, 2, 3, 4, 5], start: '09:20', end: '16:00' };

  it.each([
    { time: '2026-03-06T09:19', milli: 0 },
    { time: '2026-03-06T09:20', milli: 3000 },
    { time: '2026-03-06T15:59', milli: 3000 },
    { time: '2026-03-06T16:00', milli: 0 },
    { time: '2026-03-07T12:00', milli: 0, why: 'a Saturday' },
    { time: '2026-03-09T09:20', milli: 3000, why: 'the Monday after the clocks went forward' },
    { time: '2026-03-09T09:19', milli: 0 },
  ])('asks for $milli milli-replicas at $time', ({ time, milli }) => {
    const cron = cronTrigger(weekdays, 3, at('2026-03-06T00:00'), at('2026-03-12T00:00'));
    expect(cron.read(aView({ now: at(time) }))).toEqual({ milli, active: milli > 0 });
  });

  it('knows no holidays', () => {
    const thanksgiving = at('2026-11-26T12:00');
    const cron = cronTrigger(weekdays, 3, at('2026-11-26T00:00'), at('2026-11-27T00:00'));
    expect(cron.read(aView({ now: thanksgiving }))?.milli).toBe(3000);
  });
});

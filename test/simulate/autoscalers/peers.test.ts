import { describe, expect, it } from 'vitest';
import { KEDA, KEDA_AVERAGE, kedaCronPeers } from '../../../src/simulate/autoscalers/keda-peers.ts';
import { KNATIVE } from '../../../src/simulate/autoscalers/knative.ts';
import type { Peer } from '../../../src/simulate/autoscalers/peer.ts';
import { RAY_SERVE } from '../../../src/simulate/autoscalers/ray-serve.ts';
import { loadTested } from '../../../src/simulate/autoscalers/sizing.ts';
import { STATIC } from '../../../src/simulate/autoscalers/static-replicas.ts';
import { WVA } from '../../../src/simulate/autoscalers/wva.ts';
import { PROFILES } from '../../../src/simulate/profiles.ts';
import { aSetting } from './views.ts';

const cron = { timezone: 'America/New_York', days: [1, 2, 3, 4, 5], start: '09:20', end: '16:00' };
const peers: readonly Peer[] = [STATIC, KEDA, KEDA_AVERAGE, ...kedaCronPeers(cron), RAY_SERVE, KNATIVE, WVA];

describe.each(peers.map((peer) => ({ name: peer.name, peer })))('$name', ({ peer }) => {
  const setting = aSetting({ minReplicas: 1, maxReplicas: 12 });

  it('has every default among the values of its knob, and turns no knob that it does not have', () => {
    const defaults = peer.defaults(setting);
    for (const [knob, values] of Object.entries(peer.knobs(setting))) {
      expect(Object.keys(defaults)).toContain(knob);
      expect(values).toContain(defaults[knob]);
      expect(new Set(values).size).toBe(values.length);
      expect(values.length).toBeGreaterThan(1);
    }
  });

  it('starts with any value of any knob', () => {
    for (const [knob, values] of Object.entries(peer.knobs(setting)))
      for (const value of values)
        expect(peer.create(setting, { [knob]: value }).duties.length).toBeGreaterThan(0);
  });

  it('refuses a knob that it does not have', () => {
    expect(() => peer.create(setting, { aggression: 11 })).toThrow(/has no aggression: its knobs are /);
  });

  it('tries no floor and no ceiling beyond the limits that everybody shares', () => {
    const counts = Object.entries(peer.knobs(setting))
      .filter(([knob]) => /replica|scale$/i.test(knob))
      .flatMap(([, values]) => values);
    expect(counts.length).toBeGreaterThan(0);
    for (const count of counts) {
      expect(count).toBeGreaterThanOrEqual(1);
      expect(count).toBeLessThanOrEqual(12);
    }
  });
});

describe('the load test', () => {
  it.each(Object.values(PROFILES))('leaves room on a $name', (profile) => {
    const { ongoing, rate } = loadTested(profile);
    expect(ongoing).toBeGreaterThanOrEqual(1);
    expect(ongoing * 1366).toBeLessThanOrEqual(profile.kvCapacityTokens * 0.6);
    expect(rate).toBeGreaterThan(0);
  });

  it('finds about 1.25 requests a second on an A10G, as measured for a p95 of 2 s', () => {
    expect(loadTested(PROFILES['a10g-mistral-7b']).rate).toBeCloseTo(1.25, 1);
  });
});

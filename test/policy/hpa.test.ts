import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type HpaSpec, openBehavior } from '../../src/core/hpa-spec.ts';
import { NEW_HPA, syncHpa } from '../../src/policy/hpa.ts';
import { differingSyncs, type HpaStory } from '../../src/simulate/golden-hpa.ts';

const stories = readFileSync(new URL('../golden/hpa-v1.35.4.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line): HpaStory => JSON.parse(line));

describe('the HPA, against recorded answers of kube-controller-manager 1.35.4', () => {
  it('has all 60 stories', () => {
    expect(stories).toHaveLength(60);
  });

  it.each(stories.map((story, index) => ({ index, story })))(
    'gives every answer of story $index',
    ({ story }) => {
      expect(differingSyncs(story)).toEqual([]);
    },
  );
});

describe('the HPA', () => {
  function climb(behavior: HpaSpec['behavior'], syncs: number): number[] {
    let state = NEW_HPA;
    let replicas = 1;
    return Array.from({ length: syncs }, (_, index) => {
      const spec = { minReplicas: 1, maxReplicas: 40, behavior };
      const input = {
        now: index * 15_001,
        metricMilli: 40_000,
        specReplicas: replicas,
        statusReplicas: replicas,
      };
      ({ replicas, state } = syncHpa(spec, state, input));
      return replicas;
    });
  }

  it('climbs from 1 to 40 in five doublings where behavior is null', () => {
    expect(climb(null, 5)).toEqual([4, 8, 16, 32, 40]);
  });

  it('climbs faster with the API defaults of an empty behavior', () => {
    expect(climb({}, 4)).toEqual([5, 10, 20, 40]);
  });

  it.each([1, 45, 49, 50, 51, 55, 100])(
    'lands on %i from 50 in one sync under the shipped behavior',
    (wanted) => {
      const spec = { minReplicas: 1, maxReplicas: 100, behavior: openBehavior() };
      const at = (now: number, milli: number) => ({
        now,
        metricMilli: milli,
        specReplicas: 50,
        statusReplicas: 50,
      });
      // The first sync seeds its window with the current replicas; after 30 s only the answer counts.
      const seeded = syncHpa(spec, NEW_HPA, at(0, 50_000)).state;
      expect(syncHpa(spec, seeded, at(30_001, wanted * 1000)).replicas).toBe(wanted);
    },
  );

  it('changes nothing when the metric cannot be read', () => {
    const spec = { minReplicas: 1, maxReplicas: 9, behavior: null };
    const input = { now: 0, metricMilli: null, specReplicas: 5, statusReplicas: 5 };
    expect(syncHpa(spec, NEW_HPA, input).replicas).toBe(5);
  });
});

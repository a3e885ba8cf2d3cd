import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createRayServe, RAY_SERVE } from '../../../src/simulate/autoscalers/ray-serve.ts';
import { RayStory } from '../../../src/simulate/golden-ray.ts';
import { aSetting, aView } from './views.ts';

const stories = readFileSync(new URL('../../golden/ray-serve-2.60.0.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => RayStory.parse(JSON.parse(line)));

describe('simulated Ray Serve', () => {
  it('answers as Ray Serve 2.60 did in all 40 stories, left to itself', () => {
    const differing = stories.flatMap(({ config, ticks }, story) => {
      const [push] = createRayServe('ray-serve', config, 0).duties;
      return ticks.flatMap(([seconds, ongoing, running, target, recorded], tick) => {
        const view = aView({
          now: Math.round(seconds * 1000),
          ongoing,
          readyReplicas: running,
          specReplicas: target,
        });
        const answer = push?.run(view) ?? target;
        return answer === recorded ? [] : [{ story, tick, recorded, answer }];
      });
    });
    expect(differing).toEqual([]);
    expect(stories).toHaveLength(40);
  });

  it('aggregates what was pushed over its look-back', () => {
    const [push] = RAY_SERVE.create(aSetting(), {
      target_ongoing_requests: 10,
      upscale_delay_s: 0,
      look_back_period_s: 60,
    }).duties;
    const answers = [0, 0, 0, 0, 0, 0, 60, 60, 60, 60, 60, 60, 60].map((ongoing, push10s) =>
      push?.run(aView({ now: push10s * 10_000, ongoing, readyReplicas: 1, specReplicas: 1 })),
    );
    // A burst of six replicas' worth is seen growing, push by push.
    expect(answers.filter((answer) => answer !== null)).toEqual([2, 3, 4, 5, 6, 6]);
  });
});

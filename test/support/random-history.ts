import fc from 'fast-check';
import type { Calendar } from '../../src/calendar/calendar.ts';
import type { PolicyFields } from '../../src/core/policy.ts';
import type { Sample } from '../../src/core/sample.ts';
import { absentSample } from '../../src/core/sample.ts';
import { aCalendar, aSample } from './decision.ts';

export const STEP = 5_000;

/** One stretch of a fleet's past: what its series say while it lasts. */
export interface Stretch {
  /** Grid steps. */
  readonly steps: number;
  readonly kind: 'load' | 'burst' | 'partial' | 'gap' | 'silent';
  readonly ongoing: number;
  readonly ready: number;
  readonly unschedulable: number;
}

export interface RandomHistory {
  readonly fields: PolicyFields;
  readonly stretches: readonly Stretch[];
  /** Steps at which a window's floor and ceiling begin and end. */
  readonly window: {
    readonly from: number;
    readonly steps: number;
    readonly floor: number;
    readonly ceiling: number | null;
  };
  /** Step at which another revision of the policy comes into force; its fields. */
  readonly reload: { readonly at: number; readonly fields: PolicyFields };
  readonly restart: number;
  /** How far a restarted process may read back, ms; left out: as far as it wants to. */
  readonly historyLimit?: number;
}

const seconds = (...choices: readonly number[]): fc.Arbitrary<number> =>
  fc.constantFrom(...choices).map((value) => value * 1000);

const stretch: fc.Arbitrary<Stretch> = fc.record({
  steps: fc.integer({ min: 1, max: 20 }),
  kind: fc.constantFrom('load', 'load', 'load', 'burst', 'partial', 'gap', 'silent'),
  ongoing: fc.integer({ min: 0, max: 120 }),
  ready: fc.integer({ min: 0, max: 12 }),
  unschedulable: fc.constantFrom(0, 0, 0, 2),
});

const fields: fc.Arbitrary<PolicyFields> = fc.record(
  {
    minReplicas: fc.integer({ min: 0, max: 2 }),
    maxReplicas: fc.integer({ min: 3, max: 12 }),
    upscaleDelay: seconds(0, 5, 10, 30),
    downscaleDelay: seconds(0, 10, 60, 120),
    downscaleToZeroDelay: seconds(30, 120),
    lookBackPeriod: seconds(0, 10, 30, 45),
    aggregation: fc.constantFrom('mean', 'max', 'min', 'last'),
    upscalingFactor: fc.constantFrom(0.5, 1),
    downscalingFactor: fc.constantFrom(0.5, 1),
    delay: fc.record({ apply: fc.constantFrom('last', 'min', 'mean', 'max') }),
    burst: fc.record({ threshold: fc.constantFrom(1.5, 3), hold: seconds(30, 60) }),
    provisionTimeout: seconds(60, 120),
  },
  // The default downscaleDelay, five minutes, would outlast what follows a history here.
  { requiredKeys: ['minReplicas', 'maxReplicas', 'downscaleDelay'] },
);

/** Pasts with loads, bursts, gaps, missing pods, calendar edges and a reload, and an instant to restart at. */
export const randomHistory: fc.Arbitrary<RandomHistory> = fc
  .tuple(fields, fc.array(stretch, { minLength: 3, maxLength: 9 }), fc.nat(), fc.nat(), fc.nat(), fields)
  .map(([first, stretches, a, b, c, second]) => {
    const steps = stretches.reduce((sum, one) => sum + one.steps, 0);
    return {
      fields: first,
      stretches,
      window: {
        from: a % steps,
        steps: 1 + (b % Math.min(20, steps - (a % steps))),
        floor: b % 7,
        ceiling: a % 3 === 0 ? 3 : null,
      },
      reload: { at: c % 2 === 0 ? 0 : c % steps, fields: second },
      restart: 1 + ((a ^ b) % (steps - 1)),
    };
  });

export function stepsOf({ stretches }: RandomHistory): number {
  return stretches.reduce((sum, one) => sum + one.steps, 0);
}

/** What the series say at step `index`; before the first and after the last stretch those go on. */
export function sampleAt({ stretches }: RandomHistory, index: number, at: number): Sample {
  let left = index;
  let found = stretches[stretches.length - 1];
  for (const one of stretches) {
    if (left < one.steps) {
      found = one;
      break;
    }
    left -= one.steps;
  }
  const { kind, ongoing, ready, unschedulable } = found ?? {
    kind: 'load',
    ongoing: 0,
    ready: 1,
    unschedulable: 0,
  };
  const facts = { spec: null, ready, starting: 0, unschedulable, source: 'test' };
  if (kind === 'gap') return absentSample(at, 'Prometheus is down');
  if (kind === 'silent') return absentSample(at, 'no series', facts);
  const load = kind === 'burst' ? ongoing * 4 : ongoing;
  const missing = kind === 'partial' ? ['vllm-9'] : [];
  return aSample(at, {
    running: Math.ceil(load / 2),
    waiting: Math.floor(load / 2),
    replicas: facts,
    missing,
  });
}

export function calendarOf({ window }: RandomHistory, origin: number): Calendar {
  return aCalendar((at) => {
    const step = (at - origin) / STEP;
    const open = step >= window.from && step < window.from + window.steps;
    return open ? { floor: window.floor, ceiling: window.ceiling } : { windows: [] };
  });
}

import { beforeAll, describe, expect, it } from 'vitest';
import { type Common, type JobOutcome, runJob } from '../../../src/simulate/backtest/job.ts';
import {
  ARRIVAL_RATE,
  LOAD_TESTED,
  ORACLE,
  RAY_RULE,
  STATIC_BEST,
  TUNED,
} from '../../../src/simulate/evaluate/field.ts';
import type { Run } from '../../../src/simulate/evaluate/results.ts';
import {
  entrantsOf,
  evaluateWorkload,
  PARTS,
  type Part,
  type RunAll,
  type Scene,
  scenarioOf,
} from '../../../src/simulate/evaluate/run-workload.ts';
import { transferred } from '../../../src/simulate/evaluate/transfer.ts';
import { WORKLOADS } from '../../../src/simulate/evaluate/workloads.ts';
import { createRandom, exponential } from '../../../src/simulate/random.ts';
import { createTrace } from '../../../src/simulate/trace.ts';

const HOUR = 3_600_000;
const from = Date.UTC(2026, 0, 5);

/** Half an hour, its middle third four times as busy. */
function traffic() {
  const random = createRandom('evaluate test');
  const rows = [];
  for (let at = 0; at < HOUR / 2; ) {
    const busy = at > HOUR / 6 && at < HOUR / 3;
    at += exponential(random, 1 / (busy ? 3 : 0.75)) * 1000;
    rows.push({ arrivedAt: from + at, promptTokens: 1_000, outputTokens: 60, tenant: 0 });
  }
  return createTrace(rows, ['']);
}

const trace = traffic();
const hour = WORKLOADS.find(({ name }) => name === 'azure2023-conv');
if (hour === undefined) throw new Error('the workload has another name');
const scene: Scene = {
  workload: hour,
  volume: 1,
  loaded: { from, to: from + HOUR / 2, trace, before: trace, history: [] },
  calendar: null,
  perReplica: 1.5,
};
const common: Common = { trace, calendar: null };
const counts: number[] = [];
const run: RunAll = async (jobs) =>
  jobs.flatMap((job): readonly JobOutcome[] => {
    if (job.kind === 'run' && job.contestant.kind === 'peer' && job.contestant.peer === 'static')
      counts.push(job.scenario.initialReplicas);
    const outcome = runJob(job, common);
    return outcome === null ? [] : [outcome];
  });
const setting = scenarioOf(scene, 95);
const tuned = {
  setting,
  values: Object.fromEntries(entrantsOf(scene).map((each) => [each.name, each.defaults(setting)])),
};
const evaluate = (part: Part) =>
  evaluateWorkload(scene, { tuned, seed: 1, part, coldStarts: [95], run, curves: false });

describe('a workload at a volume', () => {
  let runs: readonly Run[] = [];
  const of = (label: string) => runs.find((each) => each.label === label);
  beforeAll(async () => {
    runs = (await Promise.all(PARTS.map(evaluate))).flat();
  }, 60_000);

  it('has everybody once: ours, each peer as it comes and tuned, a fixed count and the oracle', () => {
    const peers = ['keda', 'keda-average', 'ray-serve', 'knative', 'wva'];
    expect(runs.map(({ label }) => label).sort()).toEqual(
      [
        RAY_RULE,
        ARRIVAL_RATE,
        LOAD_TESTED,
        `${ARRIVAL_RATE}${TUNED}`,
        ...peers,
        ...peers.map((name) => `${name}${TUNED}`),
        STATIC_BEST,
        ORACLE,
      ].sort(),
    );
  });

  it('gives a peer that the sweep left at its defaults the very same score twice', () => {
    const { label: _, ...asItComes } = of('knative') ?? { label: '' };
    expect(of(`knative${TUNED}`)).toEqual({ ...asItComes, label: `knative${TUNED}` });
  });

  it('finds the fewest fixed replicas that hold', () => {
    const best = of(STATIC_BEST);
    const replicas = Math.round((best?.gpuHours ?? 0) * 2);
    expect(best?.within).toBeGreaterThanOrEqual(0.99);
    expect(counts).toContain(replicas - 1);
  });

  it('has an oracle that is in time and no dearer than the fixed count', () => {
    expect(of(ORACLE)?.within).toBeGreaterThanOrEqual(0.99);
    expect(of(ORACLE)?.gpuHours).toBeLessThan(of(STATIC_BEST)?.gpuHours ?? 0);
  });
});

describe('a tuned setting on another fleet', () => {
  const keda = entrantsOf(scene).find(({ name }) => name === 'keda');
  if (keda === undefined) throw new Error('the peer has another name');
  const larger = { ...setting, maxReplicas: setting.maxReplicas * 10 };

  it('keeps its loads per replica and its share of the limit, and its floor two ways', () => {
    const values = {
      ...keda.defaults(setting),
      threshold: 6,
      minReplicaCount: 2,
      maxReplicaCount: setting.maxReplicas,
    };
    const [kept, grown] = transferred(keda, values, { from: setting, to: larger });
    expect(kept).toMatchObject({
      threshold: 6,
      minReplicaCount: 2,
      maxReplicaCount: larger.maxReplicas,
      stabilizationWindowSeconds: 300,
    });
    expect(grown).toEqual({ ...kept, minReplicaCount: 20 });
  });

  it('is one setting where no floor was raised', () => {
    expect(transferred(keda, keda.defaults(setting), { from: setting, to: larger })).toHaveLength(1);
  });
});

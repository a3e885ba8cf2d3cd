import type { KnobValues } from '../autoscalers/peer.ts';
import type { Entrant } from './field.ts';
import { jobOf, type RunAll, type Scene, scenarioOf } from './run-workload.ts';
import { type Setting, tune } from './tune.ts';

/** What one sweep found. */
export interface Sweep {
  readonly name: string;
  readonly defaults: Setting;
  readonly best: Setting;
  readonly tried: number;
}

/** Cold start at which the sweeps run, s. */
export const TUNING_COLD_START = 95;

/** Sweeps an entrant's knobs over the tuning workload. */
export async function sweep(scene: Scene, entrant: Entrant, run: RunAll): Promise<Sweep> {
  const setting = scenarioOf(scene, TUNING_COLD_START);
  const score = async (settings: readonly KnobValues[]) => {
    const outcomes = await run(
      settings.map((values) => jobOf(setting, entrant.contestant(setting, entrant.name, values))),
    );
    return outcomes.map((outcome) =>
      outcome.kind === 'run'
        ? { within: outcome.scores.within, gpuHours: outcome.scores.gpuHours.total }
        : { within: 0, gpuHours: 0 },
    );
  };
  return { name: entrant.name, ...(await tune(entrant.defaults(setting), entrant.knobs(setting), score)) };
}

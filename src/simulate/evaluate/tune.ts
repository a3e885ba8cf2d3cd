import type { KnobValues } from '../autoscalers/peer.ts';

/** What a setting came to. */
export interface Scored {
  readonly within: number;
  readonly gpuHours: number;
}

export interface Setting {
  readonly values: KnobValues;
  readonly score: Scored;
}

/** A held-out run falls short of what was tuned: a little more than the objective is aimed at. */
export const TUNING_SHARE = 0.993;
/** Settings that are carried from one knob to the next. */
const BEAM = 2;

/** Whether `a` is better: within the share before without, then by cost; where both are without, by how far. */
export function isBetter(a: Scored, b: Scored, share = TUNING_SHARE): boolean {
  const [aHolds, bHolds] = [a.within >= share, b.within >= share];
  if (aHolds !== bHolds) return aHolds;
  return aHolds ? a.gpuHours < b.gpuHours : a.within > b.within;
}

/**
 * The best setting that a search finds: knob by knob, each value tried on the best settings so far, and once more from the
 * best of all, since what a knob is worth depends on those after it.
 */
export async function tune(
  defaults: KnobValues,
  knobs: Readonly<Record<string, readonly number[]>>,
  score: (settings: readonly KnobValues[]) => Promise<readonly Scored[]>,
): Promise<{ readonly defaults: Setting; readonly best: Setting; readonly tried: number }> {
  const known = new Map<string, Setting>();
  const tryAll = async (all: readonly KnobValues[]): Promise<readonly Setting[]> => {
    const fresh = all.filter(
      (values, index) =>
        !known.has(keyOf(values)) && all.findIndex((other) => keyOf(other) === keyOf(values)) === index,
    );
    const scores = await score(fresh);
    for (const [index, values] of fresh.entries()) {
      const scored = scores[index];
      if (scored) known.set(keyOf(values), { values, score: scored });
    }
    return all.flatMap((values) => known.get(keyOf(values)) ?? []);
  };
  let beam = await tryAll([defaults]);
  const [first] = beam;
  for (const width of [BEAM, 1]) {
    beam = beam.slice(0, width);
    for (const [knob, values] of Object.entries(knobs)) {
      const candidates = beam.flatMap((setting) =>
        values.map((value) => ({ ...setting.values, [knob]: value })),
      );
      beam = ranked([...beam, ...(await tryAll(candidates))]).slice(0, width);
    }
  }
  const [best] = beam;
  if (first === undefined || best === undefined) throw new Error('the defaults were not scored');
  return { defaults: first, best, tried: known.size };
}

const keyOf = (values: KnobValues): string => JSON.stringify(values, Object.keys(values).sort());

function ranked(settings: readonly Setting[]): readonly Setting[] {
  const distinct = new Map(settings.map((setting) => [keyOf(setting.values), setting]));
  return [...distinct.values()].sort((a, b) =>
    isBetter(a.score, b.score) ? -1 : isBetter(b.score, a.score) ? 1 : 0,
  );
}

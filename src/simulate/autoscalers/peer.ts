import type { Autoscaler, Setting } from './autoscaler.ts';

/** A configuration by the names of its own fields; durations in the unit that the name says. */
export type KnobValues = Readonly<Record<string, number>>;

/** A way to scale that a person could have chosen instead, with what its owner would turn to make it do better. */
export interface Peer {
  /** As tables and `--peers` name it. */
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  /** What somebody who knows the product and this fleet would write first (docs/peers.md gives the reasons). */
  defaults(setting: Setting): KnobValues;
  /** Values worth trying, the knob that matters most first; each list holds the default. */
  knobs(setting: Setting): Readonly<Record<string, readonly number[]>>;
  /** One autoscaler for one run. `values` override the defaults; an unknown name is an Error. */
  create(setting: Setting, values?: KnobValues): Autoscaler;
}

type Definition<Knob extends string> = Omit<Peer, 'defaults' | 'knobs' | 'create'> & {
  readonly defaults: (setting: Setting) => Readonly<Record<Knob, number>>;
  readonly knobs: (
    setting: Setting,
    defaults: Readonly<Record<Knob, number>>,
  ) => Partial<Readonly<Record<Knob, readonly number[]>>>;
  readonly build: (setting: Setting, values: Readonly<Record<Knob, number>>) => Autoscaler;
};

/** A peer whose `build` sees every knob, defaults filled in. */
export function definePeer<Knob extends string>(definition: Definition<Knob>): Peer {
  const { name, title, defaults, knobs, build } = definition;
  return {
    name,
    title,
    defaults,
    knobs(setting) {
      const known: Readonly<Record<string, number>> = defaults(setting);
      return Object.fromEntries(
        Object.entries<readonly number[] | undefined>(knobs(setting, defaults(setting))).map(
          ([knob, values]) => [
            knob,
            [...new Set([...(values ?? []), known[knob] ?? 0])].sort((a, b) => a - b),
          ],
        ),
      );
    },
    create(setting, values = {}) {
      const base = defaults(setting);
      const unknown = Object.keys(values).filter((knob) => !Object.hasOwn(base, knob));
      if (unknown.length > 0)
        throw new Error(
          `${name} has no ${unknown.join(', ')}: its knobs are ${Object.keys(base).join(', ')}`,
        );
      return build(setting, { ...base, ...values });
    },
  };
}

/** `base` times each factor, rounded to whole numbers of at least 1. */
export function multiples(base: number, factors: readonly number[]): readonly number[] {
  return factors.map((factor) => Math.max(1, Math.round(base * factor)));
}

/** Floors to try beside the fleet's own minimum: what an operator buys who is tired of cold starts. */
export function floors({ minReplicas, maxReplicas }: Setting): readonly number[] {
  return [minReplicas, minReplicas + 1, minReplicas + 2, minReplicas + 4].filter(
    (count) => count <= maxReplicas,
  );
}

/** Ceilings to try: an overshoot that the fleet's limit allows may never pay. */
export function ceilings({ maxReplicas }: Setting): readonly number[] {
  return multiples(maxReplicas, [0.5, 0.75, 1]);
}

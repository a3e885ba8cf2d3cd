import { z } from 'zod';
import type { PolicyFields } from './policy.ts';

export const Preset = z.enum(['ray', 'arrival-rate']);
export type Preset = z.infer<typeof Preset>;

/**
 * The fields that a preset stands for, under those that the policy gives. `ray` is what holds without one. `arrival-rate` is the
 * rule of docs/policy.md: demand is an average already, so a rise does not wait, and a fall takes the most that was wanted
 * meanwhile.
 */
const PRESETS: Readonly<Record<Preset, PolicyFields>> = {
  ray: {},
  'arrival-rate': {
    upscaleDelay: 0,
    downscaleDelay: 90_000,
    delay: { apply: 'max' },
    signals: { only: 'arrivalRate', arrivalRate: {} },
  },
};

/** `fields` over what the preset says; of `signals` each signal by itself, so that setting one keeps the others. */
export function withPreset(preset: Preset | undefined, fields: PolicyFields): PolicyFields {
  if (preset === undefined) return fields;
  const base = PRESETS[preset];
  const signals = { ...base.signals, ...fields.signals };
  const delay = { ...base.delay, ...fields.delay };
  return {
    ...base,
    ...fields,
    ...(base.signals || fields.signals ? { signals } : {}),
    ...(base.delay || fields.delay ? { delay } : {}),
  };
}

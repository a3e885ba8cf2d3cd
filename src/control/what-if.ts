import { readTrigger } from '../config/metadata.ts';
import { ALL_KEYS, POLICY_KEYS } from '../config/metadata-keys.ts';
import { didYouMean } from '../core/nearest.ts';
import { mergeFields, type PolicyFields } from '../core/policy.ts';
import { shown } from '../core/problem.ts';
import type { Sample } from '../core/sample.ts';
import { ScalerError } from '../core/scaler-error.ts';
import type { DecisionInput } from '../decision/input.ts';

/** Values beside policy fields that a what-if may set. */
const MEASURED = ['ongoing', 'ready'] as const;
type Measured = (typeof MEASURED)[number];

/** A change to what a decision is made of. */
export interface WhatIf {
  readonly fields: PolicyFields;
  readonly ongoing: number | null;
  readonly ready: number | null;
}

/** Reads the `set.` values of a what-if; throws ScalerError `invalid` with every problem. */
export function readWhatIf(set: Readonly<Record<string, string>>): WhatIf {
  const problems: string[] = [];
  const metadata: Record<string, string> = { model: 'what-if' };
  const measured = new Map<Measured, number>();
  for (const [name, text] of Object.entries(set)) {
    if (isMeasured(name)) {
      const value = Number(text);
      if (text.trim() !== '' && value >= 0 && value <= 1e9) measured.set(name, value);
      else problems.push(`set.${name}: must be a number from 0, was ${shown(text)}`);
    } else if (POLICY_KEYS.has(name)) metadata[name] = text;
    else
      problems.push(
        `set.${name}: must be ongoing, ready or a policy field${didYouMean(name, [...MEASURED, ...ALL_KEYS])}`,
      );
  }
  const read = readTrigger(
    { namespace: 'what', name: 'if', metadata },
    { policies: undefined, calendars: undefined },
  );
  if ('issues' in read) problems.push(...read.issues.map(({ key, message }) => `set.${key}: ${message}`));
  if (problems.length > 0 || 'issues' in read) throw new ScalerError('invalid', problems.join('; '));
  return {
    fields: read.fleet.overrides,
    ongoing: measured.get('ongoing') ?? null,
    ready: measured.get('ready') ?? null,
  };
}

function isMeasured(name: string): name is Measured {
  return (MEASURED as readonly string[]).includes(name);
}

/** The input with the change made: overrides over everything the trigger says, measured values in the whole window. */
export function changed(input: DecisionInput, { fields, ongoing, ready }: WhatIf): DecisionInput {
  const alter = (sample: Sample): Sample => ({
    ...sample,
    ...(ongoing === null ? {} : { presence: 'fresh' as const, why: null, running: ongoing, waiting: 0 }),
    ...(ready === null ? {} : { replicas: { ...sample.replicas, ready, source: 'what if' } }),
  });
  return { ...input, fields: mergeFields(input.fields, fields), samples: input.samples.map(alter) };
}

import { CalendarDocument } from '../calendar/schema.ts';
import { BellwetherConfig } from './bellwether-schema.ts';
import { PolicyDocument } from './policy-document.ts';
import { isScaledObject } from './scaled-object.ts';
import { at } from './sources.ts';

export type DocumentKind =
  | 'config'
  | 'policy'
  | 'calendar'
  | 'test'
  | 'scaledobject'
  | 'kubernetes'
  | 'unknown';

/** In this order, because a policy may name a calendar and neither is ever called so in bellwether.yaml. */
const KEYS = [
  ['calendar', new Set(Object.keys(CalendarDocument.shape))],
  ['policy', new Set(Object.keys(PolicyDocument.shape))],
  ['config', new Set(Object.keys(BellwetherConfig.shape))],
] as const;

/** What a document is meant to be, by its own keys: the kind that knows most of them. Misspelt keys do not hide it. */
export function kindOf(value: unknown): DocumentKind {
  if (isScaledObject(value)) return 'scaledobject';
  if (typeof at(value, ['apiVersion']) === 'string' && typeof at(value, ['kind']) === 'string')
    return 'kubernetes';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'unknown';
  const keys = Object.keys(value);
  // A calendar test names its calendar; nothing else of ours expects.
  if (keys.includes('expect')) return 'test';
  if (keys.includes('policy')) return 'policy';
  let best: DocumentKind = 'unknown';
  let most = 0;
  for (const [kind, known] of KEYS) {
    const count = keys.filter((key) => known.has(key)).length;
    if (count > most) [best, most] = [kind, count];
  }
  return best;
}

import { formatDuration } from '../core/duration.ts';

/** Keys of step inputs that hold durations in ms. */
const DURATION_KEY = /^(delay|lead|hold|waited|horizon|wait|age|seen)$|(Delay|Period|Timeout|Lead|Hold|Ms)$/;

/** A number as people read it: at most three decimals, no trailing zeros, `-` for unknown. */
export function numberText(value: number | null): string {
  if (value === null) return '-';
  return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(3)));
}

/** The numbers of a step as `[name, text]`; nested objects become `outer.inner`, what is empty or unknown is left out. */
export function inputPairs(
  inputs: Readonly<Record<string, unknown>>,
  prefix = '',
): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const [key, value] of Object.entries(inputs)) {
    const name = prefix + key;
    if (value === null || value === undefined || value === '') continue;
    if (Array.isArray(value)) {
      if (value.length > 0) pairs.push([name, value.map((entry) => scalarText(key, entry)).join(', ')]);
    } else if (typeof value === 'object') {
      pairs.push(...inputPairs(value as Record<string, unknown>, `${name}.`));
    } else {
      pairs.push([name, scalarText(key, value)]);
    }
  }
  return pairs;
}

function scalarText(key: string, value: unknown): string {
  if (typeof value === 'number') {
    return DURATION_KEY.test(key) && Number.isFinite(value) ? formatDuration(value) : numberText(value);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

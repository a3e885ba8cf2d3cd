import { formatDuration } from './duration.ts';

const DURATIONS = /(Delay|Period|Timeout)$|^(hold|lead|default|max|objective|history|windows)$/;

/** Policy fields as a person writes them: durations as text, everything else as it is. */
export function writtenPolicy(policy: object, group = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(policy).map(([field, value]) => {
      const isDuration = DURATIONS.test(field) && !(group === 'buffer' && field === 'max');
      if (Array.isArray(value)) return [field, value.map((each: unknown) => writtenValue(each, isDuration))];
      if (typeof value === 'object' && value !== null) return [field, writtenPolicy(value, field)];
      return [field, writtenValue(value, isDuration)];
    }),
  );
}

function writtenValue(value: unknown, isDuration: boolean): unknown {
  return isDuration && typeof value === 'number' ? formatDuration(value) : value;
}

/** The same with one entry a field, groups dotted: `burst.hold` to `1m`. */
export function writtenFields(policy: object): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const collect = (group: object, prefix: string): void => {
    for (const [key, value] of Object.entries(group)) {
      if (Array.isArray(value)) fields.set(`${prefix}${key}`, value.join(', '));
      else if (typeof value === 'object' && value !== null) collect(value, `${prefix}${key}.`);
      else if (value !== undefined) fields.set(`${prefix}${key}`, String(value));
    }
  };
  collect(writtenPolicy(policy), '');
  return fields;
}

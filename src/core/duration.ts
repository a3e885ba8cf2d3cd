const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNITS;

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy;

/**
 * Milliseconds of a duration as people write it: `250ms`, `30s`, `5m`, `1h30m`, `2d`; `0s` is allowed, and so is a bare
 * `0`, which needs no unit. Undefined for anything else: a number without a unit, a sign, units out of order.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  let total = 0;
  let position = 0;
  let previous = Number.POSITIVE_INFINITY;
  PART.lastIndex = 0;
  while (position < text.length) {
    const match = PART.exec(text);
    if (!match) return undefined;
    const unit = UNITS[match[2] as Unit];
    if (unit >= previous) return undefined;
    previous = unit;
    total += Number(match[1]) * unit;
    position = PART.lastIndex;
  }
  return text === '' || !Number.isSafeInteger(Math.round(total)) ? undefined : Math.round(total);
}

/** The shortest writing of `ms` that parseDuration reads back: 90000 is `1m30s`, 0 is `0s`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  let rest = Math.round(ms);
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / UNITS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * UNITS[unit];
  }
  return text || '0s';
}

/** Why `value` is no duration, as the end of a sentence `must be …`; names the likely meaning of a bare number. */
export function durationRule(value: unknown): string {
  const hint =
    (typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))) &&
    Number(value) > 0
      ? ` (a number needs a unit: did you mean "${value}s"?)`
      : '';
  return `a duration such as "250ms", "30s", "5m" or "1h30m"${hint}`;
}

/**
 * Epoch milliseconds of a TIME argument: ISO 8601 with an offset or Z, or Unix seconds (`1790000000`, `1790000000.5`).
 * A local time without an offset is refused (undefined), because it would mean another instant on each machine.
 */
export function parseInstant(text: string): number | undefined {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/i.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** ISO 8601 in UTC with Z: seconds precision, milliseconds only where there are some. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** The last grid instant not after `ms`: a multiple of `interval` of Unix time (law 2). */
export function gridInstant(ms: number, interval: number): number {
  return Math.floor(ms / interval) * interval;
}

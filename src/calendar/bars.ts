const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** A floor above 0 as a block whose height is its share of the highest. */
export function bar(floor: number, highest: number): string {
  return BARS[Math.max(0, Math.ceil((floor / highest) * BARS.length) - 1)] ?? '█';
}

/** Half an hour of the calendar's clock is one column of a chart. */
export const CELL_MINUTES = 30;

/** The hours above a chart of one day a line, without what stands left of it. */
export const HOURS_LINE = ['00', '03', '06', '09', '12', '15', '18', '21']
  .map((hour) => hour.padEnd(6))
  .join('')
  .trimEnd();

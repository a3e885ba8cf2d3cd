import type { DatedRow, Session } from '../calendar.ts';
import type { Day } from '../civil-date.ts';
import type { Step } from '../diff/side.ts';
import type { Zone } from '../wall-time.ts';
import { DAY_WIDTH, drawDay, FLOOR_BASE, FLOOR_TOP, HEAD_HEIGHT, PLOT_HEIGHT } from './day.ts';
import { element, moved } from './svg.ts';

export interface WeekInput {
  readonly zone: Zone;
  /** All that may be open in the week. */
  readonly sessions: readonly Session[];
  readonly rows: readonly DatedRow[];
  readonly steps: readonly Step[];
  /** Replicas at the top of the plot. */
  readonly highest: number;
}

export const GUTTER = 28;
export const WEEK_WIDTH = GUTTER + 7 * DAY_WIDTH + 8;
export const WEEK_HEIGHT = HEAD_HEIGHT + PLOT_HEIGHT + 30;

/** Seven days beside each other, with the scale of replicas at their left. */
export function drawWeek(monday: Day, input: WeekInput): string {
  const days = Array.from({ length: 7 }, (_, index) =>
    moved(GUTTER + index * DAY_WIDTH, 0, drawDay(monday + index, input)),
  );
  const scale = [
    element('text', { class: 'scale', x: GUTTER - 5, y: FLOOR_TOP + 4 }, String(input.highest)),
    element('text', { class: 'scale', x: GUTTER - 5, y: FLOOR_BASE + 1 }, '0'),
  ];
  return [...scale, ...days].join('\n');
}

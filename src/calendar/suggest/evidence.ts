import { formatDate } from '../civil-date.ts';
import type { FittedWindow } from './fit.ts';
import { type DayNeeds, SLOT_MINUTES } from './needs.ts';

/** What history says of one window. */
export interface Evidence {
  readonly days: number;
  readonly firstDate: string;
  readonly lastDate: string;
  /** Of each day's highest need within the window: the middle, the quantile that the cost chose, the most. */
  readonly median: number;
  readonly quantile: number;
  readonly most: number;
  /** Replica-hours a day that the floor is above the need, on average. */
  readonly idleHours: number;
  /** Days on which the floor is below the need at some time. */
  readonly shortDays: number;
}

export function evidenceOf(days: readonly DayNeeds[], window: FittedWindow, quantile: number): Evidence {
  const peaks: number[] = [];
  let idle = 0;
  let shortDays = 0;
  for (const { slots } of days) {
    const needs = [...slots.slice(window.from, window.to)].filter((need) => !Number.isNaN(need));
    if (needs.length === 0) continue;
    const peak = Math.max(...needs);
    peaks.push(peak);
    if (Math.ceil(peak) > window.floor) shortDays++;
    for (const need of needs) idle += Math.max(0, window.floor - Math.max(1, Math.ceil(need)));
  }
  peaks.sort((a, b) => a - b);
  return {
    days: peaks.length,
    firstDate: formatDate(days[0]?.day ?? 0),
    lastDate: formatDate(days.at(-1)?.day ?? 0),
    median: quantileOf(peaks, 0.5),
    quantile: quantileOf(peaks, quantile),
    most: peaks.at(-1) ?? 0,
    idleHours: peaks.length === 0 ? 0 : (idle * SLOT_MINUTES) / 60 / peaks.length,
    shortDays,
  };
}

/** The smallest of `sorted` that at least a share `q` of them do not exceed. */
export function quantileOf(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-9) - 1)] ?? 0;
}

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startGridClock } from '../../src/control/grid-clock.ts';

const GRID = 1_790_000_000_000;

/** The grid clock on a wall clock that tests can set; `skew` is what the wall clock is off the timers' time. */
function aClock(interval = 5_000) {
  let skew = GRID + 3_000 - Date.now();
  const heard: number[] = [];
  const stop = startGridClock({
    now: () => Date.now() + skew,
    interval: () => interval,
    onInstant: (at) => heard.push((at - GRID) / 1000),
  });
  const jump = (ms: number): void => {
    skew += ms;
  };
  return { heard, stop, jump };
}

describe('the grid clock', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('begins with the instant that has just passed, then comes at each one', () => {
    const { heard, stop } = aClock();
    vi.advanceTimersByTime(17_500);
    stop();
    expect(heard).toEqual([0, 5, 10, 15, 20]);
  });

  it('skips what passed while the machine slept, and comes once for the newest', () => {
    const { heard, stop, jump } = aClock();
    vi.advanceTimersByTime(1_000);
    jump(3_600_000);
    vi.advanceTimersByTime(1_000);
    stop();
    expect(heard).toEqual([0, 3_605]);
  });

  it('goes on from the new time after the clock was set back', () => {
    const { heard, stop, jump } = aClock();
    vi.advanceTimersByTime(1_000);
    jump(-600_000);
    vi.advanceTimersByTime(6_000);
    stop();
    expect(heard).toEqual([0, -595, -590]);
  });

  it('comes no instant twice when the clock is set back a little', () => {
    const { heard, stop, jump } = aClock();
    vi.advanceTimersByTime(3_000);
    jump(-2_000);
    vi.advanceTimersByTime(4_000);
    stop();
    expect(heard).toEqual([0, 5]);
  });

  it('stops', () => {
    const { heard, stop } = aClock();
    stop();
    vi.advanceTimersByTime(60_000);
    expect(heard).toEqual([]);
  });
});

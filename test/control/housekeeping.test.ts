import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Housekeeping, startHousekeeping } from '../../src/control/housekeeping.ts';
import { aRevision } from '../support/control.ts';
import { aCalendar, at } from '../support/decision.ts';

const calendar = (name: string, timezone: string, coveredUntil: number) => ({
  ...aCalendar({}),
  name,
  timezone,
  coveredUntil,
});

describe('housekeeping', () => {
  let stop: Housekeeping | null = null;
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    stop?.stop();
    vi.useRealTimers();
  });

  function start(now: string, calendars: Parameters<typeof aRevision>[1]) {
    vi.setSystemTime(at(now));
    const lines: Record<string, unknown>[] = [];
    const log = pino(
      { level: 'info', base: null },
      { write: (line: string) => void lines.push(JSON.parse(line)) },
    );
    const forgotten: number[] = [];
    stop = startHousekeeping({
      log,
      now: Date.now,
      revision: () => aRevision(undefined, calendars),
      forget: (idle) => forgotten.push(idle),
    });
    return { lines, forgotten, housekeeping: stop };
  }

  it("warns each morning at 07:00 of the calendar's own zone when its coverage ends within 90 days", async () => {
    const soon = at('2026-12-31 00:00 Asia/Tokyo');
    const { lines } = start('2026-11-22 12:00 UTC', {
      calendars: {
        tse: calendar('tse', 'Asia/Tokyo', soon),
        far: calendar('far', 'Europe/London', soon + 400 * 86_400_000),
      },
    });
    await vi.advanceTimersByTimeAsync(at('2026-11-23 06:59 Asia/Tokyo') - Date.now());
    expect(lines.filter(({ calendar: name }) => name === 'tse')).toEqual([]);
    await vi.advanceTimersByTimeAsync(2 * 60_000);
    const after = lines.filter(({ calendar: name }) => name === 'tse');
    expect(after.length).toBe(1);
    expect(after.at(-1)).toMatchObject({
      msg: 'calendar coverage ends soon',
      coveredUntil: '2026-12-30T15:00:00Z',
    });
    expect(lines.some(({ calendar: name }) => name === 'far')).toBe(false);
  });

  it('calls an ended coverage an error', () => {
    const { lines, housekeeping } = start('2026-11-22 12:00 UTC', {
      calendars: { old: calendar('old', 'UTC', at('2026-01-01 00:00 UTC')) },
    });
    housekeeping.warnCoverage();
    expect(lines).toMatchObject([{ level: 50, calendar: 'old', msg: expect.stringContaining('has ended') }]);
  });

  it('forgets idle fleets every ten minutes', async () => {
    const { forgotten } = start('2026-11-23 00:01 UTC', {});
    await vi.advanceTimersByTimeAsync(20 * 60_000);
    expect(forgotten).toEqual([3_600_000, 3_600_000]);
  });
});

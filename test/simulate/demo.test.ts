import { describe, expect, it } from 'vitest';
import { type DemoResult, runDemo } from '../../src/simulate/demo.ts';
import { comparison } from '../../src/simulate/demo-report.ts';
import { demoMorning } from '../../src/simulate/morning.ts';
import { type Rule, startFakeScaler } from './fake-scaler.ts';

const whole = demoMorning();
/** Twenty minutes around the bell: enough for a floor to be ready in time, and quick. */
const TIMES = { start: whole.open - 600_000, open: whole.open, end: whole.open + 600_000 };

/** The ADR's rule without its delays, with a floor of 2 for the fleet that has the calendar. */
const rule: Rule = (namespace, ongoing) =>
  Math.min(4, Math.max(Math.ceil(ongoing / 10), namespace === 'with-calendar' ? 2 : 1));

async function demo(seed: number, over: { signal?: AbortSignal } = {}): Promise<DemoResult> {
  const demo = await runDemo({
    startScaler: (options) => startFakeScaler(rule, options),
    seed,
    port: 0,
    times: TIMES,
    calendar: 'calendar: us-equities\n',
    ...over,
  });
  await demo.close();
  return demo.result;
}

describe('the demo', () => {
  it('lives the same morning with and without the calendar, and the floor is ready at the bell', async () => {
    const { mornings, complete } = await demo(1);
    expect(complete).toBe(true);
    const [without, withCalendar] = mornings;
    expect(without?.all.requests).toBe(withCalendar?.all.requests);
    expect([without?.readyAtOpen, withCalendar?.readyAtOpen]).toEqual([1, 2]);
    expect(without?.all.late).toBeGreaterThan(withCalendar?.all.late ?? 0);
    expect(withCalendar?.all.failed).toBe(0);
  });

  it('gives the same numbers for the same seed, on any machine at any load', async () => {
    expect(await demo(2)).toEqual(await demo(2));
  });

  it('ends between two instants when it is interrupted, and says so', async () => {
    const result = await demo(1, { signal: AbortSignal.abort() });
    expect(result.complete).toBe(false);
    expect(comparison(result)).toContain('stopped early');
  });

  it('closes what it started when the scaler does not start', async () => {
    const failing = runDemo({
      startScaler: () => Promise.reject(new Error('no port left')),
      seed: 1,
      port: 0,
      calendar: '',
    });
    await expect(failing).rejects.toThrow('no port left');
  });
});

describe('the ending', () => {
  it('shows both mornings side by side, in words for what never came', async () => {
    const text = comparison(await demo(1));
    expect(text).toMatch(/without calendar\s+with calendar/);
    for (const row of ['replicas ready at the bell', 'time to first token p99', 'failed', 'GPU-hours']) {
      expect(text).toContain(row);
    }
    expect(text).not.toMatch(/null|NaN|undefined|Infinity/);
  });
});

import { describe, expect, it } from 'vitest';
import { demoCommand } from '../../src/cli/demo.ts';
import type { Io } from '../../src/cli/io.ts';
import { startDemoScaler } from '../../src/cli/start-demo-scaler.ts';
import { startFakeScaler } from './fake-scaler.ts';

/** Runs `bellwether demo ...args`; what it wrote and the exit code it set. */
async function demo(startScaler: Parameters<typeof demoCommand>[1], ...args: string[]) {
  const said = { out: '', err: '', code: 0 };
  const io: Io = {
    out: (text) => {
      said.out += `${text}\n`;
    },
    err: (text) => {
      said.err += `${text}\n`;
    },
    setExitCode: (code) => {
      said.code = code;
    },
    color: false,
  };
  const command = demoCommand(io, startScaler)
    .exitOverride()
    .configureOutput({ writeErr: (text) => io.err(text) });
  await command.parseAsync(args, { from: 'user' });
  return said;
}

interface Morning {
  readonly label: string;
  readonly readyAtOpen: number;
  readonly opening: { readonly failed: number; readonly p99: number | null };
  readonly gpuHours: number;
}

describe('bellwether demo', () => {
  it('ends by itself with one JSON document: the calendar has two replicas ready at the bell and nobody times out', async () => {
    const said = await demo(startDemoScaler, '--once', '--json', '--seed', '1');
    const result: { readonly mornings: readonly Morning[] } = JSON.parse(said.out);
    const [without, withCalendar] = result.mornings;
    expect([without?.readyAtOpen, withCalendar?.readyAtOpen]).toEqual([1, 2]);
    expect(without?.opening.failed).toBeGreaterThan(0);
    expect(withCalendar?.opening.failed).toBe(0);
    expect(withCalendar?.opening.p99 ?? Number.POSITIVE_INFINITY).toBeLessThan(3_000);
    expect([said.err, said.code]).toEqual(['', 0]);
  }, 120_000);

  it('names the explain page first and the comparison last, and stops with 130 on SIGINT', async () => {
    const interrupted = demo(async (options) => {
      const scaler = await startFakeScaler(() => 1, options);
      return {
        ...scaler,
        turn: async (at) => {
          await scaler.turn(at);
          process.emit('SIGINT');
        },
      };
    });
    const { out, code } = await interrupted;
    expect(out.indexOf('explain page: http://127.0.0.1:9')).toBeGreaterThan(0);
    expect(out.indexOf('The morning was stopped early')).toBeGreaterThan(out.indexOf('explain page'));
    expect(out).not.toMatch(/null|NaN|undefined|Infinity/);
    expect(code).toBe(130);
  });

  it.each([
    { args: ['--speed', 'fast'], rule: 'must be a number above 0' },
    { args: ['--speed', '0'], rule: 'must be a number above 0' },
    { args: ['--seed', '-1'], rule: 'must be a whole number' },
    { args: ['--port', '70000'], rule: 'must be a whole number from 0 to 65535' },
  ])('refuses $args', async ({ args, rule }) => {
    const never = () => Promise.reject(new Error('must not start'));
    await expect(demo(never, ...args)).rejects.toThrow(rule);
  });
});

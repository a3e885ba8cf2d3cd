import { InvalidArgumentError } from 'commander';
import type { Calendar } from '../calendar/calendar.ts';
import { type Day, parseDate } from '../calendar/civil-date.ts';
import { loadCalendarFile } from '../config/load-calendar.ts';
import { durationRule, parseDuration } from '../core/duration.ts';
import { formatProblem } from '../core/problem.ts';
import { ScalerError } from '../core/scaler-error.ts';
import type { Io } from './io.ts';

export function example(command: string): string {
  return `\nExample:\n  $ bellwether calendar ${command}`;
}

export function dateArgument(text: string): string {
  if (parseDate(text) !== undefined) return text;
  throw new InvalidArgumentError('It must be a date that exists, YYYY-MM-DD between 1970 and 2199.');
}

const MAX_LEAD_MS = 7 * 86_400_000;

export function leadArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms <= MAX_LEAD_MS) return ms;
  throw new InvalidArgumentError(`It must be ${durationRule(text)}, at most 7d.`);
}

/** Runs a command; what it refuses is said on stderr, with exit code 2. */
export async function reported(io: Io, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (reason) {
    if (!(reason instanceof ScalerError)) throw reason;
    io.err(`error: ${reason.message}`);
    io.setExitCode(2);
  }
}

/** Loads the file, tells what is wrong or risky in it on stderr, and runs `use` on a calendar that is sound. */
export function withCalendar(
  io: Io,
  file: string,
  use: (calendar: Calendar) => void | Promise<void>,
): Promise<void> {
  return reported(io, async () => {
    const loaded = await loadCalendarFile(file);
    for (const problem of 'problems' in loaded ? loaded.problems : loaded.warnings)
      io.err(formatProblem(problem));
    if ('problems' in loaded) io.setExitCode(1);
    else await use(loaded.calendar);
  });
}

export interface RangeFlags {
  readonly from: string;
  readonly to: string;
}

export function checkRange({ from, to }: RangeFlags): { from: Day; to: Day } {
  const [first, last] = [parseDate(from), parseDate(to)];
  if (first !== undefined && last !== undefined && first <= last) return { from: first, to: last };
  throw new ScalerError('invalid', `--to must not be before --from (${from}), was ${to}`);
}

import { InvalidArgumentError } from 'commander';
import { parseDate } from '../calendar/civil-date.ts';
import { durationRule, parseDuration } from '../core/duration.ts';
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

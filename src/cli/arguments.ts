import { InvalidArgumentError } from 'commander';
import { durationRule, parseDuration } from '../core/duration.ts';
import { parseInstant } from '../core/instant.ts';

export function durationArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError(`It must be ${durationRule(text)}, above 0.`);
}

export function instantArgument(text: string): number {
  const ms = parseInstant(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('It must be ISO 8601 with a zone (2024-05-10T00:00:00Z) or Unix seconds.');
}

/** A whole number in [low, high]. */
export function wholeArgument(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
  };
}

import { InvalidArgumentError } from 'commander';
import { durationRule, parseDuration } from '../core/duration.ts';
import { parseInstant } from '../core/instant.ts';
import { didYouMean } from '../core/nearest.ts';
import type { Draw } from '../simulate/pod.ts';
import { PROFILES, type ReplicaProfile } from '../simulate/profiles.ts';

/** What `--cold-start` says: an exact duration, or a lognormal by its median and sigma. */
export function coldStartArgument(text: string): Draw {
  const exact = parseDuration(text);
  if (exact !== undefined) return { medianSeconds: exact / 1000, sigma: 0 };
  const match = /^lognormal\(\s*([^,\s]+)\s*,\s*(\d+(?:\.\d+)?)\s*\)$/.exec(text);
  const median = parseDuration(match?.[1] ?? '');
  const sigma = Number(match?.[2]);
  if (median !== undefined && sigma <= 3) return { medianSeconds: median / 1000, sigma };
  throw new InvalidArgumentError(
    'It must be a duration such as 95s, or lognormal(MEDIAN,SIGMA) such as lognormal(95s,0.35).',
  );
}

export function profileArgument(text: string): ReplicaProfile {
  const known: Readonly<Record<string, ReplicaProfile>> = PROFILES;
  const found = Object.hasOwn(known, text) ? known[text] : undefined;
  if (found) return found;
  const names = Object.keys(PROFILES);
  throw new InvalidArgumentError(`It must be one of ${names.join(', ')}${didYouMean(text, names)}.`);
}

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

export function factorArgument(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1_000) return value;
  throw new InvalidArgumentError('It must be a number above 0, at most 1000.');
}

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  keda: ['keda', 'keda-average', 'keda-cron', 'keda-cron-average'],
  ray: ['ray-serve'],
  kpa: ['knative'],
};
export const PEER_NAMES: readonly string[] = [
  'keda',
  'keda-average',
  'keda-cron',
  'keda-cron-average',
  'ray-serve',
  'knative',
  'wva',
  'static',
  'oracle',
];

/** Names of `--peers`, groups spelt out; `all` is everybody, `none` nobody. */
export function peersArgument(text: string): readonly string[] {
  if (text === 'none') return [];
  if (text === 'all') return PEER_NAMES;
  const asked = text.split(',').map((name) => name.trim());
  const known = [...PEER_NAMES, ...Object.keys(GROUPS)];
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new InvalidArgumentError(
      `It must be all, none, or some of ${known.join(', ')}, was ${unknown.join(', ')}${didYouMean(unknown[0] ?? '', known)}.`,
    );
  return [...new Set(asked.flatMap((name) => GROUPS[name] ?? [name]))];
}

import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../core/duration.ts';
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

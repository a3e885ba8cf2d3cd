import type { FleetConfig } from '../core/fleet.ts';
import { type Policy, type PolicyFields, resolvePolicy } from '../core/policy.ts';
import type { Known, WindowBounds } from './metadata.ts';
import { at } from './sources.ts';

/** Versions of the cluster a ScaledObject is meant for, as `1.35.4`; undefined: not known, so taken to be new enough. */
export interface ClusterVersions {
  readonly kubernetes?: string | undefined;
  readonly keda?: string | undefined;
}

/** A fleet's policy, and what the windows of its calendar make of it. */
export interface KnownFleet {
  readonly fleet: FleetConfig;
  readonly policy: Policy;
  readonly windows: readonly WindowBounds[];
}

/** What the rules about one ScaledObject share; KEDA's defaults stand for what it does not set. */
export interface Scene {
  readonly value: unknown;
  readonly min: number;
  readonly max: number;
  /** s */
  readonly cooldown: number;
  /** Our triggers' fleets, as far as they could be read. */
  readonly fleets: readonly FleetConfig[];
  /** Those of role replicas whose policy is known. */
  readonly known: readonly KnownFleet[];
  /** Most replicas that the HPA can be told. */
  readonly most: number;
  /** Whether KEDA may take the fleet to zero: no policy is known that never asks for it. */
  readonly sleeps: boolean;
  /** Every trigger of ours is a buffer's. */
  readonly isBuffer: boolean;
  readonly versions: ClusterVersions;
}

export function sceneOf(
  value: unknown,
  fleets: readonly FleetConfig[],
  { known, versions }: { readonly known: Known; readonly versions: ClusterVersions },
): Scene {
  const withPolicy = fleets.flatMap((fleet) => {
    const fields = fleet.id.role === 'replicas' ? policyOf(fleet, known) : undefined;
    if (fields === undefined) return [];
    const policy = resolvePolicy(fields, fleet.overrides);
    const windows = known.windows?.get(fleet.calendar ?? policy.calendar ?? '') ?? [];
    return [{ fleet, policy, windows }];
  });
  const min = countAt(value, 'minReplicaCount') ?? 0;
  const max = countAt(value, 'maxReplicaCount') ?? 100;
  const isWhole = fleets.length > 0 && withPolicy.length === fleets.length;
  return {
    value,
    min,
    max,
    cooldown: countAt(value, 'cooldownPeriod') ?? 300,
    fleets,
    known: withPolicy,
    most: isWhole ? Math.min(max, Math.max(...withPolicy.map(mostOf))) : max,
    sleeps: min === 0 && !withPolicy.some(({ policy }) => policy.minReplicas > 0),
    isBuffer: fleets.length > 0 && fleets.every(({ id }) => id.role === 'buffer'),
    versions,
  };
}

/** maxReplicas of the policy, or of the window that raises it furthest. */
export function mostOf({ policy, windows }: KnownFleet): number {
  return Math.max(policy.maxReplicas, ...windows.map(({ maxReplicas }) => maxReplicas ?? 0));
}

/** s; with downscaleToZeroDelay before it, as long as a start takes. Below it each question could cost one. */
export function leastCooldown({ coldStart, downscaleToZeroDelay }: Policy): number {
  return Math.max(0, Math.ceil((coldStart.default - downscaleToZeroDelay) / 1000));
}

/** The fields of a fleet's policy; undefined where policies, or this one, are not known. */
export function policyOf(
  { policy }: FleetConfig,
  { policies, defaultPolicy }: Known,
): PolicyFields | undefined {
  const name = policy ?? defaultPolicy;
  return name !== undefined && policies !== undefined && 'get' in policies ? policies.get(name) : undefined;
}

function countAt(value: unknown, key: string): number | undefined {
  return numberAt(value, ['spec', key]);
}

export function numberAt(value: unknown, path: readonly string[]): number | undefined {
  const found = at(value, path);
  return typeof found === 'number' ? found : undefined;
}

/** Whether `version` (`v1.34.2`, `1.34`, `1.34+`) is older than `least` (`1.35`); unknown ones are not. */
export function isOlder(version: string | undefined, least: string): boolean {
  const [major = 0, minor = 0] = numbers(least);
  const [ownMajor, ownMinor] = numbers(version ?? '');
  if (ownMajor === undefined || ownMinor === undefined) return false;
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}

function numbers(version: string): readonly number[] {
  return [...(/^v?(\d+)\.(\d+)/.exec(version)?.slice(1, 3).map(Number) ?? [])];
}

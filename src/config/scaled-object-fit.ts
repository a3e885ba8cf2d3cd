import { formatDuration } from '../core/duration.ts';
import type { FleetConfig } from '../core/fleet.ts';
import { errorAt, type Issue, mended, warningAt } from './issue.ts';
import { type KnownFleet, leastCooldown, mostOf, type Scene } from './scaled-object-scene.ts';
import { at } from './sources.ts';

const MIN = ['spec', 'minReplicaCount'];
const MAX = ['spec', 'maxReplicaCount'];

/**
 * Where a ScaledObject contradicts itself, or the policy and the calendar of its triggers. Of those nothing is known,
 * and so nothing is said, without a bellwether.yaml among the checked files.
 */
export function fitIssues(scene: Scene): readonly Issue[] {
  return [
    ...ownIssues(scene),
    ...scene.fleets.flatMap((fleet) => targetIssues(scene, fleet)),
    ...scene.known.flatMap((fleet) => fleetIssues(scene, fleet)),
  ];
}

function ownIssues({ min, max }: Scene): readonly Issue[] {
  if (min <= max) return [];
  return [errorAt(MAX, `must be at least minReplicaCount (${min}), was ${max}`)];
}

function fleetIssues(scene: Scene, known: KnownFleet): readonly Issue[] {
  return [...mostIssues(scene, known), ...leastIssues(scene, known), ...sleepIssues(scene, known)];
}

function mostIssues({ max }: Scene, known: KnownFleet): readonly Issue[] {
  const most = mostOf(known);
  if (max >= most) return [];
  const raising = known.windows.find(({ maxReplicas }) => maxReplicas === most);
  const where = most > known.policy.maxReplicas && raising ? ` in window ${quoted(raising.name)}` : '';
  const floor = known.windows.find((window) => (window.floor ?? 0) > max);
  const also = floor ? `, and the floor ${floor.floor} of window ${quoted(floor.name)}` : '';
  const message = `cuts what the policy may ask for (maxReplicas ${most}${where})${also}, was ${max}`;
  return [mended(warningAt(MAX, message), most)];
}

function leastIssues({ min }: Scene, { policy, windows }: KnownFleet): readonly Issue[] {
  const least = policy.minReplicas;
  if (min > least) {
    const ceiling = windows.find((window) => (window.ceiling ?? min) < min);
    const also = ceiling ? `, nor to the ceiling ${ceiling.ceiling} of window ${quoted(ceiling.name)}` : '';
    const message = `is above minReplicas (${least}), so the fleet never falls so far${also}, was ${min}`;
    return [mended(warningAt(MIN, message), least)];
  }
  if (min > 0 || least === 0) return [];
  const message = `should be ${least}, the policy's minReplicas: 0 lets KEDA take the fleet to zero, was 0`;
  return [mended(warningAt(MIN, message), least)];
}

/** What puts a fleet to sleep must take longer than waking it up, or each question costs a start. */
function sleepIssues({ min, cooldown }: Scene, { policy }: KnownFleet): readonly Issue[] {
  const least = leastCooldown(policy);
  if (min > 0 || policy.minReplicas > 0 || cooldown >= least) return [];
  const [delay, start] = [
    formatDuration(policy.downscaleToZeroDelay),
    formatDuration(policy.coldStart.default),
  ];
  const message = `should be longer: with downscaleToZeroDelay (${delay}) it is less than a cold start (${start})`;
  return [mended(warningAt(['spec', 'cooldownPeriod'], message), least)];
}

/** `scaleTarget` says whose replicas are counted; scaleTargetRef, whose are changed. */
function targetIssues({ value }: Scene, { scaleTarget }: FleetConfig): readonly Issue[] {
  const name = at(value, ['spec', 'scaleTargetRef', 'name']);
  if (scaleTarget === undefined || typeof name !== 'string' || name === scaleTarget.name) return [];
  const target = `${scaleTarget.kind}/${scaleTarget.name}`;
  const message = `should be what the trigger's scaleTarget names (${target}), whose replicas are counted, was ${quoted(name)}`;
  return [mended(warningAt(['spec', 'scaleTargetRef', 'name'], message), scaleTarget.name)];
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

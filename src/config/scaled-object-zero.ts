import { droppable, type Issue, mended, warningAt } from './issue.ts';
import { leastCooldown, numberAt, type Scene } from './scaled-object-scene.ts';
import { at } from './sources.ts';

const FALLBACK = ['spec', 'fallback'];

/** s; a cold start as Bellwether assumes it before it has measured one. */
const COLD_START = 300;

/** What KEDA does beside the HPA: to and from zero, when the scaler errs, and where somebody has stopped it. */
export function kedaIssues(scene: Scene): readonly Issue[] {
  return [
    ...fallbackIssues(scene),
    ...idleIssues(scene),
    ...cooldownIssues(scene),
    ...pushIssues(scene),
    ...pauseIssues(scene),
  ];
}

function fallbackIssues({ value, min }: Scene): readonly Issue[] {
  const replicas = numberAt(value, [...FALLBACK, 'replicas']);
  if (replicas === undefined) return [];
  if (min === 0 && replicas === 0) {
    const message =
      'should not be 0 with minReplicaCount 0: errors then scale the fleet to zero instead of holding it';
    const edits = [
      { path: [...FALLBACK, 'replicas'], to: 1 },
      { path: [...FALLBACK, 'behavior'], to: 'currentReplicasIfHigher' },
    ];
    return [{ ...warningAt([...FALLBACK, 'replicas'], message), edits }];
  }
  const behavior = at(value, [...FALLBACK, 'behavior']) ?? 'static';
  if (behavior !== 'static' && behavior !== 'currentReplicasIfLower') return [];
  const message = `should be currentReplicasIfHigher: ${behavior} takes a larger fleet down to ${replicas} when the scaler errs`;
  return [mended(warningAt([...FALLBACK, 'behavior'], message), 'currentReplicasIfHigher')];
}

function idleIssues({ value }: Scene): readonly Issue[] {
  const path = ['spec', 'idleReplicaCount'];
  const idle = numberAt(value, path);
  if (idle === undefined) return [];
  const message = `should be left out: below minReplicaCount KEDA and the HPA work against each other, was ${idle}`;
  return [droppable(warningAt(path, message))];
}

/** Where zero is allowed KEDA's cooldownPeriod comes after downscaleToZeroDelay, but not before its very first poll. */
function cooldownIssues({ value, cooldown, sleeps, known, isBuffer }: Scene): readonly Issue[] {
  if (!sleeps) return [];
  const issues: Issue[] = [];
  const least = Math.max(30, ...known.map(({ policy }) => leastCooldown(policy)));
  if (cooldown > Math.max(60, least)) {
    const message = `should be ${least} where zero is allowed: it comes on top of downscaleToZeroDelay, was ${cooldown}`;
    issues.push(mended(warningAt(['spec', 'cooldownPeriod'], message), least));
  }
  const first = numberAt(value, ['spec', 'initialCooldownPeriod']) ?? 0;
  if (first < 60 && !isBuffer) {
    const message = `should be a cold start (${COLD_START}) where zero is allowed: KEDA may put a fleet to sleep at its first poll, was ${first}`;
    issues.push(mended(warningAt(['spec', 'initialCooldownPeriod'], message), COLD_START));
  }
  return issues;
}

/** `external` is asked each pollingInterval; only `external-push` is told at once that there is work. */
function pushIssues({ value, sleeps }: Scene): readonly Issue[] {
  const triggers = at(value, ['spec', 'triggers']);
  if (!sleeps || !Array.isArray(triggers)) return [];
  const polling = numberAt(value, ['spec', 'pollingInterval']) ?? 30;
  return triggers.flatMap((trigger: unknown, index) => {
    if (at(trigger, ['type']) !== 'external') return [];
    const message = `should be external-push where zero is allowed: else the fleet wakes at the next poll, each ${polling} s`;
    return [mended(warningAt(['spec', 'triggers', index, 'type'], message), 'external-push')];
  });
}

/** Annotations that somebody set in an incident and that are still in the file. */
function pauseIssues({ value }: Scene): readonly Issue[] {
  const annotations = at(value, ['metadata', 'annotations']);
  if (typeof annotations !== 'object' || annotations === null) return [];
  return Object.entries(annotations).flatMap(([key, set]) => {
    const effect = PAUSES[key];
    if (effect === undefined || set === 'false' || set === false) return [];
    return [droppable(warningAt(['metadata', 'annotations', key], effect))];
  });
}

const PAUSES: Readonly<Record<string, string>> = {
  'autoscaling.keda.sh/paused': 'pauses the fleet: KEDA deletes its HPA, and no answer arrives',
  'autoscaling.keda.sh/paused-replicas':
    'pauses the fleet at this count: KEDA deletes its HPA, and no answer arrives',
  'autoscaling.keda.sh/paused-scale-in': 'keeps the HPA from following falls',
  'autoscaling.keda.sh/paused-scale-out': 'keeps the HPA from following rises',
  'autoscaling.keda.sh/force-activation': 'keeps the fleet from sleeping',
};

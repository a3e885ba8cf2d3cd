import { z } from 'zod';
import type { FleetConfig } from '../core/fleet.ts';
import type { Issue } from './issue.ts';
import type { Known } from './metadata.ts';
import { ALL_KEYS } from './metadata-keys.ts';
import { fitIssues } from './scaled-object-fit.ts';
import { hpaIssues } from './scaled-object-hpa.ts';
import { type ClusterVersions, sceneOf } from './scaled-object-scene.ts';
import {
  companyIssues,
  type ReadTrigger,
  readOurTrigger,
  sameFleetIssues,
  type Trigger,
} from './scaled-object-trigger.ts';
import { kedaIssues } from './scaled-object-zero.ts';
import { at } from './sources.ts';

/** As much of a ScaledObject as is needed to find our triggers: the rest of its spec is KEDA's to check. */
const ScaledObject = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  spec: z.object({ triggers: z.array(z.looseObject({ type: z.string() })) }),
});

export function isScaledObject(value: unknown): boolean {
  const version = at(value, ['apiVersion']);
  return (
    typeof version === 'string' && version.startsWith('keda.sh/') && at(value, ['kind']) === 'ScaledObject'
  );
}

/**
 * What Bellwether would refuse of a ScaledObject's triggers, and the settings around them that keep a fleet from
 * getting what Bellwether answers. ScaledObjects without a trigger of ours have no issues.
 */
export function scaledObjectIssues(
  value: unknown,
  known: Known,
  versions: ClusterVersions = {},
): readonly Issue[] {
  const parsed = ScaledObject.safeParse(value);
  const read = parsed.success ? readOurs(parsed.data, known) : [];
  if (!parsed.success || read.length === 0) return [];
  const fleets = read.flatMap(({ fleet }) => (fleet === undefined ? [] : [fleet]));
  const scene = sceneOf(value, fleets, { known, versions });
  return [
    ...read.flatMap(({ issues }) => issues),
    ...sameFleetIssues(read),
    ...companyIssues(parsed.data.spec.triggers, read),
    ...fitIssues(scene),
    ...hpaIssues(scene),
    ...kedaIssues(scene),
  ];
}

/** The fleets of a ScaledObject's triggers that are ours and right, whatever policies there are. */
export function ourFleets(value: unknown): readonly FleetConfig[] {
  const parsed = ScaledObject.safeParse(value);
  const read = parsed.success ? readOurs(parsed.data, { policies: undefined, calendars: undefined }) : [];
  return read.flatMap(({ fleet }) => (fleet === undefined ? [] : [fleet]));
}

function readOurs({ metadata, spec }: z.infer<typeof ScaledObject>, known: Known): readonly ReadTrigger[] {
  // Applied with `kubectl -n`, it gets its namespace there; any valid one stands for it here.
  const ref = { namespace: metadata.namespace ?? 'default', name: metadata.name };
  return spec.triggers.flatMap((trigger, index) =>
    isOurs(trigger) ? [readOurTrigger({ trigger, index, ref }, known)] : [],
  );
}

/** An external trigger that names a thing which only ours know. Another external scaler's metadata are its own. */
export function isOurs(trigger: Trigger): boolean {
  if (trigger.type !== 'external' && trigger.type !== 'external-push') return false;
  const metadata = trigger.metadata;
  if (typeof metadata !== 'object' || metadata === null) return false;
  const keys = Object.keys(metadata).map((key) => key.replace(/FromEnv$/, ''));
  const address = at(metadata, ['scalerAddress']);
  return (
    (typeof address === 'string' && address.includes('bellwether')) ||
    keys.some((key) => ALL_KEYS.includes(key))
  );
}

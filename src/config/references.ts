import type { FleetConfig } from '../core/fleet.ts';
import { fleetKey } from '../core/fleet.ts';
import { didYouMean } from '../core/nearest.ts';
import type { PolicyFields } from '../core/policy.ts';
import { shown } from '../core/problem.ts';
import { errorAt, type Issue, warningAt } from './issue.ts';
import { type Known, readTrigger } from './metadata.ts';
import type { NamedDocument } from './named-documents.ts';
import { at } from './sources.ts';

/** The issue of a name at `path` that nothing has; none where it is known or not even text. */
export function unknownName(
  name: unknown,
  path: Issue['path'],
  kind: string,
  names: ReadonlySet<string>,
): readonly Issue[] {
  if (typeof name !== 'string' || name === '' || names.has(name)) return [];
  const which = names.size === 0 ? ` (there is no ${kind})` : didYouMean(name, names);
  return [errorAt(path, `must be the name of a ${kind}${which}, was ${shown(name)}`)];
}

/**
 * Warnings at a policy's `calendar`: windows whose floor is above maxReplicas, which cuts it. A window that raises
 * maxReplicas itself is counted with its own.
 */
export function floorIssues(
  fields: PolicyFields,
  calendars: readonly NamedDocument<unknown>[],
): readonly Issue[] {
  const calendar = calendars.find(({ name }) => name !== undefined && name === fields.calendar);
  const windows = at(calendar?.document.value, ['windows']);
  if (!Array.isArray(windows)) return [];
  return windows.flatMap((window: unknown) => {
    const floor = at(window, ['floor']);
    const override = at(window, ['policy', 'maxReplicas']);
    const max = typeof override === 'number' ? override : fields.maxReplicas;
    if (typeof floor !== 'number' || max === undefined || floor <= max) return [];
    const name = shown(at(window, ['name']));
    return [
      warningAt(
        ['calendar'],
        `window ${name} has floor ${floor}, above maxReplicas (${max}): only ${max} will be asked for`,
      ),
    ];
  });
}

export interface ReadFleets {
  readonly fleets: readonly FleetConfig[];
  readonly issues: readonly Issue[];
}

/** The fleets listed in bellwether.yaml: a trigger's metadata, where numbers may stand without quotes too. */
export function readFleets(value: unknown, known: Known): ReadFleets {
  const listed = at(value, ['fleets']);
  const entries: readonly unknown[] = Array.isArray(listed) ? listed : [];
  const fleets = new Map<string, FleetConfig>();
  const issues: Issue[] = [];
  for (const [index, entry] of entries.entries()) {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) continue;
    const read = readListed(entry, known);
    if ('issues' in read) {
      issues.push(
        ...read.issues.map(({ key, message, atKey }) => ({
          ...errorAt(['fleets', index, key], message),
          atKey: atKey === true,
        })),
      );
    } else if (fleets.has(fleetKey(read.fleet.id))) {
      issues.push(
        errorAt(['fleets', index], 'must be listed once (same namespace, name, role, model and matchLabels)'),
      );
    } else fleets.set(fleetKey(read.fleet.id), read.fleet);
  }
  return { fleets: [...fleets.values()], issues };
}

function readListed(entry: object, known: Known): ReturnType<typeof readTrigger> {
  const metadata = new Map<string, string>();
  const nested: string[] = [];
  for (const [key, value] of Object.entries(entry)) {
    if (typeof value === 'object' && value !== null) nested.push(key);
    else if (value !== null) metadata.set(key, String(value));
  }
  const [namespace = '', name = ''] = [metadata.get('namespace'), metadata.get('name')];
  metadata.delete('namespace');
  metadata.delete('name');
  const read = readTrigger({ namespace, name, metadata: Object.fromEntries(metadata) }, known);
  if (nested.length === 0) return read;
  const message = "must be text, as in a trigger's metadata (a group's field is written burst.threshold)";
  return { issues: [...('issues' in read ? read.issues : []), ...nested.map((key) => ({ key, message }))] };
}

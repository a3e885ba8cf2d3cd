import { type FleetConfig, fleetKey } from '../core/fleet.ts';
import { shown } from '../core/problem.ts';
import { droppable, errorAt, type Issue, mended, warningAt } from './issue.ts';
import { type Known, type MetadataIssue, readTrigger } from './metadata.ts';
import { at } from './sources.ts';

export type Trigger = Readonly<Record<string, unknown>>;

export interface OurTrigger {
  readonly trigger: Trigger;
  readonly index: number;
  /** Whose it is: the ScaledObject. */
  readonly ref: { readonly namespace: string; readonly name: string };
}

export interface ReadTrigger {
  readonly index: number;
  /** Undefined where its metadata describe no fleet. */
  readonly fleet: FleetConfig | undefined;
  readonly issues: readonly Issue[];
}

/** One trigger of ours: what Bellwether would refuse of its metadata, and what KEDA makes of the rest. */
export function readOurTrigger({ trigger, index, ref }: OurTrigger, known: Known): ReadTrigger {
  const path = ['spec', 'triggers', index];
  const entries = Object.entries(trigger.metadata ?? {});
  const notText = entries.filter(([, value]) => typeof value !== 'string');
  const metadata = Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
  const read = readTrigger({ ...ref, metadata }, known);
  const issues = [
    ...notText.map(([key, value]) => textIssue([...path, 'metadata', key], value)),
    ...('issues' in read ? read.issues.map((issue) => placed(issue, path)) : []),
    ...addressIssues(metadata, path),
    ...metricTypeIssues(trigger, path),
    ...tlsIssues(entries, { trigger, path, name: ref.name }),
  ];
  return { index, fleet: 'fleet' in read ? read.fleet : undefined, issues };
}

function textIssue(path: Issue['path'], value: unknown): Issue {
  const issue = errorAt(path, 'must be text (put it in quotes): Kubernetes refuses other values');
  return typeof value === 'object' ? issue : mended(issue, String(value));
}

/** Namespace and name are the ScaledObject's own; everything else stands in the trigger. */
function placed({ key, message, atKey }: MetadataIssue, path: Issue['path']): Issue {
  if (key === 'namespace' || key === 'name') return errorAt(['metadata', key], message);
  return { ...errorAt([...path, 'metadata', key], message), atKey: atKey === true };
}

/** KEDA dials it as gRPC does: a host and a port, with no scheme before and no path behind. */
function addressIssues(metadata: Readonly<Record<string, string>>, path: Issue['path']): readonly Issue[] {
  const address = metadata.scalerAddress;
  if (address === undefined && metadata.scalerAddressFromEnv !== undefined) return [];
  if (address !== undefined && /^(?:dns:\/\/\/)?[^\s:/]+:\d{1,5}$/.test(address)) return [];
  const place = [...path, 'metadata', 'scalerAddress'];
  const issue = errorAt(
    place,
    `must be host:port, such as "bellwether.bellwether.svc:6000", was ${shown(address)}`,
  );
  const host = /^(?:https?:\/\/)?([\w.-]+)(:\d{1,5})?\/?$/.exec(address ?? 'bellwether.bellwether.svc');
  return [host ? mended(issue, `${host[1]}${host[2] ?? ':6000'}`) : issue];
}

/** `Value` multiplies by ready replicas and so shrinks while a model loads; an absolute count needs AverageValue. */
function metricTypeIssues(trigger: Trigger, path: Issue['path']): readonly Issue[] {
  const type = trigger.metricType;
  const issues: Issue[] = [];
  if (type !== undefined && type !== 'AverageValue') {
    const message = `must be AverageValue (the answer is a count of replicas), was ${JSON.stringify(type)}`;
    issues.push(mended(errorAt([...path, 'metricType'], message), 'AverageValue'));
  }
  if (trigger.useCachedMetrics === true) {
    const message = 'makes the HPA read answers as old as pollingInterval';
    issues.push(droppable(warningAt([...path, 'useCachedMetrics'], message)));
  }
  return issues;
}

const CERTIFICATES = new Set(['caCert', 'tlsClientCert', 'tlsClientKey', 'tlsCertFile']);

interface OfTrigger {
  readonly trigger: Trigger;
  readonly path: Issue['path'];
  readonly name: string;
}

/** KEDA takes certificates from a TriggerAuthentication alone (kedacore/keda#7017), as PEM and never as a path. */
function tlsIssues(
  entries: readonly (readonly [string, unknown])[],
  { trigger, path, name }: OfTrigger,
): readonly Issue[] {
  const place = [...path, 'authenticationRef'];
  return entries.flatMap(([key, value]) => {
    const at = [...path, 'metadata', key];
    if (key === 'unsafeSsl' && String(value) === 'true') {
      const message = 'accepts any certificate: give caCert in a TriggerAuthentication instead';
      return [droppable(warningAt(at, message))];
    }
    if (!CERTIFICATES.has(key.replace(/FromEnv$/, ''))) return [];
    const message = 'has no effect here: KEDA reads it from a TriggerAuthentication only';
    const reference = { path: place, to: { name: `${name}-bellwether-tls` } };
    const edits = [
      { path: at, drop: true as const },
      ...(trigger.authenticationRef === undefined ? [reference] : []),
    ];
    return [{ ...warningAt(at, message), edits }];
  });
}

/** Triggers of one ScaledObject that are the same fleet: each call brings other settings, and the newest win. */
export function sameFleetIssues(triggers: readonly ReadTrigger[]): readonly Issue[] {
  const first = new Map<string, ReadTrigger>();
  return triggers.flatMap((each) => {
    if (each.fleet === undefined) return [];
    const key = fleetKey(each.fleet.id);
    const earlier = first.get(key);
    first.set(key, earlier ?? each);
    if (earlier === undefined) return [];
    const path = ['spec', 'triggers', each.index];
    const isCopy = JSON.stringify(earlier.fleet) === JSON.stringify(each.fleet);
    const same = `spec.triggers.${earlier.index} in role, model and matchLabels`;
    const message = isCopy
      ? `is the same fleet as ${same}: KEDA asks twice for one answer`
      : `must differ from ${same}: they are one fleet, and its settings are those of whichever KEDA asked last`;
    return [droppable(isCopy ? warningAt(path, message) : errorAt(path, message))];
  });
}

/** A neutral answer of 0 is harmless beside another trigger, and puts the fleet to sleep where there is none. */
export function companyIssues(triggers: readonly Trigger[], read: readonly ReadTrigger[]): readonly Issue[] {
  const ours = read.map(({ index }) => index);
  const neutral = ours.filter((index) => at(triggers[index]?.metadata, ['advisoryAnswer']) !== undefined);
  if (triggers.length === 1)
    return neutral.map((index) =>
      errorAt(
        ['spec', 'triggers', index, 'metadata', 'advisoryAnswer'],
        'must stand beside another trigger: alone, zero is what the fleet gets',
      ),
    );
  if (neutral.length === ours.length) return [];
  return triggers.flatMap((trigger, index) => {
    if (ours.includes(index)) return [];
    const message = `should stand alone: the HPA takes the largest of what triggers ask for, so ${shown(trigger.type)} keeps a fleet from falling to Bellwether's answer`;
    return [droppable(warningAt(['spec', 'triggers', index], message))];
  });
}

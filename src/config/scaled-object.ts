import { z } from 'zod';
import { errorAt, type Issue, warningAt } from './issue.ts';
import { type Known, type MetadataIssue, readTrigger } from './metadata.ts';
import { ALL_KEYS } from './metadata-keys.ts';
import { fitIssues } from './scaled-object-fit.ts';
import { trapIssues } from './scaled-object-traps.ts';
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
export function scaledObjectIssues(value: unknown, known: Known): readonly Issue[] {
  const parsed = ScaledObject.safeParse(value);
  if (!parsed.success) return [];
  const { metadata, spec } = parsed.data;
  const ours = spec.triggers.flatMap((trigger, index) => (isOurs(trigger) ? [index] : []));
  if (ours.length === 0) return [];
  // Applied with `kubectl -n`, it gets its namespace there; any valid one stands for it here.
  const ref = { namespace: metadata.namespace ?? 'default', name: metadata.name };
  const triggers = ours.flatMap((index) =>
    triggerIssues(value, { trigger: spec.triggers[index], index, ref }, known),
  );
  return [...triggers, ...adviceIssues(spec.triggers, ours), ...trapIssues(value)];
}

type Trigger = Readonly<Record<string, unknown>>;

/** An external trigger that names a thing which only ours know. Another external scaler's metadata are its own. */
function isOurs(trigger: Trigger): boolean {
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

interface OurTrigger {
  readonly trigger: Trigger | undefined;
  readonly index: number;
  readonly ref: { readonly namespace: string; readonly name: string };
}

function triggerIssues(value: unknown, { trigger, index, ref }: OurTrigger, known: Known): readonly Issue[] {
  const path = ['spec', 'triggers', index];
  const entries = Object.entries(trigger?.metadata ?? {});
  const notText = entries.filter(([, value]) => typeof value !== 'string');
  const metadata = Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
  const read = readTrigger({ ...ref, metadata }, known);
  return [
    ...notText.map(([key]) =>
      errorAt([...path, 'metadata', key], 'must be text (put it in quotes): Kubernetes refuses other values'),
    ),
    ...('issues' in read
      ? read.issues.map((issue) => placed(issue, path))
      : fitIssues(value, read.fleet, known)),
    ...metricTypeIssues(trigger, path),
    ...tlsIssues(
      entries.map(([key]) => key),
      path,
    ),
  ];
}

/** Namespace and name are the ScaledObject's own; everything else stands in the trigger. */
function placed({ key, message, atKey }: MetadataIssue, path: Issue['path']): Issue {
  if (key === 'namespace' || key === 'name') return errorAt(['metadata', key], message);
  return { ...errorAt([...path, 'metadata', key], message), atKey: atKey === true };
}

/** `Value` multiplies by ready replicas and so shrinks while a model loads; an absolute count needs AverageValue. */
function metricTypeIssues(trigger: Trigger | undefined, path: Issue['path']): readonly Issue[] {
  const type = trigger?.metricType;
  const issues: Issue[] = [];
  if (type !== undefined && type !== 'AverageValue') {
    issues.push(
      errorAt(
        [...path, 'metricType'],
        `must be AverageValue (the answer is a count of replicas), was ${JSON.stringify(type)}`,
      ),
    );
  }
  if (trigger?.useCachedMetrics === true) {
    issues.push(
      warningAt([...path, 'useCachedMetrics'], 'makes the HPA read answers as old as pollingInterval'),
    );
  }
  return issues;
}

/** KEDA takes certificates from a TriggerAuthentication alone (kedacore/keda#7017). */
function tlsIssues(keys: readonly string[], path: Issue['path']): readonly Issue[] {
  return keys
    .filter((key) => ['caCert', 'tlsClientCert', 'tlsClientKey', 'tlsCertFile'].includes(key))
    .map((key) =>
      warningAt(
        [...path, 'metadata', key],
        'has no effect here: KEDA reads it from a TriggerAuthentication only',
      ),
    );
}

/** A neutral answer of 0 is harmless beside another trigger, and puts the fleet to sleep where there is none. */
function adviceIssues(triggers: readonly Trigger[], ours: readonly number[]): readonly Issue[] {
  if (triggers.length > 1) return [];
  return ours
    .filter((index) => at(triggers[index]?.metadata, ['advisoryAnswer']) !== undefined)
    .map((index) =>
      errorAt(
        ['spec', 'triggers', index, 'metadata', 'advisoryAnswer'],
        'must stand beside another trigger: alone, zero is what the fleet gets',
      ),
    );
}

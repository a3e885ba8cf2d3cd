import { stringify } from 'yaml';
import type { Problem } from '../core/problem.ts';
import { workloadProblems } from './check-workloads.ts';
import { type Issue, warningAt } from './issue.ts';
import type { Known } from './metadata.ts';
import { scaledObjectIssues } from './scaled-object.ts';
import { type ClusterVersions, isOlder } from './scaled-object-scene.ts';
import { at } from './sources.ts';
import { type Scaled, scaledOf, type Workload, workloadsOf } from './workloads.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

/** KEDA whose HPA metrics carry fractions and whose fallback has a behavior (2.17). */
const LEAST_KEDA = '2.17';

/**
 * The rules of offline files on live objects, and what only the cluster knows: what became of them in the HPA, and what
 * KEDA and the HPA say of them. Places are lines of `kubectl get … -o yaml`, in "files" such as `llm/scaledobject/vllm`.
 */
export function clusterProblems(
  objects: readonly unknown[],
  { known, versions }: { readonly known: Known; readonly versions: ClusterVersions },
): readonly Problem[] {
  const documents = objects.flatMap(liveDocument);
  const workloads = workloadsOf(documents);
  const scaled = scaledOf(workloads).filter(({ fleets }) => fleets.length > 0);
  return [
    ...versionProblems(versions),
    ...scaled.flatMap((each) => {
      const hpa = hpaOf(each, workloads);
      // What became of a tolerance the HPA itself shows, and better than a version does.
      const told = hpa === undefined ? versions : {};
      const { document } = each;
      return document.toProblems([
        ...scaledObjectIssues(document.value, known, told),
        ...(hpa === undefined ? [] : lostIssues(document.value, hpa, versions)),
        ...conditionIssues(document.value),
      ]);
    }),
    ...scaled.flatMap((each) => hpaProblems(each, workloads)),
    ...workloadProblems(documents, { known, isLive: true }),
  ];
}

/** An object as `kubectl get -o yaml` prints it: keys in order, lists not indented, no line folded. */
function liveDocument(object: unknown): readonly YamlDocument[] {
  const [kind, name, namespace] = [
    at(object, ['kind']),
    at(object, ['metadata', 'name']),
    at(object, ['metadata', 'namespace']),
  ];
  const file = [namespace, String(kind).toLowerCase(), name].filter((part) => part !== undefined).join('/');
  const text = stringify(object, {
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
  return parseYaml(text, file).documents;
}

function versionProblems({ keda }: ClusterVersions): readonly Problem[] {
  if (!isOlder(keda, LEAST_KEDA)) return [];
  const message = `should be ${LEAST_KEDA} or newer (tested with 2.20 and 2.21), was ${keda}`;
  return [{ severity: 'warning', file: 'cluster', line: 0, column: 0, path: 'KEDA', message }];
}

function hpaOf(each: Scaled, workloads: readonly Workload[]): Workload | undefined {
  const named = at(each.document.value, ['spec', 'advanced', 'horizontalPodAutoscalerConfig', 'name']);
  const name = typeof named === 'string' && named !== '' ? named : `keda-hpa-${each.name}`;
  return workloads.find(
    (other) =>
      other.kind === 'HorizontalPodAutoscaler' && other.name === name && other.namespace === each.namespace,
  );
}

/** The API server drops a tolerance without a word where the feature is off, and KEDA where its CRD is older. */
function lostIssues(value: unknown, hpa: Workload, { kubernetes }: ClusterVersions): readonly Issue[] {
  return ['scaleUp', 'scaleDown'].flatMap((side) => {
    const path = ['spec', 'advanced', 'horizontalPodAutoscalerConfig', 'behavior', side, 'tolerance'];
    if (at(value, path) === undefined) return [];
    if (at(hpa.document.value, ['spec', 'behavior', side, 'tolerance']) !== undefined) return [];
    const message = `did not arrive in ${hpa.name}: Kubernetes ${kubernetes ?? ''} has the feature HPAConfigurableTolerance off, so changes within 10 % are ignored (set landing.tolerance: 0.1 in the policy)`;
    return [warningAt(path, message.replace('  ', ' '))];
  });
}

/** What KEDA says of a ScaledObject: not ready, or on its fallback. */
function conditionIssues(value: unknown): readonly Issue[] {
  return conditionsOf(value).flatMap(({ index, type, status, message }) => {
    const path = ['status', 'conditions', index];
    if (type === 'Ready' && status === 'False')
      return [warningAt(path, `KEDA says it is not ready: ${message}`)];
    return type === 'Fallback' && status === 'True'
      ? [warningAt(path, `KEDA uses the fallback, since the scaler errs: ${message}`)]
      : [];
  });
}

/** What the HPA says of itself, and others that pull at the same target. */
function hpaProblems(each: Scaled, workloads: readonly Workload[]): readonly Problem[] {
  const hpa = hpaOf(each, workloads);
  const problems: Problem[] = [];
  if (hpa !== undefined) {
    const stopped = conditionsOf(hpa.document.value).flatMap(({ index, type, status, reason, message }) => {
      const isStopped = (type === 'ScalingActive' || type === 'AbleToScale') && status === 'False';
      if (!isStopped || reason === 'ScalingDisabled') return [];
      return [warningAt(['status', 'conditions', index], `the HPA does not scale (${reason}): ${message}`)];
    });
    problems.push(...hpa.document.toProblems(stopped));
  }
  const [kind, name] = each.target.split('/');
  for (const other of workloads) {
    if (other.kind !== 'HorizontalPodAutoscaler' || other === hpa || other.namespace !== each.namespace)
      continue;
    const ref = at(other.document.value, ['spec', 'scaleTargetRef']);
    if (String(at(ref, ['kind'])).toLowerCase() !== kind || at(ref, ['name']) !== name) continue;
    const message = `should not be scaled by two: ${each.document.file} scales ${each.target} too`;
    problems.push(...other.document.toProblems([warningAt(['spec', 'scaleTargetRef'], message)]));
  }
  return problems;
}

interface Condition {
  readonly index: number;
  readonly type: unknown;
  readonly status: unknown;
  readonly reason: string;
  readonly message: string;
}

function conditionsOf(value: unknown): readonly Condition[] {
  const conditions = at(value, ['status', 'conditions']);
  return (Array.isArray(conditions) ? conditions : []).map((condition: unknown, index) => ({
    index,
    type: at(condition, ['type']),
    status: at(condition, ['status']),
    reason: String(at(condition, ['reason']) ?? ''),
    message: String(at(condition, ['message']) ?? '')
      .replace(/\s+/g, ' ')
      .slice(0, 300),
  }));
}

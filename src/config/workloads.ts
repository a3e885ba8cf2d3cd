import type { FleetConfig } from '../core/fleet.ts';
import type { Issue } from './issue.ts';
import { ourFleets } from './scaled-object.ts';
import { at } from './sources.ts';
import type { YamlDocument } from './yaml.ts';

/** What scales or is scaled, of one document. Namespaces that are not written are all the same one, `default`. */
export interface Workload {
  readonly document: YamlDocument;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Scaled extends Workload {
  /** What scaleTargetRef names, as `deployment/vllm`. */
  readonly target: string;
  /** Our triggers' fleets; none for a ScaledObject of others. */
  readonly fleets: readonly FleetConfig[];
  /** The workload itself, where it is among the documents. */
  readonly workload: Workload | undefined;
}

/** One issue and the document that it is about. */
export interface Finding {
  readonly document: YamlDocument;
  readonly issue: Issue;
}

/** Every Kubernetes object among the documents that the rules across documents look at. */
export function workloadsOf(documents: readonly YamlDocument[]): readonly Workload[] {
  return documents.flatMap((document) => {
    const { value } = document;
    const [kind, name] = [at(value, ['kind']), at(value, ['metadata', 'name'])];
    if (typeof kind !== 'string' || typeof name !== 'string') return [];
    const namespace = at(value, ['metadata', 'namespace']);
    return [{ document, kind, name, namespace: typeof namespace === 'string' ? namespace : 'default' }];
  });
}

/** The ScaledObjects among them, each with what it scales. */
export function scaledOf(workloads: readonly Workload[]): readonly Scaled[] {
  return workloads.flatMap((each) => {
    const ref = at(each.document.value, ['spec', 'scaleTargetRef']);
    const name = at(ref, ['name']);
    if (each.kind !== 'ScaledObject' || typeof name !== 'string') return [];
    const kind = String(at(ref, ['kind']) ?? 'Deployment');
    const workload = workloads.find(
      (other) => other.kind === kind && other.name === name && other.namespace === each.namespace,
    );
    const fleets = ourFleets(each.document.value);
    return [{ ...each, target: `${kind.toLowerCase()}/${name}`, fleets, workload }];
  });
}

/** `file:line` of a document, for sentences about another. */
export function placeOf({ document }: Workload): string {
  const [place] = document.toProblems([{ path: [], message: '', severity: 'error' }]);
  return place === undefined ? document.file : `${place.file}:${place.line}`;
}

/** Of the pods that a workload makes. */
export function podLabels({ document }: Workload): Readonly<Record<string, string>> {
  const labels = at(document.value, ['spec', 'template', 'metadata', 'labels']);
  if (typeof labels !== 'object' || labels === null) return {};
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
}

import { isDeepStrictEqual } from 'node:util';
import { shown } from '../core/problem.ts';
import { selectorOf, selects } from '../ingest/kubernetes/selector.ts';
import { mended, warningAt } from './issue.ts';
import { at } from './sources.ts';
import { type Finding, placeOf, podLabels, type Scaled, type Workload } from './workloads.ts';

const POD = ['spec', 'template', 'spec'];

/**
 * Pause pods must go at once, before anything else does, and leave behind exactly what a replica needs. Each rule speaks
 * only of objects that are among the files.
 */
export function bufferIssues(ours: readonly Scaled[], workloads: readonly Workload[]): readonly Finding[] {
  return ours.flatMap((buffer) => {
    const pauses = buffer.workload;
    const served = buffer.fleets.find(({ id }) => id.role === 'buffer')?.bufferOf;
    if (pauses === undefined || served === undefined) return [];
    const fleet = ours.find(({ name, namespace }) => name === served && namespace === buffer.namespace);
    return [
      ...graceIssues(pauses),
      ...priorityIssues(pauses, workloads),
      ...serviceIssues(pauses, workloads),
      ...(fleet?.workload === undefined ? [] : roomIssues(pauses, fleet.workload)),
    ];
  });
}

function graceIssues({ document }: Workload): readonly Finding[] {
  const path = [...POD, 'terminationGracePeriodSeconds'];
  const grace = at(document.value, path) ?? 30;
  if (grace === 0) return [];
  const message = `should be 0: a replica waits for the pause pod's end, was ${shown(grace)}`;
  return [{ document, issue: mended(warningAt(path, message), 0) }];
}

function priorityIssues({ document }: Workload, workloads: readonly Workload[]): readonly Finding[] {
  const path = [...POD, 'priorityClassName'];
  const name = at(document.value, path);
  if (name === undefined) {
    const message =
      'should be a class of negative priority: without one pause pods are not preempted, and keep replicas out';
    return [{ document, issue: warningAt(path, message) }];
  }
  const priority = workloads.find((each) => each.kind === 'PriorityClass' && each.name === name);
  const value = at(priority?.document.value, ['value']);
  if (priority === undefined || typeof value !== 'number' || (value < 0 && value >= -10)) return [];
  const message =
    value < 0
      ? `should be -10 or more: the cluster autoscaler makes no node for pods below its cutoff, was ${value}`
      : `should be negative, so that replicas preempt pause pods, was ${value}`;
  return [{ document: priority.document, issue: mended(warningAt(['value'], message), -10) }];
}

/** Pause pods are ready and answer nothing. */
function serviceIssues(pauses: Workload, workloads: readonly Workload[]): readonly Finding[] {
  return workloads.flatMap(({ kind, namespace, document }) => {
    if (kind !== 'Service' || namespace !== pauses.namespace) return [];
    const selector = selectorOf({ matchLabels: at(document.value, ['spec', 'selector']) });
    if (selector === null || !selects(selector, podLabels(pauses))) return [];
    const message = `should not match the pause pods of ${placeOf(pauses)}: they are ready and answer nothing`;
    return [{ document, issue: warningAt(['spec', 'selector'], message) }];
  });
}

/** What a pause pod leaves is what the next replica finds. */
function roomIssues(pauses: Workload, fleet: Workload): readonly Finding[] {
  const resources = ['limits', 'requests'].flatMap((side) =>
    [...totals(fleet, side)].flatMap(([resource, amount]) => {
      const own = totals(pauses, side).get(resource);
      if (own === amount || (side === 'limits' && !resource.includes('/'))) return [];
      const path = [...POD, 'containers', 0, 'resources', side, resource];
      const message = `should be what a replica of ${placeOf(fleet)} asks for (${amount}), was ${own ?? 'missing'}`;
      return [{ document: pauses.document, issue: mended(warningAt(path, message), amount) }];
    }),
  );
  const places = ['nodeSelector', 'tolerations'].flatMap((key) => {
    const wanted = at(fleet.document.value, [...POD, key]);
    const own = at(pauses.document.value, [...POD, key]);
    if (isDeepStrictEqual(own, wanted)) return [];
    const message = `should be that of the fleet (${placeOf(fleet)}): else the room is on other nodes`;
    const issue = warningAt([...POD, key], message);
    return [{ document: pauses.document, issue: wanted === undefined ? issue : mended(issue, wanted) }];
  });
  return [...resources, ...places];
}

/** What the pod's containers ask for, where only one of them asks for a resource: sums of quantities are not needed here. */
function totals({ document }: Workload, side: string): ReadonlyMap<string, string> {
  const containers = at(document.value, [...POD, 'containers']);
  const found = new Map<string, string>();
  for (const container of Array.isArray(containers) ? containers : []) {
    const resources = at(container, ['resources', side]);
    for (const [resource, amount] of Object.entries(resources ?? {})) {
      // Two containers that ask for the same cannot be compared without adding up.
      found.set(resource, found.has(resource) ? '' : String(amount));
    }
  }
  return new Map([...found].filter(([, amount]) => amount !== ''));
}

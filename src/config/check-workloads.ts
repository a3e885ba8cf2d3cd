import { didYouMean } from '../core/nearest.ts';
import { resolvePolicy } from '../core/policy.ts';
import { type Problem, shown } from '../core/problem.ts';
import { selectorOf, selects } from '../ingest/kubernetes/selector.ts';
import { bufferIssues } from './check-buffer.ts';
import { droppable, errorAt, mended, warningAt } from './issue.ts';
import type { Known } from './metadata.ts';
import { policyOf } from './scaled-object-scene.ts';
import { at } from './sources.ts';
import { type Finding, placeOf, podLabels, type Scaled, scaledOf, workloadsOf } from './workloads.ts';
import type { YamlDocument } from './yaml.ts';

/**
 * What ScaledObjects, and the workloads, Services and PriorityClasses beside them, say of each other: only of what is
 * among the documents, and only around triggers of ours.
 */
export function workloadProblems(
  documents: readonly YamlDocument[],
  { known, isLive = false }: { readonly known: Known; readonly isLive?: boolean },
): readonly Problem[] {
  const workloads = workloadsOf(documents);
  const scaled = scaledOf(workloads);
  const ours = scaled.filter(({ fleets }) => fleets.length > 0);
  const findings = [
    ...ours.flatMap((each) => [
      ...targetIssues(each, scaled),
      ...selectorIssues(each, scaled),
      // A live workload always has a count.
      ...(isLive ? [] : replicaIssues(each)),
      ...seriesIssues(each, ours),
      ...servedIssues(each, scaled),
      ...emptyIssues(each, ours, known),
    ]),
    ...bufferIssues(ours, workloads),
  ];
  return findings.flatMap(({ document, issue }) => document.toProblems([issue]));
}

/** KEDA's webhook refuses the second; without the webhook two HPAs pull at one workload. */
function targetIssues(each: Scaled, scaled: readonly Scaled[]): readonly Finding[] {
  const other = scaled.find(
    (candidate) => candidate.target === each.target && candidate.namespace === each.namespace,
  );
  if (other === undefined || other === each) return [];
  const message = `must be scaled by one ScaledObject, and ${placeOf(other)} scales it too, was ${shown(each.target)}`;
  return [{ document: each.document, issue: errorAt(['spec', 'scaleTargetRef', 'name'], message) }];
}

/** The HPA counts pods by its target's selector, and stops when another HPA's target counts the same ones. */
function selectorIssues(each: Scaled, scaled: readonly Scaled[]): readonly Finding[] {
  const own = each.workload;
  const selector = selectorOf(at(own?.document.value, ['spec', 'selector']) as never) ?? [];
  if (own === undefined) return [];
  return scaled.flatMap(({ workload: other, target, namespace }) => {
    if (other === undefined || other.document === own.document || namespace !== each.namespace) return [];
    if (!selects(selector, podLabels(other))) return [];
    const message = `must not match the pods of ${target} (${placeOf(other)}): both HPAs stop with AmbiguousSelector`;
    return [{ document: own.document, issue: errorAt(['spec', 'selector'], message) }];
  });
}

/** A count in the manifest comes back with each apply, whatever runs. */
function replicaIssues({ workload }: Scaled): readonly Finding[] {
  const path = ['spec', 'replicas'];
  const replicas = at(workload?.document.value, path);
  if (workload === undefined || replicas === undefined) return [];
  const message = `should be left out: each apply sets the fleet back to it, was ${shown(replicas)}`;
  return [{ document: workload.document, issue: droppable(warningAt(path, message)) }];
}

/** Two fleets of one model in a namespace must be told apart, or one counts the other's requests as its own. */
function seriesIssues(each: Scaled, ours: readonly Scaled[]): readonly Finding[] {
  const others = ours.filter((other) => other !== each && other.namespace === each.namespace);
  return each.fleets.flatMap(({ id }) => {
    if (id.role !== 'replicas') return [];
    const narrower = others.find(({ fleets }) =>
      fleets.some(
        (other) =>
          other.id.role === 'replicas' &&
          other.id.model === id.model &&
          Object.entries(id.matchLabels).every(([key, value]) => other.id.matchLabels[key] === value),
      ),
    );
    if (narrower === undefined) return [];
    const index = triggerOf(each, id.model);
    const path = ['spec', 'triggers', index, 'metadata', 'model'];
    const message = `should be told apart by matchLabels from the fleet at ${placeOf(narrower)}, whose requests are counted here too, was ${shown(id.model)}`;
    return [{ document: each.document, issue: warningAt(path, message) }];
  });
}

/** `fleet` of a buffer is a ScaledObject of the same namespace. */
function servedIssues(each: Scaled, scaled: readonly Scaled[]): readonly Finding[] {
  const near = scaled.filter((other) => other !== each && other.namespace === each.namespace);
  return each.fleets.flatMap(({ id, bufferOf }) => {
    if (id.role !== 'buffer' || bufferOf === undefined || near.length === 0) return [];
    if (near.some(({ name }) => name === bufferOf)) return [];
    const names = near.map(({ name }) => name);
    const path = ['spec', 'triggers', bufferTrigger(each), 'metadata', 'fleet'];
    const message = `is no ScaledObject of namespace ${each.namespace} among these files${didYouMean(bufferOf, names)}, was ${shown(bufferOf)}`;
    const issue = warningAt(path, message);
    return [{ document: each.document, issue: names.length === 1 ? mended(issue, names[0]) : issue }];
  });
}

/** A buffer of a policy that has none is never more than nothing. */
function emptyIssues(each: Scaled, ours: readonly Scaled[], known: Known): readonly Finding[] {
  return each.fleets.flatMap(({ id, bufferOf, overrides }) => {
    const served = ours.find(({ name, namespace }) => name === bufferOf && namespace === each.namespace);
    const fleet = served?.fleets.find((other) => other.id.role === 'replicas');
    const fields = fleet && policyOf(fleet, known);
    if (id.role !== 'buffer' || fields === undefined) return [];
    if (resolvePolicy(fields, fleet?.overrides ?? {}, overrides).buffer !== null) return [];
    const path = ['spec', 'triggers', bufferTrigger(each), 'metadata', 'buffer.max'];
    const message =
      "should be how many pause pods there may be: neither this trigger nor the fleet's policy sets buffer, so there are none";
    return [{ document: each.document, issue: mended(warningAt(path, message), '1') }];
  });
}

function triggerOf(each: Scaled, model: string): number {
  return indexWhere(each, (trigger) => at(trigger, ['metadata', 'model']) === model);
}

function bufferTrigger(each: Scaled): number {
  return indexWhere(each, (trigger) => at(trigger, ['metadata', 'role']) === 'buffer');
}

function indexWhere({ document }: Scaled, test: (trigger: unknown) => boolean): number {
  const triggers = at(document.value, ['spec', 'triggers']);
  return Array.isArray(triggers) ? Math.max(0, triggers.findIndex(test)) : 0;
}

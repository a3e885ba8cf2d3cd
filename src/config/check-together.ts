import type { Problem } from '../core/problem.ts';
import { errorAt, warningAt } from './issue.ts';
import { readPolicy } from './policy-document.ts';
import { floorIssues } from './references.ts';
import { at } from './sources.ts';
import type { YamlDocument } from './yaml.ts';

export interface KindOfDocument {
  readonly document: YamlDocument;
  readonly kind: string;
}

/**
 * What documents say of each other that no bellwether.yaml ties together: names given twice, and floors of a calendar
 * above the maxReplicas of a policy that follows it. Warnings: only a configuration decides which of them meet.
 */
export function togetherProblems(documents: readonly KindOfDocument[]): readonly Problem[] {
  const ofKind = (wanted: string): readonly YamlDocument[] =>
    documents.flatMap(({ document, kind }) => (kind === wanted ? [document] : []));
  const calendars = ofKind('calendar');
  const policies = ofKind('policy');
  return [
    ...sharedNames('calendar', calendars),
    ...sharedNames('policy', policies),
    ...floors(policies, calendars),
  ];
}

function sharedNames(key: 'calendar' | 'policy', documents: readonly YamlDocument[]): readonly Problem[] {
  const first = new Map<string, string>();
  return documents.flatMap((document) => {
    const name = nameOf(document, key);
    if (name === undefined) return [];
    const earlier = first.get(name);
    const message = `has the name of the ${key} at ${earlier}: a configuration that loads both is refused (rename one)`;
    if (earlier !== undefined) return document.toProblems([warningAt([key], message)]);
    const [place] = document.toProblems([errorAt([key], '')]);
    first.set(name, place ? `${place.file}:${place.line}` : document.file);
    return [];
  });
}

function floors(policies: readonly YamlDocument[], calendars: readonly YamlDocument[]): readonly Problem[] {
  const named = calendars.map((document) => ({
    document,
    name: nameOf(document, 'calendar'),
    value: undefined,
    issues: [],
  }));
  return policies.flatMap((document) => {
    const { value } = readPolicy(document.value);
    return value === undefined ? [] : document.toProblems(floorIssues(value, named));
  });
}

function nameOf(document: YamlDocument, key: string): string | undefined {
  const name = at(document.value, [key]);
  return typeof name === 'string' && name !== '' ? name : undefined;
}
